"""The content of a database as text that depends on nothing but what was read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from oomdb import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.store.content import Reader

#: When and how a source was read says nothing of what it holds.
_LEFT_OUT = frozenset({("sources", "ingested_at"), ("sources", "reading")})


def canonical(reader: Reader) -> Iterator[str]:
    """One JSON array per row, the table's name first, tables and rows in a fixed order.

    Two databases that were filled from the same files, in any order and any number of
    runs, give the same lines.
    """
    for table in tables.TABLES:
        if table not in tables.HISTORY:
            yield from _rows(reader, table, _LEFT_OUT)


def everything(reader: Reader) -> Iterator[str]:
    """The same for every table and every column."""
    for table in tables.TABLES:
        yield from _rows(reader, table, frozenset())


def _rows(
    reader: Reader, table: tables.Table, left_out: frozenset[tuple[str, str]]
) -> Iterator[str]:
    names = [c.name for c in table.columns if (table.name, c.name) not in left_out]
    rows = reader.connection.execute(f"SELECT {', '.join(names)} FROM {table.name}").fetchall()
    yield from sorted(json.dumps([table.name, *row], default=_plain) for row in rows)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    assert isinstance(value, bytes)
    return value.hex()
