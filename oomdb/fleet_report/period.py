"""The period that a report is about, and the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError, UsageError
from oomdb.selection import LATEST, Selection, moment

if TYPE_CHECKING:
    from oomdb.store.connection import Connection

#: How long a period is unless it is said.
USUAL = "7d"
_HOUR, _MINUTE, _DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
#: Up to this length things are counted by hour.
_SHORT = 2 * _DAY


@dataclass(frozen=True, slots=True)
class Period:
    """`since` <= time < `until`, both naive UTC."""

    since: datetime
    until: datetime

    @property
    def length_s(self) -> int:
        """Its length [s]."""
        return int((self.until - self.since).total_seconds())

    @property
    def before(self) -> Period:
        """The period of the same length that ends where this one begins."""
        return Period(self.since - (self.until - self.since), self.since)

    @property
    def is_by_hour(self) -> bool:
        """Whether what happened in it is counted by hour, not by day."""
        return self.until - self.since <= _SHORT

    @property
    def slots(self) -> list[str]:
        """The hours or days (UTC) that it touches, named as `killed_processes` can be cut.

        A day is `2026-05-31`, an hour `2026-05-31 14`.
        """
        step, form = (_HOUR, "%Y-%m-%d %H") if self.is_by_hour else (_DAY, "%Y-%m-%d")
        at = self.since.replace(minute=0, second=0, microsecond=0)
        if not self.is_by_hour:
            at = at.replace(hour=0)
        found = []
        while at < self.until:
            found.append(at.strftime(form))
            at += step
        return found

    def in_words(self) -> str:
        """Both ends, as a person reads them."""
        return f"{_told(self.since)} to {_told(self.until)}"


def _told(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%MZ" if not at.second else "%Y-%m-%d %H:%M:%SZ")


def period_of(
    connection: Connection,
    since: str | None,
    until: str | None,
    hosts: tuple[str, ...],
    now: datetime,
) -> Period:
    """The period that the options mean; `now` is aware.

    Without `until` it ends now, rounded up to a full hour, or to a full minute where it is
    shorter than a day. `latest` ends it with the hour of the newest event. An age in
    `since` counts from the end. UsageError for what is no time or no period, OomdbError
    where `latest` asks for an event and none has a known time.
    """
    since = since or USUAL
    if until is not None and until.strip().lower() == LATEST:
        newest = newest_event(connection, hosts)
        if newest is None:
            raise OomdbError("no event has a known time: --until latest has nothing to end with")
        end = _rounded_up(newest + timedelta(seconds=1), _HOUR)
    elif until is not None:
        end = moment(until, now)
    else:
        plain_now = moment("0s", now)
        is_short = plain_now - moment(since, now) < _DAY
        end = _rounded_up(plain_now, _MINUTE if is_short else _HOUR)
    period = Period(moment(since, end.replace(tzinfo=UTC)), end)
    if period.since >= period.until:
        raise UsageError(
            f"the period is empty: it begins {_told(period.since)},"
            f" not before its end, {_told(period.until)}"
        )
    try:
        _ = period.before
    except OverflowError:
        raise UsageError(f"--since {since}: there is no time for a period before it") from None
    return period


def _rounded_up(at: datetime, step: timedelta) -> datetime:
    start = datetime(at.year, at.month, at.day)
    return start + -(-(at - start) // step) * step


def newest_event(connection: Connection, hosts: tuple[str, ...] = ()) -> datetime | None:
    """When the newest event of those hosts happened; None where no time is known."""
    condition, parameters = Selection(hosts=hosts).condition()
    sql = (
        "SELECT MAX(events.occurred_at) AS newest FROM events"
        f" LEFT JOIN hosts ON hosts.host_id = events.host_id WHERE {condition}"
    )
    newest = reading.records(connection, sql, parameters)[0]["newest"]
    return newest if isinstance(newest, datetime) else None
