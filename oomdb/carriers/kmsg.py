r"""Records of /dev/kmsg, and of netconsole's extended format, which are the same.

`priority,sequence,microseconds,flag;text`, after `;` with control characters and
backslashes as `\xNN`; lines that begin with a blank tell of the device. netconsole may put
the kernel's release before it, and cuts what is longer than a packet into fragments.
(Documentation/ABI/testing/dev-kmsg, Documentation/networking/netconsole.rst)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oomdb.carriers.line import KernelLine, plausible_uptime_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import RawLine

_HEAD = (
    r"(?P<release>\d+\.[^,;\s]{1,64},)?(?P<priority>\d{1,5}),(?P<sequence>\d{1,20}),"
    r"(?P<uptime_us>\d{1,20}),(?P<flag>[-c+])(?P<extra>(?:,[^;,]{1,128})*);"
)
_RECORD = re.compile(_HEAD + r"(?P<text>.*)")
_FRAGMENT = re.compile(r",ncfrag=(?P<offset>\d{1,9})/(?P<total>\d{1,9})")
_EXTRA = re.compile(r",(?P<name>\w+)=(?P<value>[^;,]*)")
_DEVICE = re.compile(r" [A-Za-z_][\w.-]*=")
#: The later piece of a line about a zone, and the first, which kernels without NUMA lack.
_ZONE = re.compile(r"[A-Z][A-Za-z0-9]*(?:: | free:)")
_NODE = re.compile(r"Node \d{1,4} ")
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
#: The kernel's records are shorter, with their devices and in all their pieces.
MOST_JOINED = 64 << 10
#: Levels are the low three bits of a priority; the facility of the kernel is 0.
_LEVELS = 8


@dataclass(slots=True)
class _Held:
    """A record that the next one may continue.

    Of a fragmented one, `fragments` are the texts by their offsets, and `head` is what
    each fragment begins with.
    """

    line: KernelLine
    head: str = ""
    fragments: dict[int, str] | None = None
    has_device: bool = False


class KmsgRecords:
    """Takes the lines of one stream, in order, one record behind the input."""

    def __init__(self) -> None:
        self._held: _Held | None = None
        self._marks_later_pieces = False
        self._last_joined: tuple[KernelLine, KernelLine] | None = None

    @property
    def open(self) -> bool:
        """Whether a record is held."""
        return self._held is not None

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The lines of the record before; None when the line is not a record's."""
        if line.text.startswith(" "):
            return self._take_device(line)
        if _RECORD.match(line.text) is None:
            return None
        return iter(self._take_all(line, line.text))

    def flush(self) -> Iterator[KernelLine]:
        """The lines of the record that is held."""
        held, self._held, self._last_joined = self._held, None, None
        return iter(() if held is None else _lines(held))

    def _take_device(self, line: RawLine) -> Iterator[KernelLine] | None:
        """A line about the device; a fragment may end in it and the next one follow."""
        held = self._held
        if held is None:
            return None
        again = line.text.find(held.head) if held.head else -1
        if again < 0 and not _DEVICE.match(line.text):
            return None
        held.has_device = True
        return iter(self._take_all(line, line.text[again:]) if again >= 0 else ())

    def _take_all(self, line: RawLine, text: str) -> list[KernelLine]:
        ended: list[KernelLine] = []
        for record in _records(text.rstrip("\r")):
            ended += self._take(record, line)
        return ended

    def _take(self, record: re.Match[str], line: RawLine) -> list[KernelLine]:
        extra = {found["name"]: found["value"] for found in _EXTRA.finditer(record["extra"])}
        piece = KernelLine(
            text=record["text"],
            line_no=line.line_no,
            first_byte=line.first_byte,
            last_byte=line.last_byte,
            raw=line.text,
            carrier="netconsole" if record["release"] or "ncfrag" in extra else "kmsg",
            prefixed=True,
            foreign=int(record["priority"]) >= _LEVELS,
            uptime_s=plausible_uptime_s(int(record["uptime_us"]) / 1e6),
            caller=extra.get("caller"),
        )
        fragment = _FRAGMENT.search(record["extra"])
        if fragment is not None:
            return self._take_fragment(piece, _fragment_head(record, fragment), fragment)
        held = self._held
        if held is None or held.fragments is not None or not self._continues(record["flag"], piece):
            ended = self.flush()
            self._held = _Held(piece)
            return list(ended)
        return self._join(held, record["flag"], piece)

    def _take_fragment(
        self, piece: KernelLine, head: str, fragment: re.Match[str]
    ) -> list[KernelLine]:
        held = self._held
        ended: list[KernelLine] = []
        if held is None or held.head != head or len(held.line.raw) > MOST_JOINED:
            ended = list(self.flush())
            held = self._held = _Held(piece, head, {})
        else:
            _extend(held.line, piece)
        assert held.fragments is not None
        offset, total = int(fragment["offset"]), int(fragment["total"])
        is_of_device = held.has_device and offset > max(held.fragments, default=0)
        if offset + len(piece.text) <= min(total, MOST_JOINED) and not is_of_device:
            held.fragments[offset] = piece.text
        return ended

    def _continues(self, flag: str, piece: KernelLine) -> bool:
        """Whether a piece goes on with the line that is held.

        Since Linux 4.9 `c` marks the later pieces of a line; before, it marked the first
        and `+` the later ones.
        """
        assert self._held is not None
        first = self._held.line
        if first.caller != piece.caller or first.foreign != piece.foreign:
            return False
        if len(first.raw) > MOST_JOINED:
            return False
        if _ZONE.match(piece.text) and not _NODE.fullmatch(first.text):
            return False
        return flag == "+" or (flag == "c" and not self._marks_later_pieces)

    def _join(self, held: _Held, flag: str, piece: KernelLine) -> list[KernelLine]:
        ended: list[KernelLine] = []
        if flag == "+" and not self._marks_later_pieces:
            self._marks_later_pieces = True
            if self._last_joined is not None:
                # The `c` that was joined last began a line after all.
                before, first = self._last_joined
                ended = list(_lines(_Held(before)))
                held = self._held = _Held(first)
        self._last_joined = (replace(held.line), replace(piece)) if flag == "c" else None
        held.line.text += piece.text
        _extend(held.line, piece)
        return ended


