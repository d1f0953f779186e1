"""Pretrained networks whose features losses and figures look at, in JAX."""
