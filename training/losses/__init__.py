"""Losses, one idea a file, in JAX."""
