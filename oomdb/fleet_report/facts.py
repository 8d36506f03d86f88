"""What a fleet report tells, as plain data: every number with the SQL that gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from oomdb.fleet_report.period import Period
    from oomdb.pages.tables import Source

Row = TypeVar("Row")
#: `bad` and `warn` are findings: something to look at. `note` is to be known.
Severity = Literal["bad", "warn", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line that is worth attention, as a sentence without a full stop.

    `value` is the number that it is about: the first value that `sql` gives, from the view
    `view`. `step` is what to do, `section` the part of the report that has more of it;
    `event_id` the newest incident behind it, by its first report. `kind` names what was
    found, such as `new_victim`.
    """

    severity: Severity
    kind: str
    text: str
    value: int
    view: str
    sql: str
    section: str
    step: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """One number of the period beside that of the period before: the columns that SQL gives."""

    name: str
    now: int
    before: int
    source: Source


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """The first rows of what `source` gives, in its order; `total` is how many it has."""

    rows: tuple[Row, ...]
    total: int
    source: Source

    @property
    def left_out(self) -> int:
        """Rows that only the source's answer has."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Entry:
    """An incident behind a number, named by its first report, or a failed allocation.

    `at` and `kills` are those of the period, of what the number is about.
    """

    event_id: str
    at: datetime
    host: str | None
    kills: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What was struck: a process name, a service, a host, or all hosts of a label.

    `change` is new (never before at a known time; unknown where the database has nothing from
    before the period), back (not in the period before, but earlier), worse (3 more, and half as
    many again), more, same, fewer, or gone (only in the period before). It compares kills, of
    hosts and labels reports. `unhosted` are the reports of unknown hosts, which are not among
    `hosts`. `key` is what the SQL knows it by.
    `behind` are the incidents of the period, the newest first; `trend` counts kills by slot from
    the period before on, for the first ones of a listing.
    """

    key: str
    name: str
    change: str
    kills: int
    kills_before: int
    reports: int
    reports_before: int
    incidents: int
    hosts: int
    unhosted: int
    first_at: datetime
    last_at: datetime
    behind: Listing[Entry]
    trend: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident with a report in the period; kills and reports are those of the period."""

    incident_id: str
    first_at: datetime
    host: str | None
    reports: int
    kills: int
    victim: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What explains incidents: a suspect of `memory_suspects`, ranked first; or unknown.

    `by_slot` counts the incidents by the hour or day in which they first reported.
    """

    cause: str
    incidents: int
    incidents_before: int
    kills: int
    by_slot: tuple[int, ...]
    behind: Listing[Entry]


@dataclass(frozen=True, slots=True)
class HostSlots:
    """OOM reports of one host in each hour or day of the period."""

    host: str
    reports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeptMemory:
    """A host on which free memory did not serve: kept as reserve, or in pieces too small."""

    key: str
    host: str | None
    reserve_blocked: int
    fragmented: int
    allocation_failures: int
    most_reserve_kb: int | None
    last_at: datetime
    behind: Listing[Entry]


@dataclass(frozen=True, slots=True)
class Limit:
    """A cgroup's limit that was hit more than once; `key` names it in words that stay the same.

    Pods and containers are told by their class, limit and victim: their ids change. `unhosted`
    are the hits on unknown hosts, which are not among `hosts`.
    """

    key: str
    subject_kind: str
    hits: int
    hits_before: int
    kills: int
    hosts: int
    unhosted: int
    cgroups: int
    lowest_limit_kb: int | None
    highest_limit_kb: int | None
    last_at: datetime
    behind: Listing[Entry]


@dataclass(frozen=True, slots=True)
class OverBudget:
    """Processes of one name above one budget; `killed` of them died, others in place of the rest.

    `reports` are those in which one was above it.
    """

    key: str
    note: str | None
    comm: str | None
    budget_kb: int
    most_held_kb: int
    reports: int
    hosts: int
    killed: int
    last_at: datetime
    behind: Listing[Entry]


@dataclass(frozen=True, slots=True)
class Quality:
    """One thing to know about the data: how often, and what it means for the report."""

    name: str
    value: int
    meaning: str
    source: Source


@dataclass(frozen=True, slots=True)
class Death:
    """One kill of a recurrent victim, with the memory it held."""

    occurred_at: datetime
    host: str | None
    rss_kb: int


@dataclass(frozen=True, slots=True)
class History:
    """The kills of a recurrent victim from the period before on, in the order of time."""

    comm: str
    deaths: Listing[Death]


@dataclass(frozen=True, slots=True)
class FleetReport:
    """What the OOM killer did to a fleet in a period, beside the period before.

    `hosts_asked` are patterns of host names, empty for all. `newest_at` is the newest event
    of the database, `ingested_at` when a log was last read, None where there is none.
    `has_past` is whether the database has OOM reports from before the period.
    """

    period: Period
    before: Period
    slots: tuple[str, ...]
    hosts_asked: tuple[str, ...]
    newest_at: datetime | None
    ingested_at: datetime | None
    has_past: bool
    attention: tuple[Finding, ...]
    counts: tuple[Count, ...]
    victims: Listing[Subject]
    trend: Source
    services: Listing[Subject]
    hosts: Listing[Subject]
    labels: Listing[Subject]
    causes: Listing[Cause]
    causes_over_time: Source
    heat: Listing[HostSlots]
    histories: tuple[History, ...]
    kept_memory: Listing[KeptMemory]
    limits: Listing[Limit]
    over_budget: Listing[OverBudget]
    incidents: Listing[Incident]
    quality: tuple[Quality, ...]

    def count(self, name: str) -> Count:
        """The count of that name; KeyError when there is none."""
        return {count.name: count for count in self.counts}[name]

    @property
    def has_undated(self) -> bool:
        """Whether reports of these hosts have no known time, and may be earlier than any."""
        return any(item.value for item in self.quality if item.name == "reports of unknown time")

    @property
    def has_findings(self) -> bool:
        """Whether there is something to look at, beyond notes."""
        return any(finding.severity != "note" for finding in self.attention)
