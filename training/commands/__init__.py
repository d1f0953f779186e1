"""The sub-commands of `python -m training`."""
