"""What lies between the socket and the routes: middleware, forms, problems, events."""
