"""When a report was printed, in UTC, and what shows it. A date is never invented.

A stamp with date and zone speaks for itself. What it lacks comes from evidence: the
option `--timezone`, the machine's own settings in its archive, dated lines of the same
log, the date in a rotated file's name, the time of a file's last change. Every basis is
named in `events.time_basis`:

- `stamp`: date and zone are printed by what received the line;
- `stamp+zone:X`, `stamp+year:Y`, `stamp+year:Y+zone:X`: that part comes from evidence X or
  Y: `option`, `machine`, `receipt` (the stamp of a program that passed on the line), `line`
  (another line of the log), `name`, `mtime`;
- `boot_clock`: seconds since boot, added to the time of the boot; with `:shared` when
  another log of that boot tells it;
- `dmesg_clock`, with the same additions: dmesg added them itself, which is off after a
  suspend;
- `stamp_year_unknown`, `stamp_zone_unknown`, `none`: the time cannot be known;
- `stamp_hour_unknown`: nor can it in the hour that comes twice when summer time ends, unless
  the log shows its clock being put back, or the boot tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import chain, islice
from operator import le
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from oomdb.clock import Moment, moment, utc
from oomdb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.carriers.line import KernelLine, Lines

_DAY_S = 86400
#: A log was last changed when its last line was written; a copy made later than this
#: says nothing of the year.
_MTIME_REACH_S = 7 * _DAY_S
#: The last line and the file's last change are at most this far apart: a copy may have been
#: changed at any time, which looks like a zone the more often the longer this is.
_MTIME_SLACK_S = 5
#: The same for a line and its receipt by a program that reads on.
_RECEIPT_SLACK_S = 90
_ZONE_STEP_S = 900
_EAST_S, _WEST_S = 14 * 3600, 12 * 3600
#: Zones that are no whole hours from UTC, in quarters of an hour.
_ODD_ZONES = frozenset({-38, -14, -10, 14, 18, 22, 23, 26, 35, 38, 42, 51, 55})
#: Stamps that go back by more than this have passed the end of a year.
TURN_S = 180 * _DAY_S
#: A clock that goes back by this much was put back at the end of summer time, and by less
#: the lines came late; the hour that came twice is over after the third.
RETURN_S = range(120, 7200)
_RETURN_REACH_S = 2 * 3600
#: The hardware clock at boot, as the kernel prints it (drivers/rtc/class.c).
RTC = re.compile(r"setting system clock to .*\((\d{9,10})\)")
_NAME_DATE = re.compile(r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")
#: Folders of a tree that is kept by days or months: 2024/06/04, 2024-06-04, 2024/06.
_FOLDER_DATE = re.compile(r"(?<!\d)(20\d\d)([-_./]?)([01]\d)(?:\2([0-3]\d))?(?!\d)")
#: What lies in such a folder is at most this much older than its date; a folder in which
#: someone collected logs has any date.
_FOLDER_REACH_S = 33 * _DAY_S


def trust(basis: str) -> int:
    """The place of a basis among others, the best first, from 0."""
    if "+year" in basis:
        return 4
    order = ("stamp", "stamp+zone", "boot_clock", "dmesg_clock")
    kind = basis.partition(":")[0].replace("dmesg_clock+zone", "dmesg_clock")
    return order.index(kind) if kind in order else len(order) + 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a log beside its lines; None where nothing tells.

    `zone` is the one that the user named, `machine_zone` the machine's own.
    `collected_s` is when the machine was looked at, `boot_s` when it had booted then,
    `modified_s` when the file was last changed, each in seconds since 1970.
    """

    name: str = ""
    zone: tzinfo | None = None
    machine_zone: tzinfo | None = None
    collected_s: float | None = None
    boot_s: float | None = None
    modified_s: float | None = None


