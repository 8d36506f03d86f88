"""A lake: the tables of the database as Parquet files in a folder or an object store.

A manifest names the files that make up the lake; nothing else in the folder counts. Files
are named by their content and written before the manifest that names them, so a writer that
is killed, repeated or run twice at a time changes nothing that readers see.
"""

from oomdb.lake.reading import signature

__all__ = ["signature"]
