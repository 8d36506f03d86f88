"""The SQL of a fleet report: each statement is shown to the reader as it is asked.

Values stand in the text itself, so that it can be copied into `oomdb sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from oomdb.fleet_report.period import Period


def quoted(value: str) -> str:
    """A text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def time(at: datetime) -> str:
    """A point in time (UTC) as SQL has it."""
    return f"TIMESTAMP '{at.isoformat(sep=' ', timespec='seconds')}'"


@dataclass(frozen=True, slots=True)
class Scope:
    """Conditions for the period and the hosts, on relations with `occurred_at` and `host_id`."""

    period: Period
    hosts: tuple[str, ...] = ()

    @property
    def of_hosts(self) -> str:
        """The hosts that were asked for, as one more condition; nothing for all hosts."""
        if not self.hosts:
            return ""
        either = " OR ".join(
            f"MATCHES_PATTERN(LOWER(hostname), {quoted(pattern)})"
            for host in self.hosts
            for pattern in (host.lower(), host.lower() + ".*")
        )
        return f"\n  AND host_id IN (SELECT host_id FROM hosts WHERE {either})"

    @property
    def is_now(self) -> str:
        """In the period, of what is before its end."""
        return f"occurred_at >= {time(self.period.since)}"

    @property
    def is_before(self) -> str:
        """In the period before, of what is in either."""
        return f"occurred_at < {time(self.period.since)}"

    @property
    def now(self) -> str:
        """In the period, on the hosts."""
        return f"{self.is_now}\n  AND occurred_at < {time(self.period.until)}{self.of_hosts}"

    @property
    def both(self) -> str:
        """In the period or the one before, on the hosts."""
        begin, end = self.period.before.since, self.period.until
        return f"occurred_at >= {time(begin)}\n  AND occurred_at < {time(end)}{self.of_hosts}"

    @property
    def ever(self) -> str:
        """Before the period's end, on the hosts."""
        return f"occurred_at < {time(self.period.until)}{self.of_hosts}"

    @property
    def earlier(self) -> str:
        """Before the period, on the hosts."""
        return f"{self.is_before}{self.of_hosts}"

    @property
    def slot(self) -> str:
        """The hour or day of `occurred_at`."""
        return f"SUBSTR(CAST(occurred_at AS VARCHAR), 1, {13 if self.period.is_by_hour else 10})"


@dataclass(frozen=True, slots=True)
class Origin:
    """Rows of which numbers are counts: a view's, named for the reader, or some views' joined.

    Subjects are told apart by `key`; `kills` adds up the kills of several rows. A failed
    allocation, which is part of no incident, stands as one of its own.
    """

    view: str
    relation: str
    key: str
    kills: str = "CAST(SUM(kills) AS BIGINT)"
    condition: str = ""


VICTIMS = Origin("killed_processes", "killed_processes", "comm", kills="COUNT(*)")
SERVICES = Origin(
    "killed_processes",
    "killed_processes",
    "unit",
    kills="COUNT(*)",
    condition="\n  AND unit LIKE '%.service'",
)
HOSTS = Origin("incident_events", "incident_events", "host_id")
LABELS = Origin(
    "incident_events",
    """(
  SELECT l.label || '=' || l.value AS host_label, m.incident_id, m.event_id,
    m.occurred_at, m.host_id, m.hostname, m.kills
  FROM incident_events AS m
  INNER JOIN host_labels AS l ON l.host_id = m.host_id
) AS labelled""",
    "host_label",
)
CAUSES = Origin(
    "incident_causes",
    """(
  SELECT c.cause, m.incident_id, m.event_id, m.occurred_at, m.host_id, m.hostname, m.kills
  FROM incident_events AS m
  INNER JOIN incident_causes AS c ON c.incident_id = m.incident_id
) AS caused""",
    "cause",
)
KEPT = Origin(
    "memory_suspects",
    """(
  SELECT COALESCE(e.host_id, '') AS place, COALESCE(m.incident_id, e.event_id) AS incident_id,
    e.event_id, e.occurred_at, e.host_id, hosts.hostname, e.kind, COALESCE(m.kills, 0) AS kills,
    MAX(CASE WHEN s.suspect = 'reserve_blocked' THEN 1 ELSE 0 END) AS is_blocked,
    MAX(CASE WHEN s.suspect = 'fragmentation' THEN 1 ELSE 0 END) AS is_fragmented,
    MAX(CASE WHEN s.suspect = 'reserve_blocked' THEN s.figure_kb END) AS reserve_kb
  FROM memory_suspects AS s
  INNER JOIN events AS e ON e.event_id = s.event_id
  LEFT JOIN incident_events AS m ON m.event_id = s.event_id
  LEFT JOIN hosts ON hosts.host_id = e.host_id
  WHERE s.suspect IN ('reserve_blocked', 'fragmentation')
  GROUP BY e.event_id, m.incident_id, e.occurred_at, e.host_id, hosts.hostname, e.kind, m.kills
) AS kept""",
    "place",
)
LIMITS = Origin(
    "limit_hits",
    """(
  SELECT h.subject_kind, h.identity_words, m.incident_id, m.event_id, m.occurred_at, m.host_id,
    m.hostname, h.oom_memcg, h.limit_kb, h.kills
  FROM limit_hits AS h
  INNER JOIN incident_events AS m ON m.event_id = h.event_id
) AS hit""",
    "identity_words",
)
OVER_BUDGET = Origin(
    "over_budget",
    """(
  SELECT CAST(o.budget_no AS VARCHAR) || ' ' || COALESCE(o.comm, '') AS of_budget,
    COALESCE(m.incident_id, o.event_id) AS incident_id, o.event_id, o.occurred_at, o.host_id,
    o.hostname, o.note, o.comm, o.budget_kb, o.held_kb, o.is_victim
  FROM over_budget AS o
  LEFT JOIN incident_events AS m ON m.event_id = o.event_id
) AS above""",
    "of_budget",
    kills="COUNT(CASE WHEN is_victim THEN 1 END)",
)


