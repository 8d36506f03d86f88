"""What of a fleet report is worth attention, the worst first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain.page import kb, kb_and_gib, plural
from oomdb.fleet_report import missing, statements
from oomdb.fleet_report.facts import Finding
from oomdb.fleet_report.hosts import where, who

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.fleet_report.facts import Entry, FleetReport, Limit, Listing, Severity, Subject
    from oomdb.fleet_report.statements import Origin, Scope
    from oomdb.store.connection import Connection

#: Follows "never before" where reports of unknown time may be earlier.
_KNOWN = " at a known time"
#: Lines of one kind; what is more is one line with its number.
_MOST_NAMED = 3
#: Hits of a limit in the period from which on it is told.
_LEAST_HITS = 3
#: A new victim is told from so many kills on.
_LEAST_KILLS = 2
#: Free memory kept as reserve is told from here on: less is in the smallest zone, and would
#: have helped no one [kB].
_LEAST_RESERVE_KB = 16 * 1024
_ORDER: dict[Severity, int] = {"bad": 0, "warn": 1, "note": 2}


def found(connection: Connection, report: FleetReport, scope: Scope) -> tuple[Finding, ...]:
    """The findings of a report: what cannot wait, what is new or worse, then notes."""
    told = [
        *missing.nothing(report),
        *_unanswered(report, scope, connection),
        *_changes(report, scope, connection),
        *_limits(report, connection),
        *_over_budget(report, connection),
        *_kept_memory(report, connection),
        *_gone(report, connection),
        *missing.flaws(report),
    ]
    return tuple(sorted(told, key=lambda finding: _ORDER[finding.severity]))


def _value(connection: Connection, sql: str) -> int:
    return int(next(iter(reading.records(connection, sql)[0].values())))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _newest(behind: Listing[Entry]) -> str | None:
    return behind.rows[0].event_id if behind.rows else None


def _unanswered(report: FleetReport, scope: Scope, connection: Connection) -> Iterator[Finding]:
    """Panics, and reports in which nothing could be killed."""
    for kind, what, step in (
        (
            "panic",
            "the kernel panicked out of memory",
            "set vm.panic_on_oom to 0 where losing a process is better than losing the machine,"
            " and exempt fewer processes (oom_score_adj -1000)",
        ),
        (
            "no_victim",
            "nothing could be killed",
            "exempt fewer processes from the killer (oom_score_adj -1000), or raise the limit",
        ),
    ):
        sql = (
            "SELECT COUNT(*) AS reports, COUNT(DISTINCT host_id) AS hosts,"
            f" MIN(hostname) AS host,\n  {statements.UNHOSTED.format('TRUE')} AS unhosted\n"
            "FROM incident_events\n"
            f"WHERE kind = '{kind}'\n  AND {scope.now}"
        )
        row = reading.records(connection, sql)[0]
        if not row["reports"]:
            continue
        newest = (
            f"SELECT incident_id FROM incident_events WHERE kind = '{kind}' AND {scope.now}"
            " ORDER BY occurred_at DESC, event_id LIMIT 1"
        )
        event_id = reading.records(connection, newest)[0]["incident_id"]
        text = f"{what} {_times(row['reports'])}" + where(
            row["hosts"], row["unhosted"], row["host"]
        )
        yield Finding(
            "bad",
            kind,
            text,
            row["reports"],
            "incident_events",
            sql,
            "incidents",
            step,
            event_id,
        )


def _changes(report: FleetReport, scope: Scope, connection: Connection) -> Iterator[Finding]:
    """Victims and hosts that are worse, new or back."""
    yield from _named(_WORSE_VICTIM, report, scope, connection)
    yield from _named(_WORSE_HOST, report, scope, connection)
    if report.has_past:
        yield from _named(_NEW_VICTIM, report, scope, connection)
        yield from _named(_BACK_VICTIM, report, scope, connection)
    elif report.count("reports").now:
        yield from _most_killed(report, scope)
        source = report.count("reports").source
        known = " of known time" if report.has_undated else ""
        yield Finding(
            "note",
            "no_past",
            f"there is no OOM report{known} from before the period, so nothing in it can be"
            " called new",
            0,
            source.view,
            f"SELECT in_period_before\nFROM (\n{source.sql}\n) AS counted",
            "victims",
        )


def _most_killed(report: FleetReport, scope: Scope) -> Iterator[Finding]:
    """The name killed most, where there is no past that could tell what is new."""
    first = next(iter(report.victims.rows), None)
    if first is not None and first.kills >= _LEAST_KILLS:
        event_id = _newest(first.behind)
        yield Finding(
            "warn",
            "most_killed",
            f"{first.name or '(no name)'} was killed {_times(first.kills)}"
            f"{where(first.hosts, first.unhosted)}, most of all names",
            first.kills,
            report.victims.source.view,
            statements.count_of(scope, statements.VICTIMS, first.key),
            "victims",
            f"oomdb explain {event_id}" if event_id else None,
            event_id,
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of subjects that is told: which rows of a listing, and how each is said."""

    kind: str
    severity: Severity
    condition: str
    origin: Origin
    section: str
    said: str
    more: str


