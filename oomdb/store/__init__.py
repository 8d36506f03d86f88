"""The database, whatever holds it, and the only writer of its rows."""
