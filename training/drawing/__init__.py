"""Training samples drawn on the device, inside the compiled step: crops, holes, lattices."""
