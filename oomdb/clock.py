"""Printed stamps as moments, as far as each is known. Nothing here invents a date."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

#: Seconds in a year without 29 February, in which stamps without a year are counted.
YEAR_S = 365 * 86400
#: Stamps that are remembered: one stands on many lines.
MOST_STAMPS = 4096
_EPOCH = datetime(1970, 1, 1)
_ANY_YEAR = _EPOCH.year
_FIRST_S = (datetime(2, 1, 1) - _EPOCH).total_seconds()
_END_S = (datetime(9999, 1, 1) - _EPOCH).total_seconds()

#: Abbreviations of zones that mean one offset wherever they are printed, in hours;
#: CST, IST and BST mean several.
_ZONES = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "HKT": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "MDT": -6,
    "PDT": -7,
    "PST": -8,
}

#: How month names begin in the languages in which dmesg -T and journalctl write them
#: (LC_TIME). Names that mean several months, as in Croatian, are left out.
_MONTHS = (
    "jan ene gen jän янв sty oca led ian яну січ сту sau jaa tam ιαν",
    "feb fév fev фев lut şub úno лют vas vee hel φεβ",
    "mar mär mrt мар maa bře már бер сак kov maa μαρ",
    "apr abr avr апр kwi nis dub ápr кві кра bal huh απρ",
    "may mai mag maj mei май мая kvě máj тра geg tou μαΐ μάι μαϊ",
    "jun giu juin июн cze haz čen jún iun чер чэр bir juun jūn юни kes ιουν",
    "jul lug juil июл lip tem čec júl iul лип ліп lie juul jūl юли hei ιουλ",
    "aug ago aoû авг sie ağu srp avg сер жні rgp agu elo αυγ",
    "sep set сен wrz eyl zář sze сеп вер rgs syy σεπ",
    "oct okt ott out окт paź eki říj жов кас spa lok οκτ",
    "nov ноя lis kas noi ное лис ліс lap marr νοε",
    "dec dez dic déc дек gru ara pro des гру сне det jou δεκ",
)
_MONTH_OF = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
#: What may stand in a stamp beside numbers: beginnings of months' names, and zones.
MONTH_WORDS = frozenset(_MONTH_OF)
ZONE_WORDS = frozenset(_ZONES)

_ISO = re.compile(
    r"(?:[^\s\d]{1,20} )?(\d{4})[-/](\d\d)[-/](\d\d)[T _](\d\d:\d\d:\d\d)(?:[.,](\d+))?"
    r" ?(Z|[+-]\d\d(?::?\d\d)?|[A-Z]{2,5})?",
    re.ASCII,
)
_NAMED = re.compile(
    r"(?:(?P<first>\d{4}) )?(?:[^\W\d]+\.? +)??"
    r"(?P<month>\d{0,2}[^\W\d]{1,12})\.? *(?P<day>\d{1,2})日?"
    r"(?: (?P<middle>\d{4}))? (?P<clock>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))?"
    r"(?: (?P<zone>[A-Z]{2,5}))?(?: (?P<last>\d{4}))?"
)
#: Android's logcat.
_NUMBERED = re.compile(r"(\d\d)-(\d\d) (\d\d:\d\d:\d\d)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A stamp as far as it is known: seconds on a clock, in UTC or in an unknown zone.

    `seconds` counts from 1970; without a year it counts from the start of the year.
    """

    seconds: float
    has_year: bool
    has_zone: bool


@lru_cache(MOST_STAMPS)
def moment(stamp: str | None, year: int | None = None) -> Moment | None:
    """The printed stamp as a moment; None for None and for a stamp of no known form.

    `year` stands in where the stamp has none.
    """
    if stamp is None:
        return None
    try:
        return _iso(stamp) or _named(stamp, year) or _numbered(stamp, year)
    except ValueError:
        return None