class Timeline:
    """What the lines of one log tell about its times while they go by."""

    def __init__(self) -> None:
        self._told: tuple[str, str | None] | None = None
        self._turn = 0
        self._last: Moment | None = None
        self._last_stamp: str | None = None
        self._dated: dict[int, float] = {}
        self._zone: tzinfo | None = None
        self._boots: dict[str | None, tuple[float, float]] = {}
        self._clocks: dict[str | None, float] = {}
        self._returns: dict[str | None, float] = {}

    def see(self, line: KernelLine) -> None:
        """Learn from a line, and note on it how often the year has turned and when it booted."""
        if line.stamp is not None and (line.stamp, line.host) != self._told:
            self._told = line.stamp, line.host
            self._learn(line.stamp)
            self._watch_clock(line.stamp, line.host)
        line.turn = self._turn
        returned_s = self._returns.get(line.host)
        line.returned = returned_s is not None and (
            0 <= self._clocks[line.host] - returned_s <= _RETURN_REACH_S
        )
        if line.uptime_s is not None:
            line.boot_s = self._boot(line, line.uptime_s)

    def see_stamps(
        self, stamps: Sequence[str], hosts: Sequence[str], day: int, lines: Lines
    ) -> None:
        """Learn from `lines` that tell nothing but their stamps, which have all the same form.

        The first `day` characters of a stamp are its day. While time goes up in one day and
        zone, the first and the last stamp of each host tell all.
        """
        told = list(zip(stamps, hosts, strict=True))
        changed = [
            one
            for one, before in zip(told, chain((self._told,), told), strict=False)
            if one != before
        ]
        if not changed:
            return
        self._told = changed[-1]
        kept = changed
        is_one_day = changed[0][0][:day] == changed[-1][0][:day]
        if is_one_day and all(map(le, stamps, islice(stamps, 1, None))) and _one_zone(stamps):
            first = {host: (stamp, host) for stamp, host in reversed(changed)}
            last = {host: (stamp, host) for stamp, host in changed}
            kept = sorted({changed[0], changed[-1], *first.values(), *last.values()})
        for stamp, host in kept:
            self._learn(stamp)
            self._watch_clock(stamp, host)

    def _learn(self, stamp: str) -> None:
        read = moment(stamp)
        if read is None:
            return
        if read.has_year:
            self._dated[self._turn] = read.seconds
            if read.has_zone and not stamp.endswith(("Z", "UTC", "GMT")):
                self._zone = self._zone or _printed_zone(stamp)
            return
        if self._last is not None and self._last.seconds - read.seconds > TURN_S:
            self._turn += 1
        elif self._last is not None and read.seconds - self._last.seconds > TURN_S and self._turn:
            return  # a late line of December after lines of January
        self._last, self._last_stamp = read, stamp

    def _watch_clock(self, stamp: str, host: str | None) -> None:
        """Notice that the clock of a host was put back."""
        read = moment(stamp)
        if read is None or read.has_zone:
            return
        before_s = self._clocks.get(host)
        if before_s is not None and int(before_s - read.seconds) in RETURN_S:
            self._returns[host] = read.seconds
        self._clocks[host] = read.seconds

    def _boot(self, line: KernelLine, uptime_s: float) -> float | None:
        """When the host of the line had booted, after its rtc line was seen."""
        clock = RTC.search(line.text) if "system clock" in line.text else None
        if clock:
            self._boots[line.host] = (float(clock[1]) - uptime_s, uptime_s)
        known = self._boots.get(line.host)
        if known is None:
            return None
        boot_s, last_s = known
        if uptime_s < last_s - 1:
            del self._boots[line.host]
            return None
        self._boots[line.host] = (boot_s, uptime_s)
        return boot_s

    def date(self, line: KernelLine, evidence: Evidence) -> tuple[datetime | None, str]:
        """When the line was printed (naive UTC, None when unknowable) and the basis."""
        dated, basis = self._by_stamp(line, evidence)
        booted_s = _by_boot(line, evidence)
        if dated is None and booted_s is not None:
            dated = utc(booted_s)
            basis = "boot_clock" if dated is not None else basis
        return dated, basis

    def _by_stamp(self, line: KernelLine, evidence: Evidence) -> tuple[datetime | None, str]:
        """The same by the printed stamp alone."""
        read = moment(line.stamp)
        if read is None or line.stamp is None:
            return None, "none"
        basis = "dmesg_clock" if line.carrier == "dmesg" else "stamp"
        if not read.has_year:
            year = _received_year(line) or self._year(line.stamp, line.turn, evidence)
            dated = moment(line.stamp, year[0]) if year is not None else None
            if year is None or dated is None:
                return None, "stamp_year_unknown"
            read, basis = dated, f"{basis}+year:{year[1]}"
        wall = utc(read.seconds)
        if wall is None:
            return None, "none"
        if read.has_zone:
            return wall, basis
        zone = self._zone_of(evidence, line, read)
        if zone is None:
            return None, "stamp_zone_unknown"
        local = wall.replace(tzinfo=zone[0])
        if local.utcoffset() > local.replace(fold=1).utcoffset():  # type: ignore[operator]
            second = self._is_second(line, local, evidence)
            if second is None:
                return None, "stamp_hour_unknown"
            local = local.replace(fold=second)
        return local.astimezone(UTC).replace(tzinfo=None), f"{basis}+zone:{zone[1]}"

    def _is_second(self, line: KernelLine, local: datetime, evidence: Evidence) -> bool | None:
        """Whether an hour that comes twice had come before; None when nothing tells."""
        if line.returned:
            return True
        returned_s = self._returns.get(line.host)
        printed = moment(line.stamp)
        if returned_s is not None and printed is not None:
            apart_s = abs(returned_s - printed.seconds)
            if apart_s <= _RETURN_REACH_S:
                return False
        booted_s = _by_boot(line, evidence)
        if booted_s is None:
            return None
        return booted_s - local.timestamp() > _RETURN_REACH_S / 4

    def _year(self, stamp: str, turn: int, evidence: Evidence) -> tuple[int, str] | None:
        """The year of a stamp without one, and what tells it."""
        if self._dated:
            nearest = min(self._dated, key=lambda dated_turn: abs(turn - dated_turn))
            near_s = self._dated[nearest] + (turn - nearest) * 365.25 * _DAY_S
            year = _nearest_year(stamp, near_s)
            return (year, "line") if year is not None else None
        year, basis = self._end(evidence)
        return (year - (self._turn - turn), basis) if year is not None else None

    def _end(self, evidence: Evidence) -> tuple[int | None, str]:
        """The year of the log's last stamp, and what tells it."""
        if self._last_stamp is None:
            return None, "none"
        named = _date_in(evidence.name)
        if named is not None:
            return _last_year(self._last_stamp, named + 2 * _DAY_S), "name"
        if evidence.collected_s is not None:
            return _last_year(self._last_stamp, evidence.collected_s + _DAY_S), "machine"
        if evidence.modified_s is not None:
            year = _last_year(self._last_stamp, evidence.modified_s + _DAY_S)
            if self._is_near(year, evidence.modified_s, _MTIME_REACH_S):
                return year, "mtime"
        for folder_s in _folder_dates(evidence.name):
            year = _last_year(self._last_stamp, folder_s + 2 * _DAY_S)
            if self._is_near(year, folder_s, _FOLDER_REACH_S):
                return year, "name"
        return None, "none"

    def _is_near(self, year: int | None, seconds: float, reach_s: float) -> bool:
        """Whether the log's last stamp, in a year, lies at most so long before a moment."""
        read = moment(self._last_stamp, year) if year is not None else None
        return read is not None and seconds - read.seconds <= reach_s

    def _zone_of(
        self, evidence: Evidence, line: KernelLine, read: Moment
    ) -> tuple[tzinfo, str] | None:
        """The zone of a stamp that prints none, and what tells it."""
        if evidence.zone is not None:
            return evidence.zone, "option"
        if evidence.machine_zone is not None:
            return evidence.machine_zone, "machine"
        received = moment(line.received)
        if received is not None and received.has_year and received.has_zone:
            zone = _offset_between(read.seconds, received.seconds, _RECEIPT_SLACK_S)
            if zone is not None:
                return zone, "receipt"
        if self._zone is not None:
            return self._zone, "line"
        # What dmesg printed was written down later, at any time.
        zone = self._zone_by_mtime(evidence) if line.carrier != "dmesg" else None
        return (zone, "mtime") if zone is not None else None

    def _zone_by_mtime(self, evidence: Evidence) -> tzinfo | None:
        """The offset between the last stamp and the file's last change, when it is a zone's."""
        if evidence.modified_s is None or self._last_stamp is None:
            return None
        year = _last_year(self._last_stamp, evidence.modified_s + _DAY_S)
        read = moment(self._last_stamp, year) if year is not None else None
        if read is None:
            return None
        return _offset_between(read.seconds, evidence.modified_s, _MTIME_SLACK_S)


