"""A fleet report and the pages of its incidents as a folder that any server can hold.

A reader never meets a half-written site: pages of events come first, then the lists, then
`index.html`, each under its name only when it is whole; what is no longer part of the site is
removed last. Pages that would not change are not touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import publishing, reading
from oomdb.errors import OomdbError, UsageError
from oomdb.fleet_report import html, statements
from oomdb.fleet_report.event_pages import KEYS, Key, keys_text, put, read_keys, write_pages
from oomdb.fleet_report.sections import minute
from oomdb.pages import shell
from oomdb.pages.tables import Cell, Column, Source, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from oomdb.fleet_report.facts import FleetReport
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place

INDEX = "index.html"
EVENTS = "events"
#: Incidents of one list.
_LIST_ROWS = 1000
_OURS = re.compile(r"[0-9a-f]{16}\.html|incidents(-\d+)?\.html")
_GENERATOR = b'<meta name="generator" content="oomdb '


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a site: its pages of events, and how many files were written or removed."""

    pages: int
    written: int
    removed: int


def write_site(
    connection: Connection,
    report: FleetReport,
    database: Place,
    folder: Path,
    jobs: int,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write the site of `report`, which was read from `database` by `connection`.

    `progress` is told the pages made so far and all. UsageError where `folder` holds what is
    no such site; OomdbError where it cannot be written, where the database is replaced
    meanwhile, or where what draws pages is not installed.
    """
    _refuse_others(folder)
    scope = statements.Scope(report.period, report.hosts_asked)
    listed = reading.records(connection, statements.incidents(scope))
    failed = reading.records(connection, statements.failures(scope))
    ids = [row["incident_id"] for row in listed] + [row["event_id"] for row in failed]
    known = frozenset(ids)
    try:
        (folder / EVENTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OomdbError(f"cannot write {folder}: {error.strerror or error}") from error
    keys: dict[str, Key] = {}
    written = 0
    known_keys = read_keys(folder / KEYS)
    shares = write_pages(
        connection, database, folder / EVENTS, ids, known_keys, f"../{INDEX}", jobs
    )
    for made, changed in shares:
        keys |= made
        written += changed
        if progress is not None:
            progress(len(keys), len(ids))
    put(folder / KEYS, keys_text(keys).encode())
    lists = dict(_lists(listed, Source("incidents", statements.incidents(scope))))
    for name, page in lists.items():
        written += put(folder / name, _bytes(page))

    def link(event_id: str) -> str | None:
        return f"{EVENTS}/{event_id}.html" if event_id in known else None

    page = html.written(report, link, everything=next(iter(lists), None))
    written += put(folder / INDEX, _bytes(page))
    kept = {f"{event_id}.html" for event_id in known}
    removed = sum(_without_others(folder / EVENTS, kept))
    removed += sum(_without_others(folder, {*lists, INDEX}))
    return Written(len(ids), written, removed)


def _bytes(page: str) -> bytes:
    return page.encode("utf-8", "backslashreplace")


def _refuse_others(folder: Path) -> None:
    """UsageError where the folder holds files but no site that oomdb wrote."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"--site {folder} is no folder")
    events = folder / EVENTS
    if events.is_symlink() or (events.exists() and not events.is_dir()):
        raise UsageError(f"--site {folder}: its {EVENTS} is no folder of its own")
    if (folder / INDEX).exists():
        if not _is_marked(folder / INDEX):
            raise UsageError(f"--site {folder}: its {INDEX} was not made by oomdb")
        return
    entries = [*folder.iterdir(), *(events.iterdir() if events.exists() else ())]
    other = next((entry for entry in sorted(entries) if not _may_be_left(entry, folder)), None)
    if other is not None:
        name = other.relative_to(folder)
        raise UsageError(
            f"--site {folder} holds other files, such as {name}; give a folder of its own"
        )


def _may_be_left(entry: Path, folder: Path) -> bool:
    """Whether a first run that was interrupted before its index can have left it."""
    if entry == folder / EVENTS:
        return True
    if entry == folder / KEYS:
        return bool(read_keys(entry)) or entry.read_bytes().strip() == b"{}"
    return _is_partial(entry) or (bool(_OURS.fullmatch(entry.name)) and _is_marked(entry))


def _is_partial(entry: Path) -> bool:
    """Whether an interrupted writing of one of the site's files is called so."""
    name = publishing.name_of_partial(entry.name)
    return name is not None and (name in (INDEX, KEYS) or bool(_OURS.fullmatch(name)))


def _is_marked(path: Path) -> bool:
    """Whether it is a file, no link, that says that oomdb made it."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return _GENERATOR in file.read(4096)


def _without_others(folder: Path, kept: set[str]) -> Iterator[int]:
    """Remove pages of ours that are not `kept`, and what an interrupted writing left."""
    for entry in sorted(folder.iterdir()):
        if entry.name in kept or entry.is_symlink() or not entry.is_file():
            continue
        if _is_partial(entry) or (_OURS.fullmatch(entry.name) and _is_marked(entry)):
            entry.unlink(missing_ok=True)
            yield 1


def _lists(rows: Sequence[reading.Record], source: Source) -> Iterator[tuple[str, str]]:
    """The list of all incidents, in as many pages as it needs, by their names."""
    starts = range(0, len(rows), _LIST_ROWS)
    names = [f"incidents{f'-{number}' if number > 1 else ''}.html" for number in
             range(1, len(starts) + 1)]  # fmt: skip
    for number, start in enumerate(starts):
        shown = rows[start : start + _LIST_ROWS]
        table = Table(
            "table-incidents",
            f"Incidents {start + 1:,} to {start + len(shown):,} of {len(rows):,}, those with most"
            " kills first",
            (
                Column("incident"),
                Column("first (UTC)", is_whole=True),
                *map(Column, ("host", "main victim", "cause")),
                *(Column(label, is_number=True) for label in ("kills", "reports")),
            ),
            tuple(
                (
                    Cell(row["incident_id"], href=f"{EVENTS}/{row['incident_id']}.html"),
                    minute(row["first_at"]),
                    row["host"],
                    row["victim"],
                    row["cause"],
                    row["kills"],
                    row["reports"],
                )
                for row in shown
            ),
            source,
            sorted_by=5,
            is_descending=True,
        )
        yield (
            names[number],
            shell.render("incidents.html", table=table, index=INDEX, pages=names, number=number),
        )
