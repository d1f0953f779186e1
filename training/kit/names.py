"""Names of a borrowed machine's results, beside weights and discriminator."""

LOG = "history.jsonl"
"""Figures, one line an epoch, as in a run's folder."""
RECORD = "record.json"
"""The training record; written last, so all is whole where it is."""
