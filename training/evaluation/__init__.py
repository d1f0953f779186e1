"""Measuring a model, and classical methods beside it, by a fixed protocol."""
