"""Line prefixes of syslog daemons, dmesg and consoles, as data.

Prefixes combine: a mail quote, a syslog header, a priority, the kernel's stamp and
the caller's id may stand before one text. The forms follow the sources of rsyslog,
util-linux (sys-utils/dmesg.c) and the kernel's printk_caller option.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oomdb.carriers.line import KernelLine, RawLine, plausible_uptime_s
from oomdb.clock import iso_utc, later

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENGLISH_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
#: The months of journalctl's and dmesg's stamps are the locale's words, cut short or not.
_MONTH = r"(?:\d{1,2}[^\s\d\[\]<>:=\"'(){},/]{1,3}|[^\s\d\[\]<>:=\"'(){},/]{3,20})"
_WEEKDAY = r"[^\s\d\[\]<>:=\"'(){}/]{1,20}"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ISO = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}(?: ?(?:Z|[+-]\d\d:?\d\d))?"
#: journalctl -o short-full and with-unit.
_FULL = rf"{_WEEKDAY} \d{{4}}-\d\d-\d\d {_CLOCK} (?:[A-Z]{{2,5}}|[+-]\d\d)"
_EPOCH = r"\d{9,10}\.\d{6}"
#: What a kernel's own line may begin with that looks like `host program:`.
_KERNEL_TEXT = (
    r"(?:Call [Tt]race|Hardware name|Mem-[Ii]nfo|CPU|Pid|Code|R[A-Z0-9]{2}|EFLAGS|Workqueue"
    r"|Tainted|Backtrace|Stack|oom-kill|oom_reaper|lowmem_reserve\[\]|sysrq|SysRq|swap|kmem"
    r"|memory(?:\+swap)?|[a-z_]+(?:_anon|_file)|free|unevictable|slab_\w+|mapped|shmem|DMA(?:32)?"
    r"|Normal|HighMem|Movable|Device|Memory (?:cgroup|allocations)|Swap cache|Out of):"
)
#: The level of a line, as `facility.severity`.
_LEVEL_NAME = (
    r"(?:kern|user|daemon|local\d|syslog)\.(?:emerg|alert|crit|err\w*|warn\w*|notice|info|debug)"
)
#: A name or an address, which may be one of IPv6 and stand in brackets, or what someone put
#: in its place, as `<host>`.
_HOST = (
    rf"(?!{_LEVEL_NAME} )(?:[^\s:\[<>]+|\[[\da-fA-F:.]+\]|<[\w.-]{{1,64}}>"
    r"|[\da-fA-F]{0,4}:[\da-fA-F]{0,4}:[\da-fA-F:.]*(?:%\w+)?)"
)
_IDENT = r"[^\s:\[\]]+(?:\[[\d-]*\])?"
_FACILITY = rf"(?: {_LEVEL_NAME})?"
#: The kernel's own stamp comes next.
_BEFORE_UPTIME = r"(?=(?:<\d+>)?\[ *\d+\.\d{6}\])"


def _received(stamp: str, letter: str) -> str:
    """A line of a syslog daemon or of journalctl: stamp, host (if any), program.

    What netconsole sent has no program; a host that was taken out leaves two blanks.
    """
    return (
        rf"{stamp}(?! {_KERNEL_TEXT})(?: (?P<host_{letter}>{_HOST}))?{_FACILITY}"
        rf" {{1,2}}(?:(?!{_KERNEL_TEXT})(?P<ident_{letter}>{_IDENT}):(?:[ \t]|(?=[\[<])|$)"
        rf"|(?<=[^:] ){_BEFORE_UPTIME}|\[kernel\] )"
    )


_NAMED_STAMP = (
    rf"(?:\d{{4}} )?(?:{_WEEKDAY} +)??{_MONTH}[ \t]+\d{{1,2}}(?: \d{{4}})? {_CLOCK}(?: \d{{4}})?"
)
_SYSLOG = _received(rf"(?P<rfc3164>{_NAMED_STAMP})", "a")
_RFC5424 = (
    rf"1 (?P<rfc5424>{_ISO}|-) (?P<host_b>\S+) (?P<ident_b>\S+) \S+ \S+ "
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(?:\xef\xbb\xbf)?"
)
#: Only dmesg puts a comma before the fraction, and no host or program after the stamp.
_SYSLOG_ISO = _received(rf"(?P<iso>(?![^,. ]+,){_ISO})", "c")
_JOURNAL_FULL = _received(rf"(?P<full>{_FULL})", "d")
_JOURNAL_UNIX = _received(rf"(?P<epoch>{_EPOCH})", "e")
#: socklog, of which svlogd keeps the lines.
_SVLOGD = (
    rf"(?P<svlogd>\d{{4}}-\d\d-\d\d[T_]{_CLOCK}) (?P<ident_g>kern)"
    r"\.(?:emerg|alert|crit|err|warn|notice|info|debug): "
)
#: journalctl -o short-monotonic and short-delta; the kernel's own lines begin with the
#: same stamp.
_JOURNAL_MONOTONIC = (
    rf"\[ *(?P<monotonic>\d+\.\d{{6}})(?: <[ \d.]+>)?\] (?P<host_f>{_HOST})"
    r" (?P<ident_f>kernel|[^\s:\[\]]+\[\d+\]): "
)
#: dmesg --time-format iso, and programs that put a stamp alone before the line; ktest's is
#: how many seconds the machine has run.
_BARE_STAMP = (
    rf"(?:(?P<dmesg_iso>{_ISO}) |\[(?P<bracketed_iso>{_ISO})\] ?"
    rf"|(?P<console_stamp>{_NAMED_STAMP}) {_BEFORE_UPTIME}|0\d{{4}} )"
)
_LEVEL = r"(?:kern|user|daemon) *:(?:emerg|alert|crit|err|warn|notice|info|debug) *: ?"
#: What programs that pass on whole lines put before a line's own header: the runtime of
#: containers (CRI), kubectl and exports of CloudWatch a stamp; oc, pdsh and clush the machine;
#: kubectl and docker compose the container; getty a prompt.
_OWN_HEADER = (
    rf"(?=(?:<\d+>)?(?:{_NAMED_STAMP} |1 {_ISO} |{_ISO}[ ,]|\[ *\d+\.\d{{6}}\]"
    r"|\[[^\s\[\]\d]{1,20} +\d{0,2}[^\s\[\]\d]{2,20} *\d{1,2} \d\d:\d\d:\d\d \d{4}\]))"
)
_RELAYED = (
    rf"(?:(?P<relay_stamp>{_ISO}) (?:(?:stdout|stderr) [FP] |(?=(?:<\d+>)?{_NAMED_STAMP} |<\d+>1 ))"
    rf"|(?P<relay_name>(?!{_KERNEL_TEXT})[a-zA-Z\d][\w.-]*): {_OWN_HEADER}"
    rf"|(?P<relay_node>(?=[\w.-]*[a-zA-Z])[^\W\d]*(?:[\d-]|\.\w)[\w.-]*) (?={_NAMED_STAMP} )"
    rf"|(?:\[[\w./-][\w.-]*/[\w./-]+\]|[\w.-]+ +\|) {_OWN_HEADER}|[\w.-]+ login: {_BEFORE_UPTIME})"
)
_NAMED = r"(?:\w+\|)?kernel(?:\[-?\])?(?:\||:) ?"
#: The kernel's own stamp; dmesg -T, -H and -e put the time of day in its place, in the
#: words of the locale.
_STAMP = (
    r"\[[ \t]*(?P<uptime>\d+\.\d+)(?:@\d+|s)?(?: <[ \d.]+>)?\]"
    r"|\[ *\+(?P<delta>\d+\.\d{6})\]|\[< *\d+\.\d{6}>\]"
    r"|\[(?P<dmesg_time>(?:[^\s\[\]\d]{1,20} +)?\d{0,2}[^\s\[\]\d]{2,20} *\d{1,2} \d\d:\d\d"
    r"(?::\d\d(?:[.,]\d+)?(?: \d{4})?)?)(?: <[ \d.]+>)?\]"
)
_CALLER = r"(?: ?\[ *(?P<caller>[TC]\d+)\])?"
#: The kernels of some makers name the processor and the task, after the stamp if any.
_MEDIATEK = r" {0,2}-?(?:<\d+>)?\(\d+\)\[\d+:[^\]]{0,24}\]"
_HUAWEI = r"\[pid:\d+,cpu\d+,[^\]]{0,24}\]"
_SAMSUNG = r"[A-Z]?\[ *\d+: *[^\]:]{1,15}(?::[^\]:]{1,12})*: *\d+\]"
#: What may follow the kernel's own stamp and still stand before the text.
MORE_PREFIX = re.compile(
    rf" ?\[ *[TC]\d+\]|{_MEDIATEK}|{_HUAWEI}| {{0,2}}{_SAMSUNG}"
    rf"|{_HOST} (?:kernel|[^\s:\[\]]+\[\d+\]): ",
    re.ASCII,
)

#: The file and the number that grep puts before a line.
_FOUND_IN = (
    r"(?:(?:[\w-]*[/.][\w./-]*[:-])?(?:\d+[:-])?"
    rf"(?={_ENGLISH_MONTH} |\[ *\d+\.\d{{6}}\]|\d{{4}}-\d\d-\d\dT))?"
)
#: What comes before the kernel's own stamp, and that stamp.
RECEIVED = re.compile(
    rf"[>|\t ]*{_FOUND_IN}"
    rf"(?P<received>(?:(?:\d+ )?<\d+>)?(?:{_LEVEL})?(?:{_RFC5424}|{_SYSLOG}|{_SVLOGD}"
    rf"|{_SYSLOG_ISO}"
    rf"|{_JOURNAL_FULL}|{_JOURNAL_UNIX}|{_JOURNAL_MONOTONIC}|{_BARE_STAMP})?(?:{_NAMED})?"
    rf"(?:{_LEVEL})?)",
    re.ASCII,
)
RELAYED = re.compile(rf"[>|\t ]*{_RELAYED}", re.ASCII)
PRINTED = re.compile(
    rf"(?P<printed>(?:<\d+>)?(?:(?:{_STAMP}){_CALLER}"
    rf"(?:{_MEDIATEK}|{_HUAWEI}| {{0,2}}{_SAMSUNG})? ?"
    rf"|{_SAMSUNG} |\[ *(?P<lone_caller>[TC]\d+)\] )?)",
    re.ASCII,
)
#: A kernel stamp in the middle of a line: two lines written into one.
EMBEDDED = re.compile(r"(?:<\d+>)?\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? ")
#: Newlines inside one record, as rsyslog and /dev/kmsg readers write them.
ESCAPED_NEWLINE = re.compile(r"#012|\\x0a|(?:\\r)?\\n(?=(?:<\d+>)?\[ *\d+\.\d{6}\])")
_NUMBER = re.compile(r"\d+")
#: A prefix that no rule knows is not longer, and stands in lines that are not further apart.
_LONGEST_PREFIX = 160
_NEAR_LINES = 3
_QUOTE = re.compile(r"(?:> ?)+")
#: Colours and cursor moves that dmesg --color and terminals put into lines.
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\([AB0]|\x0f")
#: A stamp in which a mailer put no-break spaces for blanks, in UTF-8.
_MAILED = re.compile(
    r"(?:[>| ]|\xc2\xa0)*(?:\[(?: |\xc2\xa0)*\d|[A-Z][a-z]{2}(?: |\xc2\xa0){2}\d )"
)
#: Facilities but the kernel's, 0: `<12>` is 1. dmesg has the ring buffer's own, of which the
#: kernel keeps 0 for itself; a syslog header has what the last relay put.
_PRIORITY = re.compile(r"(?:\d+ )?<0*(?:[89]|[1-9]\d+)>")
_PROGRAMS_LEVEL = re.compile(r"(?:user|daemon) *:\w+ *: ?")
_PROGRAMS_FACILITY = re.compile(r" (?:user|daemon|local\d|syslog)\.[a-z]+ ")
_KERNEL_IDENTS = frozenset({"kernel", "kern", "kernel[-]", "kernel[0]"})
#: What getty writes to a console beside the kernel: the end of a banner, and its prompts.
_GETTY = re.compile(
    r"[\w.-]+ login: *\S*|Password: *|.{3,60} (?:tty|hvc|console|sclp|xvc)\w{0,8} *"
)


class PrefixReader:
    """Takes the lines of one stream, in order, and takes their prefixes off."""

    def __init__(self) -> None:
        self._header = _NO_HEADER
        self._unknown_prefix: tuple[int, str] | None = None
        self._minute: str | None = None
        self._after_s = 0.0
        self._passed: str | None = None

    def feed(self, line: RawLine) -> Iterator[KernelLine]:
        """The line without its prefix; several where newlines in it were escaped.

        Blank lines, and those between the parts of a log from pstore, are left out.
        """
        text = line.text.strip("\r\0")
        if not text or text.isspace():
            return
        if "\0" in text:
            for part in _without_zeros(line):
                yield from self.feed(part)
            return
        plain = _COLOUR.sub("", text) if "\x1b" in text else text
        if "\xc2\xa0" in plain and (stamp := _MAILED.match(plain)) is not None:
            plain = stamp[0].replace("\xc2\xa0", " ") + plain[stamp.end() :]
        if self._passed is not None:
            self._header, self._passed = _header(self._passed), None
        if not self._shares_header(plain):
            self._header = _header(plain)
        raw = line if len(text) == len(line.text) else replace(line, text=text)
        found = _split(raw, plain, self._header)
        if found.delta_s is not None or found.stamp is not None:
            self._follow(found)
        self._pass_unknown_prefix(found)
        if "#012" in found.text or "\\x0a" in found.text or "\\n" in found.text:
            yield from _unescape(found)
        else:
            yield found

    def pass_by(self, text: str, stamp: str | None) -> None:
        """Go on after a line with that stamp, which was read without this reader."""
        self._passed = text
        if stamp is not None:
            self._minute, self._after_s = stamp, 0.0

    def _pass_unknown_prefix(self, line: KernelLine) -> None:
        """Take off what stands before the kernel's stamp in line after line, whatever it is."""
        stamp = EMBEDDED.search(line.text, 0, _LONGEST_PREFIX)
        if stamp is None or not stamp.start():
            return
        shape = _NUMBER.sub("0", " ".join(line.text[: stamp.start()].split()))
        known, self._unknown_prefix = self._unknown_prefix, (line.line_no, shape)
        if known is None or known[1] != shape or line.line_no - known[0] > _NEAR_LINES:
            return
        printed = PRINTED.match(line.text, stamp.start())
        assert printed is not None
        line.text = line.text[printed.end() :]
        line.prefixed = True
        line.caller = printed["caller"] or line.caller
        line.uptime_s = plausible_uptime_s(float(printed["uptime"]))

    def _shares_header(self, text: str) -> bool:
        """Whether the line begins with the header of the line before and no more of one."""
        known = self._header.text
        return (
            self._header.names_program
            and text.startswith(known)
            and not text.startswith(("kern", "user", "daemon"), len(known))
        )

    def _follow(self, line: KernelLine) -> None:
        """Dmesg -H stamps a line by the time since the one before; only minutes are printed."""
        if line.stamp is not None:
            self._minute, self._after_s = line.stamp, 0.0
        elif self._minute is not None and line.delta_s is not None:
            self._after_s += line.delta_s
            line.stamp = later(self._minute, self._after_s)


