"""The model card: written from a run's records and an evaluation, never by hand."""
