"""A fleet report and the pages of its incidents as a folder that any server can hold.

A reader never meets a half-written site: pages of events come first, then the lists, then
`index.html`, each under its name only when it is whole; what is no longer part of the site is
removed last. Pages that would not change are not touched.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from oomdb import explain, reading
from oomdb.errors import OomdbError, UsageError
from oomdb.fleet_report import html, statements
from oomdb.fleet_report.sections import minute
from oomdb.output import writer
from oomdb.pages import shell
from oomdb.pages.tables import Cell, Column, Source, Table
from oomdb.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import duckdb

    from oomdb.fleet_report.facts import FleetReport

INDEX = "index.html"
EVENTS = "events"
#: Incidents of one list.
_LIST_ROWS = 1000
#: Pages that a process is given at once; fewer are made without further processes.
_SHARE = 16
_OURS = re.compile(r"[0-9a-f]{16}\.html|incidents(-\d+)?\.html")
_GENERATOR = b'<meta name="generator" content="oomdb '


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a site: its pages of events, and how many files were written or removed."""

    pages: int
    written: int
    removed: int


def write_site(
    connection: duckdb.DuckDBPyConnection,
    report: FleetReport,
    database: Path,
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
    written = sum(_write_pages(database, folder / EVENTS, ids, jobs, progress))
    lists = dict(_lists(listed, Source("incidents", statements.incidents(scope))))
    for name, page in lists.items():
        written += _put(folder / name, page)

    def link(event_id: str) -> str | None:
        return f"{EVENTS}/{event_id}.html" if event_id in known else None

    written += _put(folder / INDEX, html.written(report, link, everything=next(iter(lists), None)))
    kept = {f"{event_id}.html" for event_id in known}
    removed = sum(_without_others(folder / EVENTS, kept))
    removed += sum(_without_others(folder, {*lists, INDEX}))
    return Written(len(ids), written, removed)


def _refuse_others(folder: Path) -> None:
    """UsageError where the folder holds files but no site that oomdb wrote."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"--site {folder} is no folder")
    index = folder / INDEX
    if index.exists():
        with index.open("rb") as file:
            if _GENERATOR not in file.read(4096):
                raise UsageError(f"--site {folder}: its {INDEX} was not made by oomdb")
    elif any(
        entry.name != EVENTS and not _OURS.fullmatch(entry.name) for entry in folder.iterdir()
    ):
        raise UsageError(f"--site {folder} holds other files; give a folder of its own")


def _put(path: Path, page: str) -> bool:
    """Write the page unless the file holds it already; whether it was written."""
    content = page.encode("utf-8", "backslashreplace")
    try:
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    except OSError:
        pass
    with writer.replacing(path) as file:
        file.write(content)
    return True


def _without_others(folder: Path, kept: set[str]) -> Iterator[int]:
    """Remove pages of ours that are not `kept`, and what an interrupted writing left."""
    for entry in sorted(folder.iterdir()):
        name = entry.name.removesuffix(".part")
        if _OURS.fullmatch(name) and entry.name not in kept and entry.is_file():
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


def _write_pages(
    database: Path,
    folder: Path,
    ids: Sequence[str],
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> Iterator[int]:
    """How many pages of events each share wrote; the work is shared out among processes."""
    shares = [(folder, ids[at : at + _SHARE]) for at in range(0, len(ids), _SHARE)]
    identity = _identity(database)
    done = 0
    with ExitStack() as stack:
        if jobs <= 1 or len(shares) <= 1:
            _begin(database, identity)
            stack.callback(_end)
            results: Iterator[int] = map(_write_share, shares)
        else:
            methods = multiprocessing.get_all_start_methods()
            method = "forkserver" if "forkserver" in methods else "spawn"
            pool = ProcessPoolExecutor(
                min(jobs, len(shares)),
                mp_context=multiprocessing.get_context(method),
                initializer=_begin_worker,
                initargs=(database, identity),
            )
            stack.callback(pool.shutdown, cancel_futures=True)
            results = pool.map(_write_share, shares)
        try:
            for (_, share), written in zip(shares, results, strict=True):
                done += len(share)
                if progress is not None:
                    progress(done, len(ids))
                yield written
        except BrokenProcessPool:
            raise OomdbError(
                "a process that made pages ended unexpectedly (was it killed for its memory?);"
                " --jobs 1 makes them with one process"
            ) from None


def _identity(database: Path) -> tuple[int, int, int]:
    """Stands for the file as it was published."""
    status = database.stat()
    return (status.st_dev, status.st_ino, status.st_mtime_ns)


_opened = ExitStack()
_connection: duckdb.DuckDBPyConnection | None = None
_replaced = False


def _begin(database: Path, identity: tuple[int, int, int]) -> None:
    """Open the database, which must be the one that the report was read from."""
    global _connection, _replaced
    _connection = _opened.enter_context(Store.open_for_reading(database)).connection
    _replaced = _identity(database) != identity


def _end() -> None:
    global _connection
    _connection = None
    _opened.close()


def _begin_worker(database: Path, identity: tuple[int, int, int]) -> None:
    """Make this process a worker: Ctrl-C is its parent's, whose end is its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _begin(database, identity)
    assert _connection is not None
    # The processes share the processors already.
    _connection.execute("SET threads = 1")


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _write_share(share: tuple[Path, Sequence[str]]) -> int:
    """Write the pages of some events; how many were new or changed."""
    assert _connection is not None
    if _replaced:
        raise OomdbError("the database was replaced while its pages were written; run it again")
    folder, ids = share
    written = 0
    for event_id in ids:
        story = explain.explain(_connection, event_id)
        page = explain.as_html(_connection, story, up=f"../{INDEX}")
        written += _put(folder / f"{event_id}.html", page)
    return written
