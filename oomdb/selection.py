"""Choosing events: by time, host and kind, by a prefix of the id, or the latest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError, UsageError
from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection
    from oomdb.views import View

LATEST = "latest"

#: Kinds that are about running out of memory, not look-alikes.
OOM_KINDS = ("oom_kill", "no_victim", "panic")
#: Every kind of event.
KINDS = (*OOM_KINDS, "allocation_failure", "memory_dump")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events: `since` <= occurred_at < `until` (naive UTC), any of `hosts` and `kinds`.

    Hosts are shell patterns, compared without regard to case; a short name also stands
    for the full names that begin with it. Events without a known time are in no period.
    """

    since: datetime | None = None
    until: datetime | None = None
    hosts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether no event is left out."""
        return self == Selection()

    @property
    def is_by_time(self) -> bool:
        """Whether a period was asked for."""
        return self.since is not None or self.until is not None

    @property
    def is_by_host_alone(self) -> bool:
        """Whether hosts were asked for, and nothing else."""
        return bool(self.hosts) and self == Selection(hosts=self.hosts)

    def condition(self, *, ignoring_time: bool = False) -> tuple[str, list[object]]:
        """A condition on `events` and `hosts` in one FROM, and its parameters."""
        terms = ["TRUE"]
        parameters: list[object] = []
        if self.since is not None and not ignoring_time:
            terms.append("events.occurred_at >= ?")
            parameters.append(self.since)
        if self.until is not None and not ignoring_time:
            terms.append("events.occurred_at < ?")
            parameters.append(self.until)
        if self.hosts:
            matches = "MATCHES_PATTERN(LOWER(hosts.hostname), ?)"
            terms.append("(" + " OR ".join([matches] * 2 * len(self.hosts)) + ")")
            for host in self.hosts:
                parameters += [host.lower(), host.lower() + ".*"]
        if self.kinds:
            terms.append(f"events.kind IN ({', '.join('?' * len(self.kinds))})")
            parameters += self.kinds
        return " AND ".join(terms), parameters


_FROM = " FROM events LEFT JOIN hosts ON hosts.host_id = events.host_id WHERE "

_AGO = re.compile(r"(\d+) ?(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime | None = None) -> datetime:
    """A point in time as naive UTC, from ISO 8601 or from an age such as `90m`, `12h`, `7d`.

    A time without a zone is UTC, a date is its midnight. UsageError when it is neither, or
    is in no year from 1 to 9999.
    """
    ago = _AGO.fullmatch(text.strip())
    end = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    try:
        if ago:
            return end - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        read = datetime.fromisoformat(text.strip())
        return read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read
    except OverflowError:
        before = f" before {end.isoformat(' ', 'minutes')}Z" if ago else ""
        raise UsageError(f"not a time: {text!r}{before} is in no year from 1 to 9999") from None
    except ValueError:
        raise UsageError(
            f"not a time: {text!r} (give 2026-05-31, 2026-05-31T14:00Z, or an age: 12h, 7d)"
        ) from None


_EVENT_COLUMNS = """
SELECT
  events.event_id, events.occurred_at, events.printed_time, events.uptime_s,
  hosts.hostname, events.kind, events.constraint_kind, events.invoker_comm,
  first_victims.comm AS victim_comm, first_victims.pid AS victim_pid,
  victim_counts.victim_count, events.oom_memcg, events.damage"""

_SHORT_EVENT_COLUMNS = f"""
SELECT
  events.event_id,
  COALESCE(
    {reading.second_text("events.occurred_at")},
    events.printed_time,
    'boot+' || CAST(CAST(events.uptime_s AS DECIMAL(18, 3)) AS VARCHAR) || 's'
  ) AS "time",
  hosts.hostname AS host,
  events.kind || CASE WHEN events.constraint_kind <> 'none'
    THEN ' (' || events.constraint_kind || ')' ELSE '' END AS kind,
  first_victims.comm || ' (' || first_victims.pid || ')'
    || CASE WHEN victim_counts.victim_count > 1
       THEN ' and ' || (victim_counts.victim_count - 1) || ' more' ELSE '' END AS victim"""

_EVENT_JOINS = """
FROM events
LEFT JOIN hosts ON hosts.host_id = events.host_id
LEFT JOIN victims AS first_victims
  ON first_victims.event_id = events.event_id AND first_victims.victim_no = 1
