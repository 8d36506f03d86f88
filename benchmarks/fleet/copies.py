"""A database of millions of events, made of some that were truly read from logs.

Each copy of the events has other ids, hosts and times, and other numbers: those of one event
grow by one share, with noise in their low bits, so that what hangs together still does and
the copies compress no better than real reports. What the reports say in words stays. The
evidence is left out: a copy's numbers are in no log.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb

from oomdb.store import deriving
from oomdb.store.opening import connect
from oomdb.store.settle import settle
from oomdb.tables import BY_NAME, EVENT_TABLES, EVENTS, SOURCES, Magnitude, Type

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.tables import Column, Table

_COPIED = (SOURCES, EVENTS, *EVENT_TABLES)
#: Names of rows; a copy's are made of the first one's and the number of the copy.
IDS = frozenset(
    {
        "body_key",
        "boot_id",
        "copy_digest",
        "event_id",
        "head_digest",
        "head_uptime_key",
        "head_wall_key",
        "sha256",
        "source_id",
        "victim_key",
    }
)
HOSTS = frozenset({"copy_hostname", "path", "printed_hostname"})
TIMES = frozenset({"copy_occurred_at", "occurred_at"})
SECONDS = frozenset({"moment_s", "occurred_epoch_s"})
_PIDS = frozenset({"chosen_pid", "invoker_pid", "pid", "tgid"})
_SIZES = frozenset(
    {Magnitude.RAM_KB, Magnitude.RAM_PAGES, Magnitude.RAM_BYTES}
    | {
        Magnitude.VIRTUAL_KB,
        Magnitude.VIRTUAL_PAGES,
    }
)
_COUNTS = frozenset({"free_blocks", "pages_scanned", "swap_cache_add", "value"})
#: Sizes that are the machine's and no measure of what happened.
_FIXED = frozenset({"block_kb", "budget_kb", "page_size_kb", "size_bytes", "size_kb"})
#: The copies are spread over a year.
YEAR_S = 365 * 86400


def multiply(base: Path, target: Path, copies: int) -> None:
    """Make `target` out of the events of `base`, its own and `copies` - 1 further times."""
    shutil.copyfile(base, target)
    with duckdb.connect(str(target)) as connection:
        connection.execute("SET checkpoint_threshold = '2GB'")
        connection.execute(f"ATTACH '{base}' AS base (READ_ONLY)")
        for number in range(1, copies):
            shift_s = number * YEAR_S // copies
            connection.begin()
            for table in _COPIED:
                connection.execute(_copy(table, number, shift_s))
            connection.commit()
        connection.execute("DETACH base")
        connection.execute("CHECKPOINT")
    derive(target)


def derive(database: Path) -> None:
    """Derive what follows from all rows: hosts, labels, views that are kept.

    In as many transactions as it has steps, so that memory is let go between them.
    """
    with connect(database) as connection:
        settle(connection)
        deriving.derive(connection)
        connection.execute("CHECKPOINT")


def rows_of(database: Path, table: str) -> int:
    """How many rows a table holds."""
    assert table in BY_NAME
    with duckdb.connect(str(database), read_only=True) as connection:
        counted = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    assert counted is not None
    return int(counted[0])


def _copy(table: Table, number: int, shift_s: int) -> str:
    names = ", ".join(column.name for column in table.columns)
    values = ", ".join(_value(table, column, number, shift_s) for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {values} FROM base.{table.name}"


def _value(table: Table, column: Column, number: int, shift_s: int) -> str:
    """The SQL of a column's value in a copy."""
    name = column.name
    if name in IDS:
        return f"SUBSTR(MD5({name} || ' {number}'), 1, 16)"
    if name in HOSTS:
        return f"{name} || '-{number}'"
    if name in TIMES:
        return f"{name} + INTERVAL {shift_s} SECOND"
    if name in SECONDS:
        return f"{name} + {shift_s}"
    if column.type is Type.BLOB and name == "evidence":
        return "NULL"
    if table is SOURCES or column.type is not Type.INTEGER:
        return name
    if name in _PIDS:
        return f"{name} + {_drawn(number, 20000)}"
    if name not in _FIXED and (column.magnitude in _SIZES or name in _COUNTS):
        noise = f"CAST(HASH(event_id, {name}, {number}) % CAST({name} // 64 + 1 AS UBIGINT)"
        share = f"{name} // 8192 * {_drawn(number, 1024)}"
        return f"CASE WHEN {name} > 0 THEN {name} + {share} + {noise} AS BIGINT) ELSE {name} END"
    return name


def _drawn(number: int, below: int) -> str:
    """The SQL of a number drawn for the event in this copy, from 0 on."""
    return f"CAST(HASH(event_id, {number}) % {below} AS BIGINT)"