def _without_zeros(line: RawLine) -> Iterator[RawLine]:
    """What stands before, between and after runs of zero bytes.

    A file system leaves them where a crash lost what was written; another line may follow.
    """
    for found in re.finditer(r"[^\0]+", line.text):
        start = line.first_byte + found.start()
        end = start + len(found.group())
        last = line.last_byte if found.end() == len(line.text) else end + 1
        yield RawLine(found.group(), line.line_no, start, last)


def split(raw: str, line_no: int, first_byte: int, last_byte: int) -> KernelLine:
    """One line with its prefix recognised and taken off."""
    plain = _COLOUR.sub("", raw) if "\x1b" in raw else raw
    return _split(RawLine(raw, line_no, first_byte, last_byte), plain, _header(plain))


def _split(raw: RawLine, plain: str, header: _Header) -> KernelLine:
    """The same for a line whose header is known; `plain` is without colours."""
    printed = PRINTED.match(plain, len(header.text))
    assert printed is not None
    line = KernelLine(plain, raw.line_no, raw.first_byte, raw.last_byte, raw.text, "bare")
    if not (header.is_any or printed["printed"]):
        quote = _QUOTE.match(plain)
        if quote:
            line.text = plain[quote.end() :]
        line.foreign = _GETTY.fullmatch(plain) is not None
        return line
    line.text = plain[printed.end() :]
    line.prefixed = True
    line.host, line.foreign, line.stamp = header.host, header.foreign, header.stamp
    line.foreign = line.foreign or _PRIORITY.match(printed["printed"]) is not None
    line.doubtful = header.doubtful
    line.carrier, line.received = header.carrier, header.received
    _set_time(line, printed, header)
    return line


