"""A printed stamp as far as it is known, for comparing copies of one report."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from oomdb.incidents.resolve import Moment

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")
_NAMED = re.compile(
    r"(?:(?P<first>\d{4}) )?(?:[A-Z][a-z]{2} )?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2})"
    r"(?: (?P<middle>\d{4}))? (?P<clock>\d\d:\d\d:\d\d)(?:[.,]\d+)?(?: (?P<last>\d{4}))?"
)
#: A year without 29 February, in which stamps without a year are counted.
_ANY_YEAR = 1970


def moment(stamp: str | None) -> Moment | None:
    """The stamp in seconds; None for a stamp of no known form."""
    if stamp is None:
        return None
    iso = _ISO.fullmatch(stamp)
    if iso:
        parsed = datetime.fromisoformat(f"{iso[1]}T{iso[2]}{iso[3] or ''}")
        offset = parsed.utcoffset() or timedelta()
        seconds = calendar.timegm((parsed - offset).timetuple())
        return Moment(seconds, has_year=True, has_zone=iso[3] is not None)
    named = _NAMED.fullmatch(stamp)
    if named is None:
        return None
    year = named["first"] or named["middle"] or named["last"]
    try:
        parsed = datetime.strptime(
            f"{year or _ANY_YEAR} {named['month']} {named['day']} {named['clock']}",
            "%Y %b %d %H:%M:%S",
        )
    except ValueError:
        return None
    seconds = calendar.timegm(parsed.timetuple())
    return Moment(seconds, has_year=year is not None, has_zone=False)
