"""Photos on disk, one or thousands: which are filled into which files, by whom, and how it went."""
