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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import RawLine

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ISO = rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?"
_IDENT = r"[^\s:\[\]]+(?:\[[\d-]*\])?"

_SYSLOG = (
    rf"(?P<rfc3164>(?:\d{{4}} )?{_MONTH} +\d{{1,2}}(?: \d{{4}})? {_CLOCK}(?: \d{{4}})?)"
    rf"(?: (?P<host_a>[^\s:\[]+))? (?P<ident_a>{_IDENT}): ?"
)
_RFC5424 = (
    rf"(?:<\d+>)?1 (?P<rfc5424>{_ISO}) (?P<host_b>\S+) (?P<ident_b>\S+) \S+ \S+ "
    r"(?:-|(?:\[[^\]]*\])+) ?(?:\xef\xbb\xbf)?"
)
_SYSLOG_ISO = rf"(?P<iso>{_ISO})(?: (?P<host_c>[^\s:\[]+))? (?P<ident_c>{_IDENT}): ?"
_DMESG_ISO = rf"(?P<dmesg_iso>{_ISO}) "
_LEVEL = r"(?:kern|user|daemon) *:(?:emerg|alert|crit|err|warn|notice|info|debug) *: ?"
_NAMED = r"(?:\w+\|)?kernel(?:\[-?\])?(?:\||:) ?"
_STAMP = (
    r"\[ *(?P<uptime>\d+\.\d+)(?: <[ \d.]+>)?\]"
    rf"|\[(?P<dmesg_time>\w{{3}} {_MONTH} +\d{{1,2}} {_CLOCK} \d{{4}})\]"
)
_CALLER = r"(?:\[ *(?P<caller>[TC]\d+)\])?"

PREFIX = re.compile(
    r"(?P<quote>[>|\t ]*)(?P<prefix>"
    rf"(?:<\d+>)?(?:{_RFC5424}|{_SYSLOG}|{_SYSLOG_ISO}|{_DMESG_ISO})?(?:{_NAMED})?"
    rf"(?:{_LEVEL})?(?:<\d+>)?(?:(?:{_STAMP}){_CALLER} ?)?)"
)
#: A kernel stamp in the middle of a line: two lines written into one.
EMBEDDED = re.compile(r"(?:<\d+>)?\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? ")
#: Newlines inside one record, as rsyslog and /dev/kmsg readers write them.
ESCAPED_NEWLINE = re.compile(r"#012|\\x0a")
_QUOTE = re.compile(r"(?:> ?)+")


class PrefixReader:
    """Takes the lines of one stream, in order, and takes their prefixes off."""

    def feed(self, line: RawLine) -> Iterator[KernelLine]:
        """The line without its prefix; several where newlines in it were escaped.

        Blank lines are left out.
        """
        stripped = line.text.rstrip("\r")
        if not stripped or stripped.isspace():
            return
        split_line = split(stripped, line.line_no, line.first_byte, line.last_byte)
        if "#012" in split_line.text or "\\x0a" in split_line.text:
            yield from _unescape(split_line)
        else:
            yield split_line


def split(raw: str, line_no: int, first_byte: int, last_byte: int) -> KernelLine:
    """One line with its prefix recognised and taken off."""
    found = PREFIX.match(raw)
    line = KernelLine(raw, line_no, first_byte, last_byte, raw, "bare")
    if found is None or not found["prefix"]:
        quote = _QUOTE.match(raw)
        if quote:
            line.text = raw[quote.end() :]
        return line
    line.text = raw[found.end() :]
    line.prefixed = True
    ident = found["ident_a"] or found["ident_b"] or found["ident_c"]
    line.host = found["host_a"] or found["host_b"] or found["host_c"]
    line.stamp = (
        found["rfc3164"]
        or found["rfc5424"]
        or found["iso"]
        or found["dmesg_iso"]
        or found["dmesg_time"]
    )
    line.foreign = ident is not None and ident not in ("kernel", "kernel[-]")
    if found["uptime"]:
        line.uptime_s = float(found["uptime"])
    line.caller = found["caller"]
    line.carrier = "syslog" if ident else "dmesg"
    return line


def _unescape(line: KernelLine) -> Iterator[KernelLine]:
    for text in ESCAPED_NEWLINE.split(line.text):
        yield replace(line, text=text)
