"""Rows into a table of a PostgreSQL server, by COPY."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from oomdb.store.server.connection import told_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from oomdb.store.server.connection import ServerConnection

#: Rows that are Python's values at a time.
_CHUNK_ROWS = 10_000


def insert(connection: ServerConnection, name: str, table: pa.Table) -> None:
    """Add an Arrow table's rows; columns that it lacks are NULL.

    No text of PostgreSQL holds a zero byte: it becomes the sign that Unicode has for it.
    """
    names = ", ".join(table.column_names)
    with (
        told_of(connection.server),
        connection.session.cursor() as cursor,
        cursor.copy(f"COPY {name} ({names}) FROM STDIN") as copy,
    ):
        for piece in table.to_batches(max_chunksize=_CHUNK_ROWS):
            for row in zip(*(column.to_pylist() for column in piece.columns), strict=True):
                copy.write_row([_storable(value) for value in row])


def _storable(value: object) -> object:
    return value.replace("\0", "\u2400") if isinstance(value, str) else value


@contextmanager
def registered(connection: ServerConnection, name: str, table: pa.Table) -> Iterator[None]:
    """A table of texts that statements can read under a name meanwhile."""
    columns = ", ".join(f'{column} TEXT COLLATE "C"' for column in table.column_names)
    connection.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    insert(connection, name, table)
    connection.execute(f"ANALYZE {name}")
    yield
    # Not in a `finally`: after an error the transaction is gone, and the table with it.
    connection.execute(f"DROP TABLE {name}")
