"""Who is let in, whose turn it is, and what runs on the device."""
