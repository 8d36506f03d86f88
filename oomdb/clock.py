"""Printed stamps to UTC. A date is never invented: what is missing stays unknown."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:?\d\d)?")
_WITH_YEAR = re.compile(
    r"(?:(?P<first>\d{4}) )?(?:[A-Z][a-z]{2} )?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2})"
    r"(?: (?P<middle>\d{4}))? (?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d+))?"
    r"(?: (?P<last>\d{4}))?"
)


def occurred_at(stamp: str | None) -> tuple[datetime | None, str]:
    """The stamp as naive UTC and how it was found.

    The basis is `stamp` for a stamp with its zone, `stamp_zone_unknown` (no time) for a
    full date without one, `stamp_year_unknown` (no time) where the year is missing, and
    `none` where nothing was printed.
    """
    if stamp is None:
        return None, "none"
    iso = _ISO.fullmatch(stamp)
    if iso and iso.group(8):
        text = stamp.replace(",", ".").replace(" ", "T")
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None), "stamp"
    if iso:
        return None, "stamp_zone_unknown"
    found = _WITH_YEAR.fullmatch(stamp)
    if found and (found["first"] or found["middle"] or found["last"]):
        return None, "stamp_zone_unknown"
    return None, "stamp_year_unknown"


def epoch_s(moment: datetime | None) -> int | None:
    """Whole seconds since 1970 of a naive UTC time, None for None."""
    return None if moment is None else calendar.timegm(moment.timetuple())