def count(scope: Scope, counted: str, relation: str = "incident_events", more: str = "") -> str:
    """How many in the period and in the one before: `counted` has the place `{}` for when."""
    return (
        f"SELECT {counted.format(scope.is_now)} AS in_period,\n"
        f"  {counted.format(scope.is_before)} AS in_period_before\n"
        f"FROM {relation}\nWHERE {scope.both}{more}"
    )


DISTINCT_INCIDENTS = "COUNT(DISTINCT CASE WHEN {} THEN incident_id END)"
DISTINCT_HOSTS = "COUNT(DISTINCT CASE WHEN {} THEN host_id END)"
DISTINCT_UNITS = "COUNT(DISTINCT CASE WHEN {} THEN unit END)"
ROWS = "COUNT(CASE WHEN {} THEN 1 END)"
#: Reports of unknown hosts.
UNHOSTED = "COUNT(DISTINCT CASE WHEN {} AND host_id IS NULL THEN event_id END)"

_CHANGE = """  CASE
    WHEN {measure} = 0 THEN 'gone'
    WHEN {measure}_before = 0 AND first_time >= {since} THEN {new}
    WHEN {measure}_before = 0 THEN 'back'
    WHEN {measure} >= {measure}_before + 3
      AND {measure} * 2 >= {measure}_before * 3 THEN 'worse'
    WHEN {measure} > {measure}_before THEN 'more'
    WHEN {measure} < {measure}_before THEN 'fewer'
    ELSE 'same'
  END AS change"""


def subjects(
    scope: Scope,
    origin: Origin,
    *,
    name: str = "",
    by_reports: bool = False,
    has_past: bool = True,
) -> str:
    """Each subject with what it was struck by in both periods, the most struck first.

    Without a past, what would be new is unknown: everything would be.
    `name` is a column that names it to people, where the key does not.
    """
    # One row for each process that was killed, or one for each report.
    kills = ROWS if "COUNT(*)" in origin.kills else "SUM(CASE WHEN {} THEN kills ELSE 0 END)"
    reports = ROWS if kills != ROWS else "COUNT(DISTINCT CASE WHEN {} THEN event_id END)"
    measure = "reports" if by_reports else "kills"
    now, before = (
        scope.is_now,
        f"{scope.is_before}\n      AND occurred_at >= " + time(scope.period.before.since),
    )
    other = "kills" if by_reports else "reports"
    new = quoted("new" if has_past else "unknown")
    change = _CHANGE.format(measure=measure, since=time(scope.period.since), new=new)
    return f"""SELECT subject_key, subject_name,
{change},
  kills, kills_before, reports, reports_before, incidents, host_count AS hosts, unhosted,
  first_time AS first_at, last_time AS last_at
FROM (
  SELECT {origin.key} AS subject_key, {f"MAX({name})" if name else origin.key} AS subject_name,
    CAST({kills.format(now)} AS BIGINT) AS kills,
    CAST({kills.format(before)} AS BIGINT) AS kills_before,
    {reports.format(now)} AS reports,
    {reports.format(before)} AS reports_before,
    {DISTINCT_INCIDENTS.format(now)} AS incidents,
    {DISTINCT_HOSTS.format(now)} AS host_count,
    {UNHOSTED.format(now)} AS unhosted,
    MIN(occurred_at) AS first_time, MAX(occurred_at) AS last_time
  FROM {origin.relation}
  WHERE {scope.ever}
  AND {origin.key} IS NOT NULL{origin.condition}
  GROUP BY {origin.key}
) AS counted
WHERE reports > 0 OR reports_before > 0
ORDER BY {measure} DESC, {other} DESC, {measure}_before DESC, subject_name, subject_key"""


