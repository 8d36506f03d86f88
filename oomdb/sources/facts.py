"""The small files that tell about a machine, and how each is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from oomdb.clock import moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Wall:
    """A time that a clock showed; `seconds` counts from 1970 as if it were UTC's.

    `offset_s` is how far its zone is ahead of UTC, None where that was not printed;
    `is_local` tells that it is the machine's own zone.
    """

    seconds: float
    offset_s: float | None
    is_local: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What one small file tells."""

    hostname: str | None = None
    kernel_release: str | None = None
    zone: tzinfo | None = None
    now: Wall | None = None
    uptime_s: float | None = None
    boot_s: float | None = None
    boot_wall: Wall | None = None


_HOSTNAME = re.compile(r"(?=[\w.-]*[a-zA-Z])[a-zA-Z0-9_][\w.-]{0,252}", re.ASCII)
_NO_NAMES = re.compile(r"localhost\b.*|\(none\)|n/a", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    r"[A-Z][a-z]{2},? (?:(?P<month>[A-Z][a-z]{2}) +(?P<day>\d\d?)"
    r"|(?P<day2>\d\d?) (?P<month2>[A-Z][a-z]{2}) (?P<year2>\d{4}))"
    r" +(?P<clock>\d\d?:\d\d:\d\d)(?: (?P<half>[AP]M))? (?P<zone>[A-Z]{2,5}|[+-]\d\d(?:\d\d)?)"
    r"(?: (?P<year>\d{4}))?"
)
_UNAME = re.compile(r"Linux (?P<host>\S+) (?P<release>\d+\.\d\S*)")
_UPTIME = re.compile(r"\bup +(?:(\d{1,6}) days?, +)?(?:(\d\d?):(\d\d)|(\d\d?) min)")
_SECTION = re.compile(r"^#==\[ [^\]\n]+ \]=+#\n# ([^\n]+)\n", re.MULTILINE)


def _name(word: str | None) -> str | None:
    """The word as a host name; None when it cannot be one or names every machine."""
    if word and _HOSTNAME.fullmatch(word) and not _NO_NAMES.fullmatch(word):
        return word
    return None


def _hostname(text: str) -> Told:
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return Told(hostname=_name(next((words[0] for words in lines if words), None)))


def _hostnamectl(text: str) -> Told:
    fields = _fields(text)
    name = _name(fields.get("transient hostname")) or _name(fields.get("static hostname"))
    kernel = re.fullmatch(r"Linux (\S+)", fields.get("kernel", ""))
    return Told(hostname=name, kernel_release=kernel[1] if kernel else None)


def _network(text: str) -> Told:
    found = re.search(r"^HOSTNAME=[\"']?([^\"'\s]+)", text, re.MULTILINE)
    return Told(hostname=_name(found[1]) if found else None)


def _uname(text: str) -> Told:
    found = _UNAME.search(text)
    if found is None:
        return Told()
    return Told(hostname=_name(found["host"]), kernel_release=found["release"])


def _osrelease(text: str) -> Told:
    found = re.match(r"(\d+\.\d\S*)\s*$", text)
    return Told(kernel_release=found[1] if found else None)


def _timedatectl(text: str) -> Told:
    fields = _fields(text)
    zone = re.match(r"(\S+)", fields.get("time zone") or fields.get("timezone") or "")
    shown = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", fields.get("universal time", ""))
    now = moment(f"{shown[0]} UTC") if shown else None
    return Told(
        zone=zone_of(zone[1]) if zone else None,
        now=Wall(now.seconds, 0.0, is_local=False) if now else None,
    )


def _timezone(text: str) -> Told:
    return Told(zone=zone_of(text.strip()))


def _sysconfig_clock(text: str) -> Told:
    found = re.search(r"^(?:ZONE|TIMEZONE)=[\"']?([^\"'\s]+)", text, re.MULTILINE)
    return Told(zone=zone_of(found[1]) if found else None)


