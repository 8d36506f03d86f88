"""Which copies of a report are of one incident, and the ids that follow."""