def entries(scope: Scope, origin: Origin, key: str) -> str:
    """The incidents of the period behind one subject, the newest first."""
    return (
        f"SELECT {_entry(origin)}\nFROM {origin.relation}\n"
        f"WHERE {origin.key} = {quoted(key)}{origin.condition}\n  AND {scope.now}\n"
        "GROUP BY incident_id, hostname\nORDER BY first_at DESC, incident_id"
    )


def _entry(origin: Origin) -> str:
    return (
        "incident_id AS event_id, MIN(occurred_at) AS first_at, hostname AS host,\n"
        f"  {origin.kills} AS kills"
    )


def entries_of_all(scope: Scope, origin: Origin, keys: list[str], most: int) -> str:
    """The same for several subjects at once, the first `most` of each."""
    wanted = ", ".join(map(quoted, keys))
    return f"""SELECT subject_key, event_id, first_at, host, kills, total
FROM (
  SELECT *, COUNT(*) OVER (PARTITION BY subject_key) AS total,
    ROW_NUMBER() OVER (PARTITION BY subject_key ORDER BY first_at DESC, event_id) AS entry_no
  FROM (
    SELECT {origin.key} AS subject_key, {_entry(origin)}
    FROM {origin.relation}
    WHERE {origin.key} IN ({wanted}){origin.condition} AND {scope.now}
    GROUP BY {origin.key}, incident_id, hostname
  ) AS grouped
) AS numbered
WHERE entry_no <= {most}
ORDER BY subject_key, entry_no"""


def kills_by_slot(scope: Scope, keys: list[str]) -> str:
    """Kills of some process names by hour or day, from the period before on."""
    return f"""SELECT comm AS subject_key, {scope.slot} AS slot, COUNT(*) AS kills
FROM killed_processes
WHERE comm IN ({", ".join(map(quoted, keys))})
  AND {scope.both}
GROUP BY comm, {scope.slot}
ORDER BY subject_key, slot"""


def causes(scope: Scope) -> str:
    """The causes of incidents, the most frequent of the period first."""
    return f"""SELECT cause,
  {DISTINCT_INCIDENTS.format(scope.is_now)} AS incidents,
  {DISTINCT_INCIDENTS.format(scope.is_before)} AS incidents_before,
  CAST(SUM(CASE WHEN {scope.is_now} THEN kills ELSE 0 END) AS BIGINT) AS kills
FROM {CAUSES.relation}
WHERE {scope.both}
GROUP BY cause
ORDER BY incidents DESC, incidents_before DESC, cause"""


def causes_by_slot(scope: Scope) -> str:
    """Incidents by cause and by the hour or day of their first report in the period."""
    return f"""SELECT cause, slot, COUNT(*) AS incidents
FROM (
  SELECT cause, incident_id, MIN({scope.slot}) AS slot
  FROM {CAUSES.relation}
  WHERE {scope.now}
  GROUP BY cause, incident_id
) AS begun
GROUP BY cause, slot
ORDER BY slot, cause"""


def reports_by_host(scope: Scope, keys: list[str]) -> str:
    """OOM reports of some hosts by hour or day."""
    return f"""SELECT host_id, {scope.slot} AS slot, COUNT(*) AS reports
FROM incident_events
WHERE {scope.now}
  AND host_id IN ({", ".join(map(quoted, keys))})
GROUP BY host_id, {scope.slot}
ORDER BY host_id, slot"""


def deaths(scope: Scope, comm: str) -> str:
    """The kills of one process name with the memory that it held, the newest first."""
    return f"""SELECT occurred_at, hostname AS host, rss_kb
FROM killed_processes
WHERE comm = {quoted(comm)} AND rss_kb IS NOT NULL
  AND {scope.both}
ORDER BY occurred_at DESC, event_id, victim_no"""


