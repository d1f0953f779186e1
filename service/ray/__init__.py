"""The service on a Ray cluster. Needs the extra `ray`; nothing else of the service knows it."""
