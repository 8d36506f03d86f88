"""Line prefixes of syslog daemons, dmesg and consoles, as data.

Prefixes combine: a mail quote, a syslog header, a priority, the kernel's stamp and
the caller's id may stand before one text. The forms follow the sources of rsyslog,
util-linux (sys-utils/dmesg.c) and the kernel's printk_caller option.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from oomdb.carriers.line import KernelLine
from oomdb.clock import iso_utc, later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import RawLine

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ISO = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}(?: ?(?:Z|[+-]\d\d:?\d\d))?"
#: journalctl -o short-full and with-unit.
_FULL = rf"\w{{3}} \d{{4}}-\d\d-\d\d {_CLOCK} (?:[A-Z]{{2,5}}|[+-]\d\d)"
_EPOCH = r"\d{9,10}\.\d{6}"
#: What a kernel's own line may begin with that looks like `host program:`.
_KERNEL_TEXT = (
    r"(?:Call [Tt]race|Hardware name|Mem-[Ii]nfo|CPU|Pid|Code|R[A-Z0-9]{2}|EFLAGS|Workqueue"
    r"|Tainted|Backtrace|Stack|oom-kill|oom_reaper|lowmem_reserve\[\]|sysrq|SysRq|swap|kmem"
    r"|memory(?:\+swap)?|[a-z_]+(?:_anon|_file)|free|unevictable|slab_\w+|mapped|shmem|DMA(?:32)?"
    r"|Normal|HighMem|Movable|Device|Memory (?:cgroup|allocations)|Swap cache|Out of):"
)
_HOST = r"[^\s:\[<>]+"
_IDENT = r"[^\s:\[\]]+(?:\[[\d-]*\])?"
_FACILITY = (
    r"(?: (?:kern|user|daemon|local\d|syslog)"
    r"\.(?:emerg|alert|crit|err\w*|warn\w*|notice|info|debug))?"
)


def _received(stamp: str, letter: str) -> str:
    """A line of a syslog daemon or of journalctl: stamp, host (if any), program."""
    return (
        rf"{stamp}(?! {_KERNEL_TEXT})(?: (?P<host_{letter}>{_HOST}))?{_FACILITY}"
        rf" (?!{_KERNEL_TEXT})(?P<ident_{letter}>{_IDENT}):(?: |(?=[\[<])|$)"
    )


_SYSLOG = _received(
    rf"(?P<rfc3164>(?:\d{{4}} )?{_MONTH} +\d{{1,2}}(?: \d{{4}})? {_CLOCK}(?: \d{{4}})?)", "a"
)
_RFC5424 = (
    rf"(?:\d+ )?(?:<\d+>)?1 (?P<rfc5424>{_ISO}|-) (?P<host_b>\S+) (?P<ident_b>\S+) \S+ \S+ "
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(?:\xef\xbb\xbf)?"
)
#: Only dmesg puts a comma before the fraction, and no host or program after the stamp.
_SYSLOG_ISO = _received(rf"(?P<iso>(?![^,. ]+,){_ISO})", "c")
_JOURNAL_FULL = _received(rf"(?P<full>{_FULL})", "d")
_JOURNAL_UNIX = _received(rf"(?P<epoch>{_EPOCH})", "e")
#: journalctl -o short-monotonic; the kernel's own lines begin with the same stamp.
_JOURNAL_MONOTONIC = (
    rf"\[ *(?P<monotonic>\d+\.\d{{6}})\] (?P<host_f>{_HOST})"
    r" (?P<ident_f>kernel|[^\s:\[\]]+\[\d+\]): "
)
#: dmesg --time-format iso, and programs that put a stamp alone before the line.
_BARE_STAMP = rf"(?:(?P<dmesg_iso>{_ISO}) |\[(?P<bracketed_iso>{_ISO})\] ?)"
_LEVEL = r"(?:kern|user|daemon) *:(?:emerg|alert|crit|err|warn|notice|info|debug) *: ?"
_NAMED = r"(?:\w+\|)?kernel(?:\[-?\])?(?:\||:) ?"
#: The kernel's own stamp; dmesg -T, -H and -e put the time of day in its place, in the
#: words of the locale.
_STAMP = (
    r"\[ *(?P<uptime>\d+\.\d+)(?: <[ \d.]+>)?\]"
    r"|\[ *\+(?P<delta>\d+\.\d{6})\]"
    r"|\[(?P<dmesg_time>(?:[^\s\[\]\d]{2,20} +)?\d{0,2}[^\s\[\]\d]{2,20} *\d{1,2} \d\d:\d\d"
    r"(?::\d\d(?:[.,]\d+)?(?: \d{4})?)?)\]"
)
_CALLER = r"(?: ?\[ *(?P<caller>[TC]\d+)\])?"
#: MediaTek's kernels name the processor and the task after the stamp.
_VENDOR = r"(?: ?\(\d+\)\[\d+:[^\]]{0,24}\])?"

PREFIX = re.compile(
    r"(?P<quote>[>|\t ]*)(?P<prefix>"
    rf"(?:<\d+>)?(?:{_RFC5424}|{_SYSLOG}|{_SYSLOG_ISO}|{_JOURNAL_FULL}|{_JOURNAL_UNIX}"
    rf"|{_JOURNAL_MONOTONIC}|{_BARE_STAMP})?(?:{_NAMED})?"
    rf"(?:{_LEVEL})?(?:<\d+>)?(?:(?:{_STAMP}){_CALLER}{_VENDOR} ?)?)"
)
#: A kernel stamp in the middle of a line: two lines written into one.
EMBEDDED = re.compile(r"(?:<\d+>)?\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? ")
#: Newlines inside one record, as rsyslog and /dev/kmsg readers write them.
ESCAPED_NEWLINE = re.compile(r"#012|\\x0a")
_QUOTE = re.compile(r"(?:> ?)+")
#: Colours and cursor moves that dmesg --color and terminals put into lines.
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\([AB0]|\x0f")
#: A larger number of seconds since boot is a time of day.
_LONGEST_UPTIME_S = 10**9
_KERNEL_IDENTS = frozenset({"kernel", "kernel[-]", "kernel[0]"})


class PrefixReader:
    """Takes the lines of one stream, in order, and takes their prefixes off."""

    def __init__(self) -> None:
        self._minute: str | None = None
        self._after_s = 0.0

    def feed(self, line: RawLine) -> Iterator[KernelLine]:
        """The line without its prefix; several where newlines in it were escaped.

        Blank lines are left out.
        """
        stripped = line.text.strip("\r\0")
        if not stripped or stripped.isspace():
            return
        found = split(stripped, line.line_no, line.first_byte, line.last_byte)
        if found.delta_s is not None or found.stamp is not None:
            self._follow(found)
        if "#012" in found.text or "\\x0a" in found.text:
            yield from _unescape(found)
        else:
            yield found

    def _follow(self, line: KernelLine) -> None:
        """Dmesg -H stamps a line by the time since the one before; only minutes are printed."""
        if line.stamp is not None:
            self._minute, self._after_s = line.stamp, 0.0
        elif self._minute is not None and line.delta_s is not None:
            self._after_s += line.delta_s
            line.stamp = later(self._minute, self._after_s)


def split(raw: str, line_no: int, first_byte: int, last_byte: int) -> KernelLine:
    """One line with its prefix recognised and taken off."""
    plain = _COLOUR.sub("", raw) if "\x1b" in raw else raw
    found = PREFIX.match(plain)
    line = KernelLine(plain, line_no, first_byte, last_byte, raw, "bare")
    if found is None or not found["prefix"]:
        quote = _QUOTE.match(plain)
        if quote:
            line.text = plain[quote.end() :]
        return line
    groups = found.groupdict()
    line.text = plain[found.end() :]
    line.prefixed = True
    ident = _first(groups, "ident_")
    line.host = _first(groups, "host_")
    line.foreign = ident is not None and ident not in _KERNEL_IDENTS
    line.carrier = "syslog" if ident else "dmesg"
    line.caller = groups["caller"]
    _set_time(line, groups)
    return line


def _set_time(line: KernelLine, groups: dict[str, str | None]) -> None:
    """Stamp and seconds since boot, as far as they are printed."""
    for name in ("rfc3164", "rfc5424", "iso", "full", "dmesg_iso", "bracketed_iso", "dmesg_time"):
        line.stamp = line.stamp or groups[name]
    if line.stamp == "-":
        line.stamp = None
    if groups["bracketed_iso"]:
        line.carrier = "console"
    uptime = groups["uptime"] or groups["monotonic"]
    seconds = float(uptime) if uptime else None
    epoch = groups["epoch"]
    if epoch or (seconds is not None and seconds >= _LONGEST_UPTIME_S):
        line.stamp = line.stamp or iso_utc(float(epoch or uptime or 0))
    else:
        line.uptime_s = seconds
    if groups["delta"]:
        line.delta_s = float(groups["delta"])


def _first(groups: dict[str, str | None], prefix: str) -> str | None:
    """The one of the groups whose names begin with `prefix` that took part."""
    return next((v for name, v in groups.items() if v and name.startswith(prefix)), None)


def _unescape(line: KernelLine) -> Iterator[KernelLine]:
    for text in ESCAPED_NEWLINE.split(line.text):
        yield replace(line, text=text)
