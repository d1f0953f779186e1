"""From image files to arrays and back, masks included."""