@dataclass(frozen=True, slots=True)
class _Header:
    """What the program that received a line wrote before it, after quotation marks.

    `is_any` is False where there are only those; `names_program` tells that it ends with a
    program's name, so that no other header begins with it.
    """

    text: str
    is_any: bool
    carrier: str
    names_program: bool = False
    host: str | None = None
    foreign: bool = False
    doubtful: bool = False
    stamp: str | None = None
    received: str | None = None
    uptime: str | None = None


_NO_HEADER = _Header("", is_any=False, carrier="dmesg")


def _header(text: str) -> _Header:
    """The header of a line."""
    found = RECEIVED.match(text)
    assert found is not None
    groups = {name: value for name, value in found.groupdict().items() if value}
    ident = _first(groups, "ident_")
    if ident is None:
        relay = RELAYED.match(text)
        if relay is not None:
            found = RECEIVED.match(text, relay.end())
            assert found is not None
            groups = {name: value for name, value in found.groupdict().items() if value}
            groups.update(relayed="", **relay.groupdict(""))
            ident = _first(groups, "ident_")
        elif not found.end():
            return _NO_HEADER
    host = _first(groups, "host_") or groups.get("relay_name") or groups.get("relay_node")
    stamp = next((groups[name] for name in _STAMPS if name in groups), None)
    if "epoch" in groups:
        stamp = iso_utc(float(groups["epoch"]))
    relayed = groups.get("relay_stamp") or None
    received = groups.get("received", "")
    is_syslog = _carrier(groups) == "syslog"
    of_program = _PRIORITY.match(received) or _PROGRAMS_LEVEL.search(received)
    return _Header(
        text=text[: found.end()],
        is_any="received" in groups or "relayed" in groups,
        carrier=_carrier(groups),
        names_program=ident is not None,
        host=None if host in (None, "", "-") or host.startswith("<") else host.strip("[]"),
        foreign=(ident is not None and ident not in _KERNEL_IDENTS)
        or (of_program is not None and not is_syslog),
        doubtful=is_syslog and bool(of_program or _PROGRAMS_FACILITY.search(received)),
        stamp=relayed if stamp in (None, "-") else stamp,
        received=None if stamp in (None, "-") else relayed,
        uptime=groups.get("monotonic"),
    )