def _extend(line: KernelLine, piece: KernelLine) -> None:
    """Let a line reach as far as a later piece of it."""
    if piece.first_byte != line.first_byte and piece.last_byte > line.last_byte:
        line.raw += "\n" + piece.raw
        line.last_byte = piece.last_byte


def _records(text: str) -> Iterator[re.Match[str]]:
    """The records of one line: a fragment has no newline of its own before the next."""
    record = _RECORD.match(text)
    while record is not None:
        fragment = _FRAGMENT.search(record["extra"])
        if fragment is None:
            yield record
            return
        start = record.start("text")
        end = min(start + max(int(fragment["total"]) - int(fragment["offset"]), 0), len(text))
        head = _fragment_head(record, fragment)
        again = text.find(head, start, end + len(head))
        end = again if again >= 0 else end
        yield _RECORD.match(text, record.start(), end) or record
        record = _RECORD.match(text, end)


def _fragment_head(record: re.Match[str], fragment: re.Match[str]) -> str:
    """What all fragments of a record begin with."""
    return record.string[record.start() : record.start("extra") + fragment.start("offset")]


def _lines(held: _Held) -> Iterator[KernelLine]:
    """The lines of a record: newlines in it were escaped, as were bytes that do not print."""
    line = held.line
    texts = [line.text]
    if held.fragments is not None:
        texts = _runs(held.fragments)
    for text in texts:
        for part in text.split("\\x0a"):
            if part and not part.isspace():
                yield replace(line, text=_ESCAPE.sub(_byte, part))


def _runs(fragments: dict[int, str]) -> list[str]:
    """The fragments put together; apart where one between them is lost."""
    runs: list[str] = []
    end = -1
    for offset in sorted(fragments):
        if offset == end:
            runs[-1] += fragments[offset]
        else:
            runs.append(fragments[offset])
        end = offset + len(fragments[offset])
    return runs


def _byte(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))
