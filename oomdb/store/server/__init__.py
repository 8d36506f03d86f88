"""A database on a PostgreSQL server: the same tables and views, for many writers at once."""