_WORSE_VICTIM = _Change(
    "worse_victim",
    "bad",
    "change = 'worse'",
    statements.VICTIMS,
    "victims",
    "worse: {name} was killed {now}{where}, {before} in the period before",
    "worse: {count} that were killed more often than in the period before",
)
_WORSE_HOST = _Change(
    "worse_host",
    "bad",
    "change = 'worse'",
    statements.HOSTS,
    "hosts",
    "worse: host {name} ran out of memory {now}, {before} in the period before",
    "worse: {count} that ran out of memory more often than in the period before",
)
_NEW_VICTIM = _Change(
    "new_victim",
    "warn",
    f"change = 'new' AND kills >= {_LEAST_KILLS}",
    statements.VICTIMS,
    "victims",
    "new: {name} was killed {now}{where}, never before",
    "new: {count} that were killed more than once, never before",
)
_BACK_VICTIM = _Change(
    "back_victim",
    "warn",
    f"change = 'back' AND kills >= {_LEAST_KILLS}",
    statements.VICTIMS,
    "victims",
    "back: {name} was killed {now}{where}, not in the period before but earlier",
    "back: {count} that were killed more than once, not in the period before but earlier",
)


def _named(
    change: _Change,
    report: FleetReport,
    scope: Scope,
    connection: Connection,
) -> Iterator[Finding]:
    """A line for each of the first, and one for how many more there are."""
    is_host = change.origin is statements.HOSTS
    listing = report.hosts if is_host else report.victims
    view = listing.source.view
    sql = statements.counted(listing.source.sql, change.condition)
    total = _value(connection, sql)
    named = [row for row in listing.rows if _is_told(row, change)][:_MOST_NAMED]
    for subject in named:
        now = subject.reports if is_host else subject.kills
        before = subject.reports_before if is_host else subject.kills_before
        text = change.said.format(
            name=subject.name or "(no name)",
            now=_times(now),
            before=f"{before:,}",
            where=where(subject.hosts, subject.unhosted),
        )
        if report.has_undated and change is _NEW_VICTIM:
            text += _KNOWN
        event_id = _newest(subject.behind)
        yield Finding(
            change.severity,
            change.kind,
            text,
            now,
            view,
            statements.count_of(scope, change.origin, subject.key),
            change.section,
            f"oomdb explain {event_id}" if event_id else None,
            event_id,
        )
    if total > len(named):
        more = _more(change, total, len(named), sql, view)
        is_doubtful = report.has_undated and change is _NEW_VICTIM
        yield replace(more, text=more.text + _KNOWN) if is_doubtful else more


def _is_told(subject: Subject, change: _Change) -> bool:
    """The condition of `change` for a row that was read."""
    name = change.kind.partition("_")[0]
    return subject.change == name and (name == "worse" or subject.kills >= _LEAST_KILLS)


def _more(change: _Change, total: int, named: int, sql: str, view: str) -> Finding:
    """The line for those beyond the named ones."""
    left = total - named
    what = "host" if change.section == "hosts" else "process name"
    count = f"{left:,} {'more ' if named else ''}{what}{'' if left == 1 else 's'}"
    return Finding(
        change.severity,
        change.kind,
        change.more.format(count=count),
        left,
        view,
        sql.replace("COUNT(*) AS found", f"COUNT(*) - {named} AS found", 1),
        change.section,
    )