def _one_zone(stamps: Sequence[str]) -> bool:
    """Whether all stamps in ISO 8601 print the same zone, or none."""
    seconds = len("2024-06-04T00:00:00")
    return len({stamp[seconds:].lstrip(".0123456789") for stamp in stamps}) == 1


def _by_boot(line: KernelLine, evidence: Evidence) -> float | None:
    """When the line was printed by its own stamp since boot; None without that or the boot."""
    boot_s = line.boot_s if line.boot_s is not None else evidence.boot_s
    return None if boot_s is None or line.uptime_s is None else boot_s + line.uptime_s


def _received_year(line: KernelLine) -> tuple[int, str] | None:
    """The year by the program that passed on the line."""
    received = moment(line.received)
    if received is None or line.stamp is None or not received.has_year:
        return None
    year = _nearest_year(line.stamp, received.seconds)
    return (year, "receipt") if year is not None else None


def _offset_between(wall_s: float, utc_s: float, slack_s: float) -> tzinfo | None:
    """The zone whose clock showed a time at a moment or at most so long before; None for none."""
    ahead_s = wall_s - utc_s
    steps = round((ahead_s + slack_s / 2) / _ZONE_STEP_S)
    late_s = steps * _ZONE_STEP_S - ahead_s
    if not (-_WEST_S <= ahead_s <= _EAST_S and -1 <= late_s <= slack_s):
        return None
    if steps % 4 and steps not in _ODD_ZONES:
        return None
    return timezone(timedelta(seconds=steps * _ZONE_STEP_S))