_STAMPS = (
    "rfc3164",
    "rfc5424",
    "svlogd",
    "iso",
    "full",
    "dmesg_iso",
    "bracketed_iso",
    "console_stamp",
)


def _carrier(groups: dict[str, str]) -> str:
    """The name of the carrier whose header has these groups."""
    if _first(groups, "ident_") or _first(groups, "host_"):
        return "syslog"
    if groups.get("relay_stamp") or "bracketed_iso" in groups or "console_stamp" in groups:
        return "console"
    return "dmesg"


def _set_time(line: KernelLine, printed: re.Match[str], header: _Header) -> None:
    """The kernel's own stamp, and the caller beside it."""
    line.caller = printed["caller"] or printed["lone_caller"]
    line.stamp = line.stamp or printed["dmesg_time"]
    uptime = printed["uptime"] or header.uptime
    if uptime:
        seconds = float(uptime)
        line.uptime_s = plausible_uptime_s(seconds)
        if line.uptime_s is not None:
            if line.stamp is not None and line.carrier == "dmesg":
                # dmesg prints one of the two; whoever received the line put the stamp.
                line.carrier = "console"
        else:
            line.stamp = line.stamp or iso_utc(seconds)
    elif printed["delta"]:
        line.delta_s = float(printed["delta"])


def _first(groups: dict[str, str], prefix: str) -> str | None:
    """The one of the groups whose names begin with `prefix`."""
    return next((value for name, value in groups.items() if name.startswith(prefix)), None)


def _unescape(line: KernelLine) -> Iterator[KernelLine]:
    for text in ESCAPED_NEWLINE.split(line.text):
        yield replace(line, text=text)