def _limits(report: FleetReport, connection: Connection) -> Iterator[Finding]:
    often = [limit for limit in report.limits.rows if limit.hits >= _LEAST_HITS]
    for limit in often[:_MOST_NAMED]:
        text = (
            f"a limit was hit {_times(limit.hits)}{where(limit.hosts, limit.unhosted)},"
            f" {limit.hits_before:,} in the period before: {_limit_name(limit)}"
        )
        sql = (
            f"SELECT hits\nFROM (\n{report.limits.source.sql}\n) AS listed\n"
            f"WHERE subject_key = {statements.quoted(limit.key)}"
            f" AND subject_kind = {statements.quoted(limit.subject_kind)}"
        )
        yield Finding(
            "warn",
            "limit",
            text,
            limit.hits,
            "limit_hits",
            sql,
            "limits",
            "make it need less, or raise the limit (MemoryMax= of a unit, limits.memory of a"
            " container)",
            _newest(limit.behind),
        )
    if len(often) > _MOST_NAMED:
        sql = statements.counted(report.limits.source.sql, f"hits >= {_LEAST_HITS}")
        sql = sql.replace("COUNT(*) AS found", f"COUNT(*) - {_MOST_NAMED} AS found", 1)
        value = _value(connection, sql)
        text = f"{value:,} more limits were hit {_LEAST_HITS} times or more"
        yield Finding("warn", "limit", text, value, "limit_hits", sql, "limits")


def _limit_name(limit: Limit) -> str:
    least, most = limit.lowest_limit_kb, limit.highest_limit_kb
    if limit.subject_kind not in ("unit", "cgroup") or least is None or most is None:
        return limit.key
    bound = kb_and_gib(most) if least == most else f"{kb(least)} to {kb(most)}"
    return f"{limit.key}, {bound}"


def _over_budget(report: FleetReport, connection: Connection) -> Iterator[Finding]:
    if not report.over_budget.rows:
        return
    first = report.over_budget.rows[0]
    listing = report.over_budget.source.sql
    sql = f"SELECT CAST(SUM(reports) AS BIGINT) AS reports\nFROM (\n{listing}\n) AS listed"
    value = _value(connection, sql)
    others = report.over_budget.total - 1
    text = (
        f"over budget in {plural(value, 'report')}: {first.comm or '(no name)'} held up to"
        f" {kb_and_gib(first.most_held_kb)}, allowed {kb_and_gib(first.budget_kb)}"
        + (f"; and {plural(others, 'more name')}" if others else "")
    )
    yield Finding(
        "warn",
        "over_budget",
        text,
        value,
        "over_budget",
        sql,
        "budgets",
        "correct its settings, or its budget (oomdb budgets)",
        _newest(first.behind),
    )


def _kept_memory(report: FleetReport, connection: Connection) -> Iterator[Finding]:
    """Hosts that killed or failed although memory was free."""
    for kind, condition, said, step in (
        (
            "reserve_blocked",
            f"most_reserve_kb >= {_LEAST_RESERVE_KB}",
            "had free memory that lowmem_reserve kept from the request",
            "do not count that memory as available: vm.lowmem_reserve_ratio keeps it",
        ),
        (
            "fragmented",
            "fragmented > 0",
            "had free memory in pieces too small for the request",
            "compact it (echo 1 > /proc/sys/vm/compact_memory), raise vm.min_free_kbytes",
        ),
    ):
        sql = statements.kept_by(report.kept_memory.source.sql, condition, kind)
        hosts, unhosted = reading.records(connection, sql)[0].values()
        # Where no host is known, the line is about the reports.
        if not hosts:
            sql = sql.replace("SELECT hosts, unhosted", "SELECT unhosted, hosts", 1)
        if value := hosts or unhosted:
            first = next((h for h in report.kept_memory.rows if getattr(h, kind)), None)
            yield Finding(
                "warn",
                kind,
                f"{who(hosts, unhosted)} {said}",
                value,
                "memory_suspects",
                sql,
                "kept",
                step,
                _newest(first.behind) if first else None,
            )


def _gone(report: FleetReport, connection: Connection) -> Iterator[Finding]:
    sql = statements.counted(report.victims.source.sql, "change = 'gone'")
    value = _value(connection, sql)
    if value:
        named = [victim.name for victim in report.victims.rows if victim.change == "gone"]
        told = f": {', '.join(named[:_MOST_NAMED])}" if named else ""
        more = ", ..." if named and value > _MOST_NAMED else ""
        text = f"gone: {plural(value, 'name')} killed in the period before, not in this{told}{more}"
        yield Finding("note", "gone_victim", text, value, "killed_processes", sql, "victims")
