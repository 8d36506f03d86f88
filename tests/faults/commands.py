"""The commands that write a database, and the folder that each starts from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import resources
from oomdb.ingest import ingest
from tests.printed import log, report_6_1, syslog
from tests.tables_alone import tables_alone
from tests.test_opening import NEXT_REVISION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATABASE = "oomdb.duckdb"
#: Where a folder holds the migrations and views of an oomdb that is newer than its database.
NEWER = "newer"
#: More than a spool keeps in memory of one log, which it counts in groups of 200.
_SPOOLED_REPORTS = 1900


@dataclass(frozen=True, slots=True)
class Command:
    """A command that writes; `prepare` fills the empty folder that it is run in.

    `moments` is how many random kills a long run tries; fewer where each takes long. With
    `spools` even one report goes into a temporary file. One that `is_once` refuses a database
    that is there.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]
    moments: int = 200
    spools: bool = False
    is_once: bool = False


def write_logs(folder: Path, numbers: range, *, reports: int = 1) -> None:
    """A log for each number, with so many reports."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        data = [
            syslog(report_6_1(pid=1000 + 3000 * number + one, free_kb=700 + one), f"web{number}")
            for one in range(reports)
        ]
        (folder / f"web{number}.log").write_bytes(log(*data))


def _first(folder: Path) -> None:
    write_logs(folder / "logs", range(3))


def _filled(folder: Path) -> None:
    _first(folder)
    ingest([folder / "logs"], folder / DATABASE, jobs=1)


def _grown(folder: Path) -> None:
    """A database, and of its logs one that grew, one that is new and one that is unchanged."""
    _filled(folder)
    write_logs(folder / "logs", range(3, 4))
    with (folder / "logs" / "web1.log").open("ab") as grown:
        grown.write(log(syslog(report_6_1(pid=9, free_kb=801), "web1", "Jun  5 01:02:03")))


def _older(folder: Path) -> None:
    """A database, and an oomdb with one more revision and one more view."""
    with tables_alone():
        _filled(folder)
    newer = folder / NEWER
    for name in ("migrations", "queries"):
        shutil.copytree(resources.folder(name), newer / name)
    from oomdb.store.migrate import known_revisions

    revision = newer / "migrations" / "versions" / "29990101_9001_weather.py"
    revision.write_text(NEXT_REVISION.format(head=known_revisions()[0]))
    (newer / "queries" / "facts" / "event_kinds.sql").write_text(
        "-- The kind of each event.\n-- event_id: the event\n-- kind: its kind\n"
        "SELECT event_id, kind FROM events\n"
    )


def _labelled(folder: Path) -> None:
    _filled(folder)
    (folder / "labels.csv").write_text("host,role\nweb*,front\n")


def _kept(folder: Path) -> None:
    """A database under another name, of which one is made anew."""
    with tables_alone():
        _filled(folder)
    (folder / DATABASE).rename(folder / "old")


def _budgeted(folder: Path) -> None:
    _filled(folder)
    (folder / "budgets.csv").write_text("comm,kb\njava,1000\n")


def _many(folder: Path) -> None:
    """Logs that are worth several processes."""
    write_logs(folder / "logs", range(3))
    quiet = b"Jun  4 17:19:10 web9 a: b\n" * 60_000
    for name in ("quiet0.log", "quiet1.log", "quiet2.log"):
        (folder / "logs" / name).write_bytes(quiet + name.encode() + b"\n")


def _spooled(folder: Path) -> None:
    """The same with more reports in a log than a worker keeps in memory."""
    _many(folder)
    write_logs(folder / "logs", range(1), reports=_SPOOLED_REPORTS)


COMMANDS = (
    Command("first ingest", ("ingest", "logs", "--jobs", "1"), _first),
    Command("ingest again", ("ingest", "logs", "--jobs", "1"), _grown, spools=True),
    Command("migration", ("events",), _older),
    Command("reparse", ("reparse",), _filled),
    Command("rebuild", ("rebuild", DATABASE, "--db", "old"), _kept, is_once=True),
    Command("labels", ("hosts", "import", "labels.csv"), _labelled),
    Command("budgets", ("budgets", "import", "budgets.csv"), _budgeted),
    Command("workers", ("ingest", "logs", "--jobs", "2"), _many),
    Command("spools", ("ingest", "logs", "--jobs", "2"), _spooled, moments=20),
)
BY_NAME = {command.name: command for command in COMMANDS}