def kept_memory(scope: Scope) -> str:
    """The hosts with free memory that did not serve."""
    return f"""SELECT place AS subject_key, MAX(hostname) AS host,
  CAST(SUM(is_blocked) AS BIGINT) AS reserve_blocked,
  CAST(SUM(is_fragmented) AS BIGINT) AS fragmented,
  COUNT(CASE WHEN kind = 'allocation_failure' THEN 1 END) AS allocation_failures,
  MAX(reserve_kb) AS most_reserve_kb, MAX(occurred_at) AS last_at
FROM {KEPT.relation}
WHERE {scope.now}
GROUP BY place
ORDER BY COUNT(*) DESC, last_at DESC, place"""


def limits(scope: Scope) -> str:
    """The limits that were hit more than once in the period."""
    return f"""SELECT identity_words AS subject_key, subject_kind,
  {ROWS.format(scope.is_now)} AS hits,
  {ROWS.format(scope.is_before)} AS hits_before,
  CAST(SUM(CASE WHEN {scope.is_now} THEN kills ELSE 0 END) AS BIGINT) AS kills,
  {DISTINCT_HOSTS.format(scope.is_now)} AS hosts,
  {UNHOSTED.format(scope.is_now)} AS unhosted,
  COUNT(DISTINCT CASE WHEN {scope.is_now} THEN oom_memcg END) AS cgroups,
  MIN(CASE WHEN {scope.is_now} THEN limit_kb END) AS lowest_limit_kb,
  MAX(CASE WHEN {scope.is_now} THEN limit_kb END) AS highest_limit_kb,
  MAX(occurred_at) AS last_at
FROM {LIMITS.relation}
WHERE {scope.both}
  AND identity_words IS NOT NULL
GROUP BY identity_words, subject_kind
HAVING {ROWS.format(scope.is_now)} > 1
ORDER BY hits DESC, subject_key, subject_kind"""


def over_budget(scope: Scope) -> str:
    """The processes above their budget, by budget and name."""
    return f"""SELECT of_budget AS subject_key, MAX(note) AS note, comm,
  MAX(budget_kb) AS budget_kb, MAX(held_kb) AS most_held_kb, COUNT(DISTINCT event_id) AS reports,
  COUNT(DISTINCT host_id) AS hosts, COUNT(CASE WHEN is_victim THEN 1 END) AS killed,
  MAX(occurred_at) AS last_at
FROM {OVER_BUDGET.relation}
WHERE {scope.now}
GROUP BY of_budget, comm
ORDER BY reports DESC, most_held_kb DESC, subject_key"""


def incidents(scope: Scope) -> str:
    """The incidents of the period, those with most kills first."""
    return f"""SELECT r.incident_id, r.first_time AS first_at, r.hostname AS host,
  r.report_count AS reports, r.kill_count AS kills, i.main_victim_comm AS victim, c.cause
FROM (
  SELECT incident_id, hostname, MIN(occurred_at) AS first_time, COUNT(*) AS report_count,
    CAST(SUM(kills) AS BIGINT) AS kill_count
  FROM incident_events
  WHERE {scope.now}
  GROUP BY incident_id, hostname
) AS r
INNER JOIN incidents AS i ON i.incident_id = r.incident_id
INNER JOIN incident_causes AS c ON c.incident_id = r.incident_id
ORDER BY kills DESC, reports DESC, first_at DESC, r.incident_id"""


def counted(listing: str, condition: str) -> str:
    """How many rows of a listing satisfy a condition."""
    return f"SELECT COUNT(*) AS found\nFROM (\n{listing}\n) AS listed\nWHERE {condition}"


def kept_by(listing: str, condition: str, measure: str) -> str:
    """How many hosts of `kept_memory` satisfy a condition, and reports of unknown hosts."""
    return f"""SELECT hosts, unhosted
FROM (
  SELECT COUNT(CASE WHEN subject_key <> '' THEN 1 END) AS hosts,
    CAST(COALESCE(SUM(CASE WHEN subject_key = '' THEN {measure} END), 0) AS BIGINT) AS unhosted
  FROM (
{listing}
  ) AS listed
  WHERE {condition}
) AS found"""


def count_of(scope: Scope, origin: Origin, key: str) -> str:
    """Kills of a process name or service, reports of any other subject, in the period."""
    return (
        f"SELECT COUNT(*) AS found\nFROM {origin.relation}\n"
        f"WHERE {origin.key} = {quoted(key)}{origin.condition}\n  AND {scope.now}"
    )


def failures(scope: Scope) -> str:
    """The failed allocations of the period, which are part of no incident."""
    return (
        "SELECT event_id\nFROM events\nWHERE kind = 'allocation_failure'\n"
        f"  AND {scope.now}\nORDER BY occurred_at, event_id"
    )
