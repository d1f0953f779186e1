"""The prefix of the environment variables, on its own so that it costs no import."""

PREFIX = "INPAINT_"