LEFT JOIN (
  SELECT event_id, COUNT(*) AS victim_count FROM victims GROUP BY event_id
) AS victim_counts ON victim_counts.event_id = events.event_id
WHERE """

_EVENT_ORDER = """
ORDER BY
  events.occurred_at NULLS LAST, hosts.hostname, events.printed_time, events.uptime_s,
  events.event_id"""


def event_rows(connection: Connection, selection: Selection, *, short: bool = False) -> Rows:
    """The chosen events, the earliest first; `short` gives what fits a screen.

    Events of unknown time come last, as their logs printed them.
    """
    condition, parameters = selection.condition()
    columns = _SHORT_EVENT_COLUMNS if short else _EVENT_COLUMNS
    sql = columns + _EVENT_JOINS + condition + _EVENT_ORDER
    return reading.rows(connection, sql, parameters)


def undated_count(connection: Connection, selection: Selection) -> int:
    """Events that a period leaves out only because their time is unknown."""
    condition, parameters = selection.condition(ignoring_time=True)
    sql = "SELECT COUNT(*) AS n" + _FROM + condition + " AND events.occurred_at IS NULL"
    return int(reading.records(connection, sql, parameters)[0]["n"])


def find_event(connection: Connection, wanted: str, selection: Selection) -> str:
    """The id of the event that `wanted` names: a prefix of its id, or `latest`.

    OomdbError when there is none, or more than one.
    """
    if wanted.lower() == LATEST:
        return _latest(connection, selection)
    condition, parameters = selection.condition()
    sql = "SELECT events.event_id" + _FROM + condition
    sql += f" AND STARTS_WITH(events.event_id, ?) ORDER BY 1 LIMIT {_MOST_NAMED + 1}"
    found = [
        record["event_id"]
        for record in reading.records(connection, sql, [*parameters, wanted.lower()])
    ]
    if not found or not wanted:
        raise OomdbError(f"no event whose id begins with {wanted!r} (oomdb events lists them)")
    if len(found) > 1:
        named = ", ".join(found[:_MOST_NAMED]) + (", ..." if len(found) > _MOST_NAMED else "")
        raise OomdbError(f"{wanted!r} is not one event's id: {named}; give more of it")
    return str(found[0])


def _latest(connection: Connection, selection: Selection) -> str:
    """The latest event, of the kinds about an OOM if there are any.

    Where no event has a known time it is the last one in the log that was read last.
    """
    condition, parameters = selection.condition()
    kinds = ", ".join(f"'{kind}'" for kind in OOM_KINDS)
    sql = f"""
SELECT events.event_id, events.occurred_at
FROM events
LEFT JOIN hosts ON hosts.host_id = events.host_id
LEFT JOIN sightings ON sightings.event_id = events.event_id
LEFT JOIN sources ON sources.source_id = sightings.source_id
WHERE {condition}
ORDER BY
  CASE WHEN events.kind IN ({kinds}) THEN 0 ELSE 1 END, events.occurred_at DESC NULLS LAST,
  sources.ingested_at DESC NULLS LAST, sources.path DESC, sightings.first_line DESC
LIMIT 1"""
    found = reading.records(connection, sql, parameters)
    if not found:
        raise OomdbError(
            "no event in the database" if selection.is_everything else "no event was chosen"
        )
    undated = undated_count(connection, selection)
    if found[0]["occurred_at"] is None and undated > 1:
        terminal.note(
            "no event has a known time; this is the last one of the log that was read last"
        )
    elif found[0]["occurred_at"] is not None and undated and not selection.is_by_time:
        terminal.note(f"events whose time is unknown, not considered: {undated:,}")
    return str(found[0]["event_id"])


#: A SELECT whose own ORDER BY comes after its last bracket.
_ORDERED = re.compile(r"\bORDER\s+BY\b[^()]*\Z", re.IGNORECASE)


def view_rows(
    connection: Connection, view: View, selection: Selection, event_id: str | None
) -> Rows:
    """The rows of a view, of all events or of the chosen ones.

    They come in the view's own order, else in that of its columns. An incident is chosen
    with any event of it. UsageError when events were chosen and the view has none; only
    hosts can be chosen in a view that has a host_id.
    """
    columns = reading.column_names(connection, view.name)
    names = ", ".join(map(reading.quoted, columns))
    sql = f"SELECT {names} FROM {reading.quoted(view.name)}"
    parameters: list[object] = []
    if event_id is not None or not selection.is_everything:
        where, parameters = _rows_of(columns, selection, event_id)
        if where is None:
            raise UsageError(f"{view.name} has no event_id: events cannot be chosen in it")
        sql += " WHERE " + where
    if not _ORDERED.search(view.sql):
        sql += " ORDER BY " + ", ".join(str(place + 1) for place in range(len(columns)))
    return reading.rows(connection, sql, parameters)


def _rows_of(
    columns: Sequence[str], selection: Selection, event_id: str | None
) -> tuple[str | None, list[object]]:
    """A condition for the rows about the chosen events; None where the columns allow none."""
    condition, parameters = selection.condition()
    events = "SELECT events.event_id" + _FROM + condition
    if event_id is not None:
        events, parameters = "?", [event_id]
    if "event_id" in columns:
        return f"event_id IN ({events})", parameters
    if "incident_id" in columns:
        return (
            "incident_id IN (SELECT incident_id FROM incident_events"
            f" WHERE event_id IN ({events}))",
            parameters,
        )
    if "host_id" in columns and event_id is None and selection.is_by_host_alone:
        return f"host_id IN (SELECT events.host_id{_FROM}{condition})", parameters
    return None, []
