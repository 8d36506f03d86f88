"""Days and weeks that follow each other without a gap, as reports on a schedule need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oomdb.errors import UsageError
from oomdb.settings import forms

if TYPE_CHECKING:
    from datetime import time

_DAYS = {"day": 1, "week": 7}


def clock_time(text: str) -> time:
    """A time of day such as `07:00`; UsageError when it is none."""
    try:
        return forms.clock_time(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def last_period(length: str, starts: time, now: datetime) -> tuple[datetime, datetime]:
    """The last whole day or week before `now`, which is aware, as naive UTC.

    Days begin at `starts` on the machine's clock, weeks with such a Monday. So each period
    ends where the next begins, whenever in the next one it is asked for.
    """
    local = now.astimezone()
    end = datetime.combine(local.date(), starts)
    if length == "week":
        end -= timedelta(days=end.weekday())
    if end.astimezone() > local:
        end -= timedelta(days=_DAYS[length])
    # Both are times on the clock: a day in which clocks are changed has 23 or 25 hours.
    return _utc(end - timedelta(days=_DAYS[length])), _utc(end)


def _utc(local: datetime) -> datetime:
    return local.astimezone(UTC).replace(tzinfo=None)
