"""Finding reports in a stream by plain literals, before anything is decoded.

Only the lines round a hit are handed on, so that a log which holds no report costs one
search. The stream is read once, in blocks, and never held whole. What is handed on is the
same whatever the blocks are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.reports.hits import LATE_BYTES, Search
from oomdb.reports.passing import Passing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oomdb.reports.hits import Hit

#: The most bytes given before a hit, for reports whose head holds no literal; they are looked
#: at in steps, as far as something stands in them that a report may hold.
LOOK_BACK = 256 * 1024
BACK_STEP = 16 * 1024
#: A row of the process table, a size, a frame of a trace, an order, a reserve, a message in
#: numbers: in lines without a literal, of which a report may have many.
BODY = re.compile(
    rb"\] +-?\d+ +\d+ +\d+ |\d[kK]B|\+0x[0-9a-f]+/0x|\d\*\d|_(?:anon|file)\b|\d,\s?\d+,\s?\d+,"
)
#: Bytes given after the last hit, for late lines; a report that has not ended asks for more.
LOOK_AHEAD = 32 * 1024
#: Bytes given at a time beyond that, where more are asked for.
_BEYOND_BYTES = 64 * 1024
_DOCUMENT = (b"{", b"[")
#: A line that is longer comes in pieces of this size.
MOST_LINE = 4 << 20
#: Of what is left out, the line at each multiple of this offset is given for its stamp,
#: unless it is longer than the other.
STAMPED_BYTES = 1 << 20
MOST_STAMPED = 4096
#: Blocks are gathered to this size.
_GATHERED_BYTES = 64 * 1024


@dataclass(slots=True)
class Window:
    """Lines that follow each other and may belong to a report.

    `text` is whole lines, but for the last of the stream and for a part of a line too long
    to be held, which comes alone. `line_no` counts the lines from 1, `first_byte` is the
    offset of the first. `follows` tells that nothing was left out before it. The lines that
    end after the offset `reach` are given as long as they are wanted: who wants no more
    sets `last_byte`, the offset up to which it was read, to the end of an earlier line.
    """

    text: bytes
    line_no: int
    first_byte: int
    last_byte: int
    reach: int
    follows: bool


def windows_near_hits(blocks: Iterable[bytes], wanted: Callable[[], bool]) -> Iterator[Window]:
    """The lines of a stream that may belong to a report, in windows of up to some megabytes.

    `wanted` tells whether the lines after a window are still asked for. Of what is left out,
    the line at each megabyte and the last line are given all the same: they tell how time
    went on.
    """
    text, search = Passing(), Search()
    near = _Near(text, wanted)
    for block in _gathered(blocks):
        text.add(block)
        search.feed(block)
        known = text.end - LATE_BYTES
        if search.has_hits or known >= LOOK_BACK:
            yield from near.windows(search.taken(known), known)
    yield from near.windows(search.taken(text.end), text.end, ended=True)


def _gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in blocks of some size, which cost no more each than small ones."""
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        if not parts and len(block) >= _GATHERED_BYTES:
            yield block
            continue
        parts.append(block)
        size += len(block)
        if size >= _GATHERED_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if size:
        yield b"".join(parts)


