"""The commands of `python -m service`, one module each with `main(argv) -> int`."""
