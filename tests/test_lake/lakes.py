"""Logs of a small fleet, and what databases and lakes hold of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import databases
from oomdb.ingest import Options, Summary, ingest
from oomdb.store.dump import canonical
from oomdb.store.places import Lake, lake_named
from tests.printed import dmesg, log, report_6_1, syslog
from tests.tables_alone import tables_alone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Read as if a collector had kept a folder for each machine.
OPTIONS = Options()


def write_fleet(folder: Path, hosts: int = 4, days: int = 3) -> list[Path]:
    """Logs of several hosts over several days, some of their reports in two logs."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(hosts):
        name = f"web{number}.example.com"
        parts = [
            syslog(report_6_1(pid=1000 + 10 * number + day), name, f"2026-06-0{day + 1}T17:19:10Z")
            for day in range(days)
        ]
        found.append(folder / f"{name}.log")
        found[-1].write_bytes(log(*parts))
        if number % 2 == 0:
            found.append(folder / f"{name}.copy.log")
            found[-1].write_bytes(log(parts[-1]))
    return found


def undated(folder: Path, name: str, pid: int) -> Path:
    """A log that prints seconds since boot alone."""
    path = folder / name
    path.write_bytes(log(dmesg(report_6_1(pid=pid))))
    return path


def lake_in(folder: Path) -> Lake:
    """The lake of a test."""
    return lake_named(folder / "lake")


def rows_of(place: Path | Lake) -> list[str]:
    """Everything that a database or lake holds, but for its history."""
    with databases.open_for_reading(place) as reader:
        return list(canonical(reader))


def in_one_database(folder: Path, logs: Sequence[Path]) -> list[str]:
    """What one ingest of all logs comes to in a database."""
    database = folder / "expected.duckdb"
    database.unlink(missing_ok=True)
    with tables_alone():
        ingest(logs, database, OPTIONS, jobs=1)
    return rows_of(database)


def read(logs: Sequence[Path], lake: Lake) -> Summary:
    """Ingest logs into a lake."""
    return ingest(logs, lake, OPTIONS, jobs=1)