class _Near:
    """The place in the stream up to which lines were given or left out."""

    def __init__(self, text: Passing, wanted: Callable[[], bool]) -> None:
        self._text = text
        self._wanted = wanted
        self._begun = False
        self._at = 0
        #: Where the line begins in which that place lies.
        self._line = 0
        self._open = False
        self._reach = 0
        self._left_out = False

    def windows(self, hits: Sequence[Hit], known: int, *, ended: bool = False) -> Iterator[Window]:
        """The windows that more hits make; all hits before the offset `known` are known."""
        if not self._begun and (hits or known >= LOOK_BACK or ended):
            self._begin()
        for offset, is_alone in hits:
            ahead = 1 if is_alone else LOOK_AHEAD
            if self._open and offset <= self._reach:
                # It need not be known where its report begins, which takes long to find out.
                self._reach = max(self._reach, offset + ahead)
                continue
            back = 0 if is_alone else self._back(offset)
            if self._open and offset - back > self._reach:
                yield from self._give(ended=ended)
            if not self._open:
                yield from self._leave_out(self._line_start(offset - back))
                self._open = True
            self._reach = max(self._reach, offset + ahead)
        if self._open:
            yield from self._give(ended=ended)
        if not self._open:
            yield from self._leave_out(self._line_start(known - LOOK_BACK))
            if ended:
                yield from self._stamped(self._text.end - 1)
        self._text.drop(self._at)

    def _back(self, offset: int) -> int:
        """How far before a hit its report may begin [bytes]."""
        start = offset
        while start > max(self._at, offset - LOOK_BACK):
            before = max(start - BACK_STEP, offset - LOOK_BACK, self._at)
            is_body = BODY.search(self._text.cut(before, start)) is not None
            start = before
            if not is_body:
                break
        return offset - start

    def _begin(self) -> None:
        """Whose log it is may be told at the start of a document alone."""
        self._begun = True
        if self._text.cut(0, min(LOOK_BACK, self._text.end)).lstrip().startswith(_DOCUMENT):
            self._open, self._reach = True, max(self._reach, 1)

    def _give(self, *, ended: bool) -> Iterator[Window]:
        """The lines of the open window, as far as the stream is known; it may end."""
        text = self._text
        while self._at < self._reach or self._wanted():
            end = self._end_of_piece(ended=ended)
            if end <= self._at:
                return
            start = self._at
            data = text.cut(start, end)
            window = Window(data, text.line_no(start), start, end, self._reach, not self._left_out)
            self._left_out = False
            yield window
            self._at = window.last_byte
            if window.last_byte < end or data.endswith(b"\n"):
                self._line = self._at
        self._open = False

    def _end_of_piece(self, *, ended: bool) -> int:
        """Where the next piece of the open window ends; not after its start where none is."""
        text, start = self._text, self._at
        limit = min(text.end, start + MOST_LINE)
        target = self._reach if start < self._reach else start + _BEYOND_BYTES
        newline = text.find_newline(target - 1, limit)
        if newline < 0:
            newline = text.rfind_newline(start, limit)
        if newline < 0 and (ended or limit == start + MOST_LINE):
            return limit
        return newline + 1

    def _leave_out(self, end: int) -> Iterator[Window]:
        """Go on to a later place, with the lines that are given for their stamps."""
        first = -(-self._at // STAMPED_BYTES) * STAMPED_BYTES
        for place in range(first, end, STAMPED_BYTES):
            yield from self._stamped(place)
        if end > self._at:
            self._line = max(self._text.rfind_newline(self._at, end) + 1, self._line)
            self._at = end
            self._left_out = True

    def _stamped(self, place: int) -> Iterator[Window]:
        """The line that holds a place which is left out; none when it is too long."""
        text = self._text
        start = text.rfind_newline(max(self._at, place - MOST_STAMPED), place) + 1
        if not start and self._line == self._at:
            start = self._at
        if place < self._at or start < self._at or place - start >= MOST_STAMPED:
            return
        limit = min(start + MOST_STAMPED, text.end)
        newline = text.find_newline(place, limit)
        if newline >= 0 or limit == text.end:
            end = newline + 1 if newline >= 0 else limit
            self._left_out = True
            yield Window(text.cut(start, end), text.line_no(start), start, end, end, False)

    def _line_start(self, offset: int) -> int:
        """Where the line of an offset begins; itself in a line too long to be held."""
        offset = max(offset, 0)
        newline = self._text.rfind_newline(max(self._at, offset - MOST_LINE), offset)
        start = max(newline + 1, self._line)
        return start if offset - start <= MOST_LINE else offset
