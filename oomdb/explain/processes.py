"""The largest processes of the report's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from oomdb.explain.citations import Citations
    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection

LARGEST = 10


@dataclass(frozen=True, slots=True)
class Process:
    """One process in kB; fields as in the view `process_memory`."""

    pid: int | None
    comm: str | None
    rss_kb: int | None
    swap_kb: int | None
    page_tables_kb: int | None
    oom_score_adj: int | None
    is_victim: bool


@dataclass(frozen=True, slots=True)
class Processes:
    """The ten largest by resident memory, and the count and sum of all."""

    count: int
    rss_kb: int | None
    rss_pages: int | None
    largest: tuple[Process, ...]


def read(connection: Connection, event: Event) -> Processes:
    """The processes that the report listed."""
    largest = reading.typed(
        connection,
        "process_memory",
        Process,
        event.event_id,
        f"rss_kb DESC NULLS LAST, row_no LIMIT {LARGEST}",
    )
    sql = "SELECT COUNT(*) AS count, SUM(rss_pages) AS rss_pages FROM processes WHERE event_id = ?"
    (total,) = reading.records(connection, sql, [event.event_id])
    sql = "SELECT SUM(rss_kb) AS rss_kb FROM process_memory WHERE event_id = ?"
    (memory,) = reading.records(connection, sql, [event.event_id])
    return Processes(total["count"], memory["rss_kb"], total["rss_pages"], largest)


def tell(page: Page, processes: Processes, event: Event, cited: Citations) -> None:
    """A table of the largest, and what all of them hold together."""
    page.heading("The largest processes" if processes.count > LARGEST else "The processes")
    if not processes.count:
        page.say("Unknown: the report has no process table.")
        return
    if processes.rss_pages is not None and event.page_size_kb is not None:
        page.say(
            f"{words.plural(processes.count, 'process', 'processes')}, resident together"
            f" {processes.rss_pages:,} pages x {words.kb(event.page_size_kb)} ="
            f" {words.kb_and_gib(int(processes.rss_kb or 0))}. Resident (rss) is what a process"
            " holds in RAM; memory that processes share is counted for each of them."
            + cited.of("task")
        )
    header = ("pid", "rss kB", "swap kB", "page tables kB", "oom_score_adj", "name")
    rows = [*map(_row, processes.largest)]
    page.table(rows, ">>>>><", header=header, view="process_memory")


def _row(process: Process) -> tuple[str, ...]:
    numbers = (process.rss_kb, process.swap_kb, process.page_tables_kb)
    return (
        "?" if process.pid is None else str(process.pid),
        *("?" if value is None else words.number(value) for value in numbers),
        "?" if process.oom_score_adj is None else str(process.oom_score_adj),
        (process.comm or "(no name)") + (" (killed)" if process.is_victim else ""),
    )
