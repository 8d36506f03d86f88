"""Targets over bytes for every reader of what others wrote; `python -m tests.fuzz` runs them."""
