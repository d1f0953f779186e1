"""Training on a borrowed machine: what is packed here, run there, and brought back."""
