"""The training loop: NumPy, JAX and Keras alone, so that it runs where little is installed."""
