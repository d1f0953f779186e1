"""Photos that are filled while nobody waits: jobs, and the bounded place for their results."""
