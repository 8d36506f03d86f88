"""The logs of `samples/`: each read alone into a database of its own, once for all tests."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import databases, tables
from oomdb.ingest import ingest
from oomdb.store.custody import Act
from tests.corpus.found import events_of
from tests.tables_alone import tables_alone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.corpus.found import Event, Row

ROOT = Path(__file__).parent.parent / "samples"
#: Columns that name rows by a digest of what the others hold.
_DERIVED = frozenset({"event_id", "copy_digest", "host_id"})


def logs() -> list[Path]:
    """Every sample, in the order of the names."""
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and path.suffix != ".md")


def name(log: Path) -> str:
    """A sample's path below `samples/`."""
    return log.relative_to(ROOT).as_posix()


@cache
def events(log: Path) -> tuple[Event, ...]:
    """What a database that was fed with one sample alone holds, in printed order.

    The sample is read as a copy that was last changed in 1970, so that no year is taken
    from the time of a checkout.
    """
    with tables_alone(), tempfile.TemporaryDirectory(prefix="oomdb-samples-") as folder:
        copy, database = Path(folder, log.name), Path(folder, "one.duckdb")
        shutil.copyfile(log, copy)
        os.utime(copy, (0, 0))
        shutil.copyfile(_empty_database(), database)
        summary = ingest([copy], database)
        assert summary.set_aside == []
        with databases.open_for_reading(database) as reader:
            return tuple(events_of(reader.connection))


@cache
def _empty_database() -> Path:
    """A database without a source, so that the tables are made only once."""
    database = Path(_folder().name, "empty.duckdb")
    with databases.open_for_ingest(database, Act("ingest")):
        pass
    return database


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="oomdb-samples-")


def as_text(found: Sequence[Event]) -> str:
    """Events as text that is read and compared line by line.

    Of the event every column that is not NULL, of the other tables one line a row under the
    names of the columns that are not NULL in all rows; `-` stands for NULL.
    """
    lines: list[str] = []
    for number, event in enumerate(found, 1):
        lines.append(f"event {number} of {len(found)}: lines {event.first_line}-{event.last_line}")
        for column in tables.EVENTS.columns:
            value = event.row[column.name]
            if column.name not in _DERIVED and value is not None:
                shown = f"{value:#x}" if column.name == "gfp_mask" else _cell(value)
                lines.append(f"  {column.name}: {shown}")
        for table in tables.EVENT_TABLES:
            if table.name != "sightings":
                lines += _rows_as_text(table, event.rows(table.name))
        lines.append("")
    return "\n".join(lines)


def _rows_as_text(table: tables.Table, rows: Sequence[Row]) -> list[str]:
    names = [
        column.name
        for column in table.columns
        if column.name not in _DERIVED and any(row[column.name] is not None for row in rows)
    ]
    lines = [f"  {table.name}: {len(rows)}"]
    if rows:
        lines.append(f"    {' '.join(names)}")
    return lines + [f"    {' '.join(_cell(row[name]) for name in names)}" for row in rows]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return f"x{value.hex()}"
    if isinstance(value, str) and (value in ("", "-", "yes", "no") or set(value) & set(' "\\')):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
