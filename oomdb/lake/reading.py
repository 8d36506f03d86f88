"""Reading a lake with DuckDB: its tables and the saved views in a database in memory.

DuckDB gets the rows from Arrow and opens no file itself. So SQL that a stranger wrote, with
the file systems of DuckDB switched off, reaches the lake's rows and nothing else.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.errors import NewerDatabaseError, OomdbError
from oomdb.lake.commits import newest
from oomdb.lake.files import files_of
from oomdb.lake.manifest import Manifest
from oomdb.store import functions
from oomdb.store.content import reading
from oomdb.views import load_views

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from oomdb.lake.files import Files
    from oomdb.store.content import Reader
    from oomdb.store.places import Lake, Place


@contextmanager
def opened_to_read(lake: Lake, place: Place) -> Iterator[Reader]:
    """The lake as it is now, which was named so; OomdbError when this oomdb cannot read it."""
    with reading(connection_to(lake), place) as reader:
        yield reader


def connection_to(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A connection that has every table and saved view of a lake as it is now.

    OomdbError when there is no lake, or one that this oomdb cannot read.
    """
    import duckdb

    files = files_of(lake)
    manifest = current(files, lake)
    if manifest is None:
        raise no_lake(lake)
    connection = duckdb.connect()
    try:
        _make_views(connection)
        attach(connection, files, manifest)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the saved views, whose tables are not there yet.

    They are made over empty tables, and what they read of each other is an empty table too
    while they are made: else each would ask all below it for their columns again.
    """
    from oomdb.rows.columns import schema

    connection.begin()
    for table in tables.TABLES:
        connection.register("no_rows", schema(table.name).empty_table())
        connection.execute(f"CREATE TABLE {table.name} AS FROM no_rows")
    connection.unregister("no_rows")
    connection.execute(functions.DUCKDB)
    for view in load_views():
        connection.execute(f"CREATE TABLE {view.name} AS FROM ({view.sql}) WITH NO DATA")
    for view in reversed(load_views()):
        connection.execute(f"DROP TABLE {view.name}")
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    for table in tables.TABLES:
        connection.execute(f"DROP TABLE {table.name}")
    connection.commit()


def no_lake(lake: Lake) -> OomdbError:
    """The error where a lake should be and is none."""
    return OomdbError(f"no lake at {lake}; fill one with `oomdb ingest --lake {lake} LOGS`")


def current(files: Files, lake: Lake) -> Manifest | None:
    """The manifest of a lake whose tables are as this oomdb has them; None without a lake."""
    from oomdb.store.migrate import known_revisions

    manifest = Manifest.load(files, str(lake))
    if manifest is None:
        return None
    if manifest.schema == known_revisions()[0]:
        manifest.check_tables(str(lake))
        return manifest
    if manifest.schema not in known_revisions():
        raise NewerDatabaseError(
            f"{lake} was written by a newer oomdb (schema {manifest.schema}); upgrade oomdb"
        )
    raise OomdbError(f"{lake} is of an older oomdb (schema {manifest.schema}); ingest it anew")


def attach(
    connection: duckdb.DuckDBPyConnection,
    files: Files,
    manifest: Manifest,
    prefix: str = "",
) -> None:
    """Make every table of a lake readable, under its name after a prefix."""
    from oomdb.rows.columns import schema

    # What a join knows of its keys, DuckDB 1.5 hands to Arrow also in forms that are not
    # implemented there; whether a question fails so depends on the number of rows.
    connection.execute("SET disabled_optimizers = 'join_filter_pushdown'")
    for table in tables.TABLES:
        names = manifest.of(table.name)
        wanted = schema(table.name)
        rows = files.dataset(names, wanted) if names else wanted.empty_table()
        # Not registered: a cursor of the connection would not see that.
        connection.from_arrow(rows).create_view(f"{prefix}{table.name}")


def signature(lake: Lake) -> str | None:
    """What changes whenever the lake is written; None when there is none."""
    content = newest(files_of(lake))
    return hashlib.sha256(content).hexdigest() if content is not None else None
