"""A report to typed rows of the tables."""
