from hypothesis import settings

# A busy machine is no reason for a test to fail: no example is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