def _iso(stamp: str) -> Moment | None:
    found = _ISO.fullmatch(stamp)
    if found is None:
        return None
    year, month, day, clock, fraction, zone = found.groups()
    read = datetime.fromisoformat(f"{year}-{month}-{day}T{clock}")
    offset = _offset(zone)
    seconds = calendar.timegm(read.timetuple()) + _fraction(fraction)
    if offset is not None:
        seconds -= offset.total_seconds()
    return Moment(seconds, has_year=True, has_zone=offset is not None)


def _named(stamp: str, known_year: int | None) -> Moment | None:
    """A stamp with the month's name: syslog's, and those of dmesg -T and -H."""
    found = _NAMED.fullmatch(stamp.encode("latin-1", "replace").decode("utf-8", "replace"))
    month = _month(found["month"]) if found else None
    if found is None or month is None:
        return None
    year = found["first"] or found["middle"] or found["last"] or known_year
    clock = found["clock"] if found["clock"].count(":") == 2 else f"{found['clock']}:00"
    seconds = _on_day(year, month, int(found["day"]), clock) + _fraction(found["fraction"])
    offset = _offset(found["zone"])
    if offset is not None:
        seconds -= offset.total_seconds()
    return Moment(seconds, has_year=year is not None, has_zone=offset is not None)


def _numbered(stamp: str, known_year: int | None) -> Moment | None:
    """A stamp with the numbers of month and day alone."""
    found = _NUMBERED.fullmatch(stamp)
    if found is None:
        return None
    seconds = _on_day(known_year, int(found[1]), int(found[2]), found[3]) + _fraction(found[4])
    return Moment(seconds, has_year=known_year is not None, has_zone=False)


def _on_day(year: str | int | None, month: int, day: int, clock: str) -> int:
    """Whole seconds from 1970, or from the start of the year where that is unknown."""
    if year is None and (month, day) == (2, 29):
        day = 28
    read = datetime.fromisoformat(f"{year or _ANY_YEAR}-{month:02}-{day:02}T{clock}")
    return calendar.timegm(read.timetuple())


def _month(name: str) -> int | None:
    """The number of a month by its name in some language; None when it is none."""
    if name.endswith(("月", "월")):
        return int(name[:-1]) if name[:-1].isdecimal() else None
    lower = name.lower()
    return _MONTH_OF.get(lower[:4]) or _MONTH_OF.get(lower[:3])


def _offset(zone: str | None) -> timedelta | None:
    """East of Greenwich, from `+02:00`, `+0200`, `+02` or an unambiguous abbreviation.

    Raises ValueError for a day or more.
    """
    if zone is None:
        return None
    if zone in _ZONES:
        return timedelta(hours=_ZONES[zone])
    if zone[0] not in "+-":
        return None
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        raise ValueError(zone)
    return timedelta(minutes=-minutes if zone[0] == "-" else minutes)


def _fraction(digits: str | None) -> float:
    return float(f"0.{digits}") if digits else 0.0


def utc(seconds: float) -> datetime | None:
    """Seconds since 1970 as naive UTC, in whole microseconds.

    None for a number that is no time, and outside the years 2 to 9998, where any zone's
    offset still gives a date that `datetime` can hold.
    """
    if not _FIRST_S <= seconds < _END_S:
        return None
    return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))


def iso_utc(seconds: float) -> str | None:
    """Seconds since 1970 as an ISO 8601 stamp in UTC; None where `utc` has no date."""
    dated = utc(seconds)
    return None if dated is None else f"{dated.isoformat(timespec='microseconds')}Z"


def later(stamp: str, seconds: float) -> str | None:
    """A stamp without zone, moved on by some seconds, in the same terms; None if unknown."""
    read = moment(stamp)
    moved = utc(read.seconds + seconds) if read is not None else None
    if read is None or moved is None:
        return None
    form = "%Y-%m-%d %H:%M:%S.%f" if read.has_year else "%b %d %H:%M:%S.%f"
    return moved.strftime(form)


def epoch_s(moment: datetime | None) -> int | None:
    """Whole seconds since 1970 of a naive UTC time, None for None."""
    return None if moment is None else calendar.timegm(moment.timetuple())