def _date(text: str) -> Told:
    return Told(now=_shown(text, is_local=True))


def _date_utc(text: str) -> Told:
    return Told(now=_shown(text, is_local=False))


def _shown(text: str, *, is_local: bool) -> Wall | None:
    """The time in the output of `date` in English, in 24 or 12 hours."""
    found = _DATE.search(text)
    year = found and (found["year"] or found["year2"])
    month = found and (found["month"] or found["month2"])
    if found is None or not year or month not in _MONTHS:
        return None
    hour, _, rest = found["clock"].partition(":")
    if found["half"]:
        hour = str(int(hour) % 12 + (12 if found["half"] == "PM" else 0))
    day = int(found["day"] or found["day2"])
    stamp = f"{year}-{_MONTHS.index(month) + 1:02}-{day:02} {int(hour):02}:{rest}"
    local, utc = moment(stamp), moment(f"{stamp} {found['zone']}")
    if local is None or utc is None:
        return None
    offset_s = local.seconds - utc.seconds if utc.has_zone else None
    return Wall(local.seconds, offset_s, is_local)


def _uptime(text: str) -> Told:
    found = _UPTIME.search(text)
    if found is None:
        return Told()
    days, hours, minutes, alone = (int(part or 0) for part in found.groups())
    return Told(uptime_s=days * 86400 + hours * 3600 + (minutes + alone) * 60)


def _proc_uptime(text: str) -> Told:
    found = re.match(r"(\d+\.\d+) \d", text)
    return Told(uptime_s=float(found[1])) if found else Told()


def _proc_stat(text: str) -> Told:
    found = re.search(r"^btime (\d{9,10})$", text, re.MULTILINE)
    return Told(boot_s=float(found[1])) if found else Told()


def _who(text: str) -> Told:
    found = re.search(r"system boot +(\d{4}-\d\d-\d\d \d\d:\d\d)", text)
    booted = moment(f"{found[1]}:00") if found else None
    return Told(boot_wall=Wall(booted.seconds, None, is_local=True)) if booted else Told()


def _fields(text: str) -> dict[str, str]:
    """The `Name: value` lines of a command's output, the names in small letters."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def zone_of(name: str) -> tzinfo | None:
    """The zone of that name; None when there is none, as for a name made to do harm."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


#: The small files, those that tell best first. Names without a folder count at the top
#: of a tree only.
FACTS: dict[str, Callable[[str], Told]] = {
    "proc/stat": _proc_stat,
    "proc/uptime": _proc_uptime,
    "sos_commands/host/hostname": _hostname,
    "sos_commands/general/hostname": _hostname,
    "hostname": _hostname,
    "proc/sys/kernel/hostname": _hostname,
    "etc/hostname": _hostname,
    "etc/HOSTNAME": _hostname,
    "sos_commands/host/hostnamectl_status": _hostnamectl,
    "sos_commands/kernel/uname_-a": _uname,
    "uname": _uname,
    "etc/sysconfig/network": _network,
    "proc/sys/kernel/osrelease": _osrelease,
    "sos_commands/systemd/timedatectl": _timedatectl,
    "etc/timezone": _timezone,
    "etc/sysconfig/clock": _sysconfig_clock,
    "sos_commands/date/date_--utc": _date_utc,
    "sos_commands/date/date": _date,
    "sos_commands/general/date": _date,
    "date": _date,
    "timedatectl": _timedatectl,
    "sos_commands/host/uptime": _uptime,
    "sos_commands/general/uptime": _uptime,
    "uptime": _uptime,
    "sos_commands/login/who_-b": _who,
    "who_-b": _who,
}


def sections(text: str) -> list[tuple[str, str]]:
    """The parts of a supportconfig's file: the command or file of each, and its text."""
    marks = list(_SECTION.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    pairs = zip(marks, ends, strict=True)
    return [(mark[1].strip(), text[mark.end() : end]) for mark, end in pairs]
