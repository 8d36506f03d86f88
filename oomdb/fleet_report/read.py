"""A fleet report read from the saved views, by the statements that it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from oomdb import reading
from oomdb.fleet_report import attention, statements
from oomdb.fleet_report.facts import (
    Cause,
    Count,
    Death,
    Entry,
    FleetReport,
    History,
    HostSlots,
    Incident,
    KeptMemory,
    Limit,
    Listing,
    OverBudget,
    Quality,
    Subject,
)
from oomdb.fleet_report.period import newest_event
from oomdb.fleet_report.statements import Origin, Scope
from oomdb.pages.tables import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.fleet_report.period import Period
    from oomdb.store.connection import Connection

    Row = TypeVar("Row")

#: Rows of a listing, of the list of incidents, and behind one number.
MOST_ROWS = 30
MOST_INCIDENTS = 200
MOST_BEHIND = 10
#: Hosts of the heat map, victims with a trend, and with a history.
MOST_HOSTS_SHOWN = 25
MOST_TRENDS = 12
MOST_HISTORIES = 3
MOST_DEATHS = 400
#: Kills from which on a name has a history.
_LEAST_DEATHS = 3


def fleet_report(
    connection: Connection, period: Period, hosts: tuple[str, ...] = ()
) -> FleetReport:
    """What happened in `period` on the hosts (shell patterns; all where empty).

    OomdbError where the database refuses.
    """
    reader = _Reader(connection, Scope(period, hosts))
    before = period.before
    counts = reader.counts()
    victims = reader.with_trend(reader.subjects(statements.VICTIMS), before)
    hosts_hit = reader.subjects(statements.HOSTS, name="hostname", by_reports=True)
    ingested = reader.one("SELECT MAX(ingested_at) AS found FROM sources")
    report = FleetReport(
        period=period,
        before=before,
        slots=tuple(period.slots),
        hosts_asked=hosts,
        newest_at=newest_event(connection, hosts),
        ingested_at=ingested,  # type: ignore[arg-type]
        has_past=reader.has_past,
        attention=(),
        counts=counts,
        victims=victims,
        trend=Source("killed_processes", reader.trend_sql(victims)),
        services=reader.subjects(statements.SERVICES),
        hosts=hosts_hit,
        labels=reader.subjects(statements.LABELS, by_reports=True),
        causes=reader.causes(),
        causes_over_time=Source("incident_causes", statements.causes_by_slot(reader.scope)),
        heat=reader.heat(hosts_hit),
        histories=reader.histories(victims),
        kept_memory=reader.listing(
            statements.kept_memory(reader.scope), statements.KEPT, KeptMemory
        ),
        limits=reader.listing(statements.limits(reader.scope), statements.LIMITS, Limit),
        over_budget=reader.listing(
            statements.over_budget(reader.scope), statements.OVER_BUDGET, OverBudget
        ),
        incidents=reader.incidents(),
        quality=reader.quality(),
    )
    return replace(report, attention=attention.found(connection, report, reader.scope))


_PAST = "SELECT COUNT(*) AS found FROM (SELECT 1 FROM incident_events WHERE {} LIMIT 1) AS past"


_PANICS = "'panic', 'no_victim'"


def _with_a_trend(victims: Listing[Subject]) -> list[str]:
    return [victim.key for victim in victims.rows[:MOST_TRENDS] if victim.kills]


class _Reader:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope
        self.has_past = bool(self.one(_PAST.format(scope.earlier)))

    def records(self, sql: str) -> list[reading.Record]:
        return reading.records(self.connection, sql)

    def one(self, sql: str) -> object:
        """The only value of a statement."""
        return next(iter(self.records(sql)[0].values()))

    def page(self, sql: str, most: int) -> tuple[list[reading.Record], int]:
        """The first rows of a statement, and how many it has."""
        found = self.records(f"{sql}\nLIMIT {most + 1}")
        if len(found) <= most:
            return found, len(found)
        total = self.one(f"SELECT COUNT(*) AS n FROM ({sql}) AS listed")
        assert isinstance(total, int)
        return found[:most], total

    def counts(self) -> tuple[Count, ...]:
        failed = "\n  AND kind = 'allocation_failure'"
        asked = {
            "incidents": (statements.DISTINCT_INCIDENTS, "incident_events", ""),
            "kills": (statements.ROWS, "killed_processes", ""),
            "hosts": (statements.DISTINCT_HOSTS, "incident_events", ""),
            "units": (statements.DISTINCT_UNITS, "killed_processes", ""),
            "reports": (statements.ROWS, "incident_events", ""),
            "panics": (statements.ROWS, "incident_events", f"\n  AND kind IN ({_PANICS})"),
            "reports of unknown hosts": (statements.UNHOSTED, "incident_events", ""),
            "allocation failures": (statements.ROWS, "events", failed),
        }
        made = []
        for name, (counted, view, condition) in asked.items():
            sql = statements.count(self.scope, counted, view, condition)
            now, before = self.records(sql)[0].values()
            made.append(Count(name, now, before, Source(view, sql)))
        return tuple(made)

    def subjects(
        self, origin: Origin, *, name: str = "", by_reports: bool = False
    ) -> Listing[Subject]:
        sql = statements.subjects(
            self.scope, origin, name=name, by_reports=by_reports, has_past=self.has_past
        )
        found, total = self.page(sql, MOST_ROWS)
        behind = self.behind(origin, [record["subject_key"] for record in found])
        rows = []
        for record in found:
            key, shown = record.pop("subject_key"), record.pop("subject_name")
            rows.append(Subject(key=key, name=shown, behind=behind[key], **record))
        return Listing(tuple(rows), total, Source(origin.view, sql))

    def behind(self, origin: Origin, keys: list[str]) -> dict[str, Listing[Entry]]:
        """The incidents or reports behind each subject."""
        if not keys:
            return {}
        entries: dict[str, list[Entry]] = {key: [] for key in keys}
        totals = dict.fromkeys(keys, 0)
        for record in self.records(
            statements.entries_of_all(self.scope, origin, keys, MOST_BEHIND)
        ):
            key = record["subject_key"]
            totals[key] = record["total"]
            entries[key].append(
                Entry(record["event_id"], record["first_at"], record["host"], record["kills"])
            )
        return {
            key: Listing(
                tuple(entries[key]),
                totals[key],
                Source(origin.view, statements.entries(self.scope, origin, key)),
            )
            for key in keys
        }

    def with_trend(self, victims: Listing[Subject], before: Period) -> Listing[Subject]:
        """The first of the victims with their kills by slot."""
        keys = _with_a_trend(victims)
        slots = list(dict.fromkeys([*before.slots, *self.scope.period.slots]))
        kills = {
            (record["subject_key"], record["slot"]): record["kills"]
            for record in self.records(self.trend_sql(victims))
        }
        rows = [
            replace(victim, trend=tuple(kills.get((victim.key, slot), 0) for slot in slots))
            if victim.key in keys
            else victim
            for victim in victims.rows
        ]
        return replace(victims, rows=tuple(rows))

    def trend_sql(self, victims: Listing[Subject]) -> str:
        """What gives the trends."""
        return statements.kills_by_slot(self.scope, _with_a_trend(victims) or [""])

    def causes(self) -> Listing[Cause]:
        sql = statements.causes(self.scope)
        found, total = self.page(sql, MOST_ROWS)
        behind = self.behind(statements.CAUSES, [record["cause"] for record in found])
        by_slot = {
            (record["cause"], record["slot"]): record["incidents"]
            for record in self.records(statements.causes_by_slot(self.scope))
        }
        rows = [
            Cause(
                **record,
                by_slot=tuple(
                    by_slot.get((record["cause"], slot), 0) for slot in self.scope.period.slots
                ),
                behind=behind[record["cause"]],
            )
            for record in found
        ]
        return Listing(tuple(rows), total, Source("incident_causes", sql))

    def heat(self, hosts: Listing[Subject]) -> Listing[HostSlots]:
        shown = [host for host in hosts.rows if host.reports][:MOST_HOSTS_SHOWN]
        sql = statements.reports_by_host(self.scope, [host.key for host in shown] or [""])
        reports = {
            (record["host_id"], record["slot"]): record["reports"] for record in self.records(sql)
        }
        rows = [
            HostSlots(
                host.name or "(no name)",
                tuple(reports.get((host.key, slot), 0) for slot in self.scope.period.slots),
            )
            for host in shown
        ]
        total = self.scope_hosts()
        return Listing(tuple(rows), total, Source("incident_events", sql))

    def scope_hosts(self) -> int:
        """Known hosts with a report in the period."""
        found = self.one(statements.count(self.scope, statements.DISTINCT_HOSTS))
        assert isinstance(found, int)
        return found

    def histories(self, victims: Listing[Subject]) -> tuple[History, ...]:
        found: list[History] = []
        for victim in victims.rows:
            if len(found) == MOST_HISTORIES or victim.kills < _LEAST_DEATHS:
                break
            sql = statements.deaths(self.scope, victim.key)
            rows, total = self.page(sql, MOST_DEATHS)
            if len(rows) >= _LEAST_DEATHS:
                deaths = tuple(Death(**row) for row in reversed(rows))
                source = Source("killed_processes", sql)
                found.append(History(victim.name, Listing(deaths, total, source)))
        return tuple(found)

    def listing(self, sql: str, origin: Origin, make: Callable[..., Row]) -> Listing[Row]:
        """Rows with the reports behind each."""
        found, total = self.page(sql, MOST_ROWS)
        behind = self.behind(origin, [record["subject_key"] for record in found])
        rows = []
        for record in found:
            key = record.pop("subject_key")
            rows.append(make(key=key, behind=behind[key], **record))
        return Listing(tuple(rows), total, Source(origin.view, sql))

    def incidents(self) -> Listing[Incident]:
        sql = statements.incidents(self.scope)
        found, total = self.page(sql, MOST_INCIDENTS)
        return Listing(
            tuple(Incident(**record) for record in found), total, Source("incidents", sql)
        )

    def quality(self) -> tuple[Quality, ...]:
        now, of_hosts = self.scope.now, self.scope.of_hosts
        asked = [
            (
                "reports of unknown time",
                f"SELECT COUNT(*) AS reports\nFROM events\nWHERE occurred_at IS NULL{of_hosts}",
                "in no period and no other number of this report: their logs print no full date",
            ),
            (
                "damaged reports",
                f"SELECT COUNT(*) AS reports\nFROM events\nWHERE damage IS NOT NULL\n  AND {now}",
                "cut, interleaved or with lost lines: what they lack is not counted",
            ),
            (
                "lines not understood",
                "SELECT COUNT(*) AS lines\nFROM unparsed_lines\nWHERE event_id IN (\n"
                f"  SELECT event_id FROM events WHERE {now}\n)",
                "kept as text; a newer oomdb may read them (oomdb reparse)",
            ),
            (
                "sources set aside",
                "SELECT COUNT(*) AS sources\nFROM sources\nWHERE problem IS NOT NULL\n"
                f"  AND ingested_at >= {statements.time(self.scope.period.since)}",
                "read since the period began, but not to their end: what follows in them is"
                " missing",
            ),
        ]
        if not self.scope.hosts:
            asked.append(
                (
                    "reports of unknown hosts",
                    f"SELECT COUNT(*) AS reports\nFROM events\nWHERE host_id IS NULL\n  AND {now}",
                    "counted, but in no host's numbers (oomdb ingest --host names the host)",
                )
            )
        views = ("unparsed_lines", "sources", "events")
        made = []
        for name, sql, meaning in asked:
            value = self.one(sql)
            assert isinstance(value, int)
            view = next(view for view in views if f"FROM {view}\n" in sql)
            made.append(Quality(name, value, meaning, Source(view, sql)))
        return tuple(made)
