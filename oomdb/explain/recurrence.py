"""Whether it happened before: the storm that the event is part of, and the same victim's past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from datetime import datetime

    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Incident:
    """The storm of reports that the event is part of; `event_no` is its place, from 1."""

    event_no: int
    events: int
    kills: int
    duration_s: int | None


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A victim's name or unit killed again and again; fields as in `recurrent_victims`."""

    scope: str
    subject_kind: str
    subject: str
    kills: int
    events: int
    hosts: int
    first_at: datetime | None
    last_at: datetime | None
    typical_interval_s: int | None
    is_ongoing: bool | None


@dataclass(frozen=True, slots=True)
class Past:
    """The event's incident (None for what is no OOM report), and what recurs of its victims."""

    incident: Incident | None
    recurrences: tuple[Recurrence, ...]


_INCIDENT = """
SELECT m.event_no, i.events, i.kills, i.duration_s
FROM incident_events AS m
INNER JOIN incidents AS i ON i.incident_id = m.incident_id
WHERE m.event_id = ?"""

#: On this host, then in the fleet where it struck other hosts too.
_RECURRENCES = """
SELECT r.scope, r.subject_kind, r.subject, r.kills, r.events, r.hosts, r.first_at, r.last_at,
  r.typical_interval_s, r.is_ongoing
FROM recurrent_victims AS r
INNER JOIN (
    SELECT DISTINCT v.comm, e.host_id, c.unit
    FROM victims AS v
    INNER JOIN events AS e ON e.event_id = v.event_id
    LEFT JOIN cgroup_identity AS c
        ON c.event_id = v.event_id AND c.cgroup_role = 'task'
    WHERE v.event_id = ?
) AS mine
    ON (r.subject_kind = 'comm' AND r.subject = mine.comm
        OR r.subject_kind = 'unit' AND r.subject = mine.unit)
    AND (r.scope = 'host' AND r.host_id = mine.host_id OR r.scope = 'fleet' AND r.hosts > 1)
ORDER BY r.scope DESC, r.subject_kind, r.subject"""


def read(connection: Connection, event: Event) -> Past:
    """What the database holds beside this event that belongs to it."""
    incidents = reading.records(connection, _INCIDENT, [event.event_id])
    recurrences = reading.records(connection, _RECURRENCES, [event.event_id])
    return Past(
        Incident(**incidents[0]) if incidents else None,
        tuple(Recurrence(**record) for record in recurrences),
    )


def tell(page: Page, past: Past, event: Event) -> None:
    """The storm, then each name or unit that was killed before or after."""
    if past.incident is None:
        return
    page.heading("Has it happened before")
    if event.hostname is None:
        page.say("Unknown on this host: the log does not tell which host it is.")
    if past.incident.events > 1:
        page.say(_storm(past.incident))
    for recurrence in past.recurrences:
        page.say(_sentence(recurrence), hanging=5)
    if past.incident.events == 1 and not past.recurrences:
        page.say(
            "Not in this database: no other report of this host is near it, and none names"
            " the same victim."
        )


def _storm(incident: Incident) -> str:
    lasted = ""
    if incident.duration_s:
        lasted = f" within {_duration(incident.duration_s)}"
    return (
        f"It is number {incident.event_no} of a storm of {words.plural(incident.events, 'report')}"
        f" in which {words.plural(incident.kills, 'process was', 'processes were')} killed{lasted}."
    )


def _sentence(recurrence: Recurrence) -> str:
    where = "on this host"
    if recurrence.scope == "fleet":
        where = f"in the fleet, on {words.plural(recurrence.hosts, 'host')}"
    kind = "unit " if recurrence.subject_kind == "unit" else ""
    text = (
        f"{kind}{recurrence.subject or '(no name)'} {where}: killed"
        f" {words.plural(recurrence.kills, 'time')} in {words.plural(recurrence.events, 'report')}"
    )
    if recurrence.first_at is not None and recurrence.last_at is not None:
        text += f", from {_day(recurrence.first_at)} to {_day(recurrence.last_at)}"
    if recurrence.typical_interval_s is not None:
        text += f", typically every {_duration(recurrence.typical_interval_s)}"
    if recurrence.is_ongoing is not None:
        text += "; still happening" if recurrence.is_ongoing else "; not lately"
    return text + "."


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%MZ")


def _duration(seconds: int) -> str:
    """A length of time in its largest fitting unit."""
    for unit_s, name in ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute")):
        if seconds >= 2 * unit_s:
            return f"{round(seconds / unit_s):,} {name}s"
    return words.plural(seconds, "second")
