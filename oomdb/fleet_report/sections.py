"""The sections of a fleet report: each its title, what to read it for, and its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.pages.tables import Cell, Column, Table

if TYPE_CHECKING:
    from datetime import datetime

    from oomdb.fleet_report.facts import Entry, FleetReport, Listing, Subject
    from oomdb.pages.tables import Source, Value

#: The page of an event, relative to the report's; None where there is none.
Link = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Behind:
    """The incidents behind one row of a table: `name` is unique in the page."""

    name: str
    title: str
    entries: Listing[Entry]


@dataclass(frozen=True, slots=True)
class Section:
    """One section; `name` is what findings and links call it."""

    name: str
    short_title: str
    title: str
    lead: str
    table: Table
    behind: tuple[Behind, ...] = ()
    #: What else is shown of it, in words, and where from.
    sources: tuple[tuple[str, Source], ...] = ()


def sections(report: FleetReport, link: Link) -> list[Section]:
    """All that have something to show, in the order of the page."""
    made = [
        _causes(report),
        _subjects(
            report,
            report.victims,
            "victims",
            "Victims",
            "Who was killed",
            "process name",
            "new: never killed before at a known time; back: not in the period before;"
            " worse: 3 kills more, and half as many again; gone: only in the period before"
            + ("." if report.has_past else "; unknown: nothing is known of before the period."),
        ),
        _subjects(
            report,
            report.hosts,
            "hosts",
            "Hosts",
            "Which hosts were hit",
            "host",
            "The change compares OOM reports.",
            by_reports=True,
        ),
        _subjects(
            report,
            report.services,
            "services",
            "Services",
            "Which systemd services lost processes",
            "service",
            "By the victim's cgroup; older kernels do not print it.",
        ),
        _limits(report),
        _budgets(report),
        _kept(report),
        _subjects(
            report,
            report.labels,
            "labels",
            "Labels",
            "By host label",
            "label",
            "The change compares OOM reports; a host counts under each of its labels.",
            by_reports=True,
        ),
        _incidents(report, link),
        _quality(report),
    ]
    return [section for section in made if section.table.rows]


def _text(*labels: str) -> tuple[Column, ...]:
    return tuple(map(Column, labels))


def _numbers(*labels: str) -> tuple[Column, ...]:
    return tuple(Column(label, is_number=True) for label in labels)


#: When something happened last.
_LAST = Column("last (UTC)", is_whole=True)
_TONES = {"new": "warn", "back": "warn", "worse": "bad", "gone": "good"}


def minute(at: datetime) -> str:
    """A time as people read it, in UTC."""
    return f"{at:%Y-%m-%d %H:%M}"


def _behind(section: str, position: int, title: str, entries: Listing[Entry]) -> Behind:
    return Behind(f"behind-{section}-{position + 1}", title, entries)


def _linked(value: int, behind: Behind) -> Value:
    """A number that leads to what it counts, where it counts anything."""
    return Cell(f"{value:,}", href=f"#{behind.name}") if value and behind.entries.rows else value


def _subjects(
    report: FleetReport,
    listing: Listing[Subject],
    name: str,
    short_title: str,
    title: str,
    what: str,
    lead: str,
    *,
    by_reports: bool = False,
) -> Section:
    behinds: list[Behind] = []
    rows: list[tuple[Value, ...]] = []
    for position, subject in enumerate(listing.rows):
        shown = subject.name or "(no name)"
        behind = _behind(name, position, shown, subject.behind)
        behinds.append(behind)
        measures = (
            (subject.reports, subject.reports_before, subject.kills)
            if by_reports
            else (subject.kills, subject.kills_before, subject.reports)
        )
        row: list[Value] = [
            shown,
            Cell(subject.change, tone=_TONES.get(subject.change)),
            _linked(measures[0], behind),
            measures[1],
            measures[2],
            _linked(subject.incidents, behind),
        ]
        if name != "hosts":
            row.append(subject.hosts)
        rows.append((*row, minute(subject.last_at)))
    counted = ("reports", "before", "kills") if by_reports else ("kills", "before", "reports")
    columns = (
        *_text(what, "change"),
        *_numbers(*counted, "incidents"),
        *(_numbers("hosts") if name != "hosts" else ()),
        _LAST,
    )
    table = Table(
        f"table-{name}",
        f"{title}, the most struck first",
        columns,
        tuple(rows),
        listing.source,
        sorted_by=2,
        is_descending=True,
        left_out=listing.left_out,
    )
    sources: tuple[tuple[str, Source], ...] = ()
    if name == "hosts":
        sources = (("reports by host and time", report.heat.source),)
    elif name == "victims":
        sources = tuple(
            (f"the memory of {each.comm}", each.deaths.source) for each in report.histories
        )
        if any(victim.trend for victim in listing.rows):
            sources = (("kills over time", report.trend), *sources)
    return Section(name, short_title, title, lead, table, _with_entries(behinds), sources)


def _with_entries(behinds: Sequence[Behind]) -> tuple[Behind, ...]:
    return tuple(behind for behind in behinds if behind.entries.rows)


#: Causes as people call them; fields as in the view `memory_suspects`.
CAUSE_WORDS = {
    "cgroup_limit": "a cgroup's limit was reached",
    "cgroup_swap_limit": "a cgroup's limit of memory and swap was reached",
    "cgroup_kernel_limit": "a cgroup's limit of kernel memory was reached",
    "numa_node_full": "memory nodes full, others free",
    "lowmem_full": "low zones full, higher ones free",
    "fragmentation": "free memory in pieces too small",
    "free_only_in_cma": "free only in contiguous areas",
    "free_only_in_highatomic": "free only for atomic requests",
    "large_process": "one process held over half",
    "large_program": "processes of one name held over half",
    "many_processes": "many processes together",
    "shmem": "shared memory and tmpfs",
    "unreclaimable_slab": "kernel objects (slab)",
    "unevictable": "locked memory",
    "hugetlb": "pools of huge pages",
    "balloon": "the hypervisor's balloon",
    "gpu": "graphics drivers",
    "unaccounted": "memory in no counter",
    "page_tables": "page tables",
    "kernel_stacks": "kernel stacks",
    "anon_outside_processes": "memory in no listed process",
    "swap_full": "swap full",
    "reserve_blocked": "free memory kept as reserve",
    "unknown": "nothing in its reports explains it",
}


def _causes(report: FleetReport) -> Section:
    behinds, rows = [], []
    for position, cause in enumerate(report.causes.rows):
        behind = _behind("causes", position, cause.cause, cause.behind)
        behinds.append(behind)
        rows.append(
            (
                Cell(cause.cause, swatch=cause_colour(report, cause.cause)),
                CAUSE_WORDS.get(cause.cause, ""),
                _linked(cause.incidents, behind),
                cause.incidents_before,
                cause.kills,
            )
        )
    listing = report.causes
    table = Table(
        "table-causes",
        "What explains the incidents",
        (*_text("cause", "what it is"), *_numbers("incidents", "before", "kills")),
        tuple(rows),
        listing.source,
        sorted_by=2,
        is_descending=True,
        left_out=listing.left_out,
    )
    lead = "The first suspect of each incident's earliest report that has one."
    sources = (("incidents over time", report.causes_over_time),)
    return Section(
        "causes", "Causes", "Why, and when", lead, table, _with_entries(behinds), sources
    )


#: Colours of causes in a figure, the most frequent cause first; all others share the last.
CAUSE_COLOURS = ("bar", "victim", "slab", "shmem", "spare")
OTHER_COLOUR = "rest"


def cause_colour(report: FleetReport, cause: str) -> str:
    """The colour of a cause: its own for the most frequent ones."""
    shown = [row.cause for row in report.causes.rows if row.incidents and row.cause != "unknown"]
    named = dict(zip(shown, CAUSE_COLOURS, strict=False))
    return named.get(cause, OTHER_COLOUR)


def _limits(report: FleetReport) -> Section:
    behinds, rows = [], []
    for position, limit in enumerate(report.limits.rows):
        behind = _behind("limits", position, limit.key, limit.behind)
        behinds.append(behind)
        rows.append(
            (
                limit.key,
                limit.subject_kind.replace("_", " "),
                _linked(limit.hits, behind),
                limit.hits_before,
                limit.kills,
                limit.hosts,
                limit.cgroups,
                limit.lowest_limit_kb,
                limit.highest_limit_kb,
                minute(limit.last_at),
            )
        )
    table = Table(
        "table-limits",
        "Limits that were hit more than once in the period",
        (
            *_text("whose limit", "kind"),
            *_numbers("hits", "before", "kills", "hosts", "cgroups", "lowest kB", "highest kB"),
            _LAST,
        ),
        tuple(rows),
        report.limits.source,
        sorted_by=2,
        is_descending=True,
        left_out=report.limits.left_out,
    )
    lead = (
        "A limit that is hit again and again is too low, or hides a leak. Pods and containers"
        " are told by their class, limit and victim: their names are in no kernel log."
    )
    return Section(
        "limits", "Limits", "Cgroup limits hit again and again", lead, table, _with_entries(behinds)
    )


def _budgets(report: FleetReport) -> Section:
    behinds, rows = [], []
    for position, over in enumerate(report.over_budget.rows):
        behind = _behind("budgets", position, over.comm or "(no name)", over.behind)
        behinds.append(behind)
        rows.append(
            (
                over.comm or "(no name)",
                over.note,
                over.budget_kb,
                over.most_held_kb,
                _linked(over.reports, behind),
                over.hosts,
                over.killed,
                minute(over.last_at),
            )
        )
    table = Table(
        "table-budgets",
        "Processes that held more than their budget allows",
        (
            *_text("process name", "budget's note"),
            *_numbers("budget kB", "held at most kB", "reports", "hosts", "killed"),
            _LAST,
        ),
        tuple(rows),
        report.over_budget.source,
        sorted_by=4,
        is_descending=True,
        left_out=report.over_budget.left_out,
    )
    lead = "Where fewer were killed than reported, others died in their place."
    return Section("budgets", "Budgets", "Over budget", lead, table, _with_entries(behinds))


def _kept(report: FleetReport) -> Section:
    behinds, rows = [], []
    for position, host in enumerate(report.kept_memory.rows):
        name = host.host or "(unknown)"
        behind = _behind("kept", position, name, host.behind)
        behinds.append(behind)
        rows.append(
            (
                name,
                _linked(host.reserve_blocked, behind),
                host.most_reserve_kb,
                _linked(host.fragmented, behind),
                host.allocation_failures,
                minute(host.last_at),
            )
        )
    table = Table(
        "table-kept",
        "Hosts whose reports show free memory that did not serve",
        (
            *_text("host"),
            *_numbers("kept by reserve", "at most kB", "fragmented", "failures"),
            _LAST,
        ),
        tuple(rows),
        report.kept_memory.source,
        left_out=report.kept_memory.left_out,
    )
    lead = (
        "Reports with memory that was free but kept by lowmem_reserve, or free in pieces too"
        " small for the request; failures are requests that failed without a kill."
    )
    return Section(
        "kept", "Free but unusable", "Free memory that did not serve", lead, table,
        _with_entries(behinds),
    )  # fmt: skip


def _incidents(report: FleetReport, link: Link) -> Section:
    rows = tuple(
        (
            Cell(incident.incident_id, href=link(incident.incident_id)),
            minute(incident.first_at),
            incident.host,
            incident.victim,
            incident.cause,
            incident.kills,
            incident.reports,
        )
        for incident in report.incidents.rows
    )
    table = Table(
        "table-incidents",
        "The incidents, those with most kills first",
        (
            *_text("incident"),
            Column("first (UTC)", is_whole=True),
            *_text("host", "main victim", "cause"),
            *_numbers("kills", "reports"),
        ),
        rows,
        report.incidents.source,
        sorted_by=5,
        is_descending=True,
        left_out=report.incidents.left_out,
    )
    lead = "The name is that of the incident's first report: oomdb explain NAME tells its story."
    return Section("incidents", "Incidents", "The incidents", lead, table)


def _quality(report: FleetReport) -> Section:
    rows = tuple((item.name, item.value, item.meaning) for item in report.quality)
    table = Table(
        "table-quality",
        "What to know of the data",
        (*_text("what"), *_numbers("how many"), *_text("what it means")),
        rows,
        report.quality[0].source,
    )
    others = tuple((item.name, item.source) for item in report.quality[1:])
    lead = "The SQL of the first line is below the table, then that of the others."
    return Section("quality", "Data", "How good the data are", lead, table, (), others)