def zone_called(name: str) -> tzinfo:
    """The zone of that name in the zone database, or at that offset; UsageError when none."""
    offset = _printed_zone(name)
    if offset is not None:
        return offset
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"no time zone is called {name!r} (give Europe/Berlin, UTC or +02:00)"
        ) from None


def _printed_zone(stamp: str) -> tzinfo | None:
    """The offset at the end of a stamp, such as +02:00; None when there is none."""
    found = re.search(r"([+-])(\d\d):?(\d\d)$", stamp)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if offset >= timedelta(days=1):
        return None
    return timezone(-offset if found[1] == "-" else offset)


def _date_in(name: str) -> float | None:
    """The start of the day that a rotated file's name holds, in seconds since 1970."""
    for found in reversed(list(_NAME_DATE.finditer(name.rpartition("/")[2]))):
        try:
            return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None


def _folder_dates(name: str) -> list[float]:
    """The ends of the days or months that the folders name, in seconds since 1970."""
    found = []
    for date in reversed(list(_FOLDER_DATE.finditer(name.rpartition("/")[0]))):
        year, month, day = int(date[1]), int(date[3]), int(date[4] or 0)
        try:
            first = datetime(year, month, day or 1, tzinfo=UTC).timestamp()
        except ValueError:
            continue
        found.append(first if day else first + 31 * _DAY_S)
    return found


def _nearest_year(stamp: str, seconds: float) -> int | None:
    """The year in which the stamp lies nearest to a moment; None outside the calendar."""
    near = utc(seconds)
    if near is None:
        return None

    def distance(year: int) -> float:
        read = moment(stamp, year)
        return abs(read.seconds - seconds) if read is not None else float("inf")

    return min((near.year, near.year - 1, near.year + 1), key=distance)


def _last_year(stamp: str, seconds: float) -> int | None:
    """The last year in which the stamp does not lie after a moment; None outside the calendar."""
    end = utc(seconds)
    if end is None:
        return None
    read = moment(stamp, end.year)
    return end.year if read is not None and read.seconds <= seconds else end.year - 1
