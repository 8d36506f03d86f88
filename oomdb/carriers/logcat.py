"""Android's logcat, whose kernel buffer holds what the kernel printed.

logd takes a word or two before a colon off each of the kernel's lines as the tag
(LogKlog::log in system/core/logd): `lowmem_reserve[]: 0 113` comes out as the tag
`lowmem_reserve[]` and the rest. Here they are put together again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb.carriers import prefix
from oomdb.carriers.line import KernelLine
from oomdb.carriers.record import stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import RawLine

_STAMP = (
    r" *(?P<stamp>(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,9}(?: [+-]\d{4})?|\d{9,10}\.\d{3,9})"
)
#: `logcat -v threadtime`, with a user's name after the stamp for `-v uid`.
_THREADTIME = re.compile(
    _STAMP + r"(?: +[a-z]\w*)? +(?P<pid>\d+) +\d+ [VDIWEFAS]"
    r" (?P<tag>(?:.*?[^ ])??) *: ?(?P<text>.*)"
)
#: `logcat -v time`, and `-v brief` without the stamp, `-v tag` without the process too.
_BRIEF = re.compile(
    rf"(?:{_STAMP} )?[VDIWEFAS]/(?P<tag>(?:[^:(]*[^:( ])?) *(?:\( *(?P<pid>\d+)\))?: ?(?P<text>.*)"
)
_DIVIDER = "--------- "
#: A counter, whose colon logd took away together with the blank that was not there.
_COUNTERS = re.compile(r"\d+(?: \w+:\d+)*|\w+=.*")
_COUNTER_NAME = re.compile(r"[a-z_-]+")


class LogcatRecords:
    """Takes the lines of one stream, in order."""

    @property
    def open(self) -> bool:
        """Never: an entry is one line."""
        return False

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The line without its prefix; None when it is none of logcat's."""
        raw = line.text.rstrip("\r")
        if raw.startswith(_DIVIDER):
            return iter(())
        found = _BRIEF.fullmatch(raw) if raw[1:2] == "/" else _THREADTIME.fullmatch(raw)
        found = found or (_BRIEF.fullmatch(raw) if raw[:1].isdigit() or raw[:1] == " " else None)
        if found is None:
            return None
        tag, text = found["tag"].strip(), found["text"]
        if tag != "kernel":
            text = _with_tag(tag, text)
        inner = prefix.split(text, line.line_no, line.first_byte, line.last_byte)
        entry = KernelLine(
            text=inner.text,
            line_no=line.line_no,
            first_byte=line.first_byte,
            last_byte=line.last_byte,
            raw=raw,
            carrier="logcat",
            prefixed=True,
            foreign=tag != "kernel" and (found["pid"] or "1").strip("0") != "",
            stamp=stamp_of(found["stamp"]),
            uptime_s=inner.uptime_s,
            caller=inner.caller,
        )
        return iter((entry,) if inner.text and not inner.text.isspace() else ())

    def flush(self) -> Iterator[KernelLine]:
        """Nothing is held."""
        return iter(())


def _with_tag(tag: str, text: str) -> str:
    """The kernel's line of the tag that logd made and of what it left."""
    if not tag:
        return text
    is_counter = _COUNTER_NAME.fullmatch(tag) and _COUNTERS.fullmatch(text)
    return f"{tag}:{text}" if is_counter else f"{tag}: {text}"
