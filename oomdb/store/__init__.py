"""The database file and the only writer of its rows."""

from oomdb.store.database import Reader, Store, database_path

__all__ = ["Reader", "Store", "database_path"]
