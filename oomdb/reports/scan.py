"""Finding reports in a stream by plain literals, before anything is decoded.

Only the lines round a hit are handed on, so that a log which holds no report costs one
search. The stream is read once, in blocks, and never held whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.carriers.line import RawLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Every report, however cut, holds at least one of these.
LITERALS = (
    b"oom-kill",
    b"oom_reaper",
    b"ill process ",
    b"illed process ",
    b"Mem-Info",
    b"Mem-info",
    b"lowmem_reserve[]",
    b"allocation failure",
    b"oom_score_adj name",
    b"oom_adj name",
    b"ut of memory",
    b"invoked oom",
    b"memory: usage ",
    b"vmalloc error",
    b"Show Memory",
)
#: The same as journalctl writes messages that are no plain text, a number for each byte.
#: They are looked for only where there is such a list.
BYTE_LITERALS = tuple(
    separator.join(str(byte) for byte in literal).encode()
    for literal in (b"oom-kill", b"illed process ", b"oom_reaper", b"invoked oom")
    for separator in (",", ", ")
)
BYTE_LISTS = (b'"MESSAGE":[', b'"MESSAGE": [', b'"MESSAGE" : [')
#: A line that tells when the host had booted; it is given alone.
CLOCK = b"setting system clock to "
#: Bytes given before a hit, for reports whose head holds no literal.
LOOK_BACK = 256 * 1024
#: Bytes given after the last hit, for rows and for late lines.
LOOK_AHEAD = 256 * 1024
_DOCUMENT = (b"{", b"[")
#: A line that is longer comes in pieces.
MOST_LINE = 4 << 20
#: Of what is left out, the line at each multiple of this offset is given for its stamp,
#: unless it is longer than the other.
STAMPED_BYTES = 1 << 20
MOST_STAMPED = 4096


def lines_near_hits(
    blocks: Iterable[bytes], wanted: Callable[[], bool]
) -> Iterator[RawLine | None]:
    """The lines of a stream that may belong to a report; None where others were left out.

    `wanted` tells whether the lines after a window are still asked for. Of what is left out,
    the first line of each megabyte and the last line are given all the same: they tell how
    time went on.
    """
    near = _Near(wanted)
    for block in _line_aligned(blocks):
        yield from near.lines(block)
    yield from near.last_line()


class _Near:
    """The place in the stream up to which lines were given or left out."""

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._behind = b""
        self._offset = 0
        self._line_no = 1
        self._until = 0
        self._left_out = False

    def lines(self, block: bytes) -> Iterator[RawLine | None]:
        """The lines near hits among what was kept back and `block`, a number of lines."""
        data = self._behind + block
        at = 0
        for start, end in self._windows(data, len(self._behind)):
            start = max(at, start)
            if start > at or self._left_out:
                self._line_no += data.count(b"\n", at, start)
                self._left_out = False
                yield None
            for at, line in self._split(data, start):
                yield line
                if at >= end and not self._wanted():
                    break
        keep = max(at, data.rfind(b"\n", 0, max(len(data) - LOOK_BACK, 0)) + 1)
        if len(data) - keep > LOOK_BACK + MOST_LINE:
            keep = len(data) - LOOK_BACK
        yield from self._stamped(data, at, keep)
        self._line_no += data.count(b"\n", at, keep)
        self._left_out = self._left_out or keep > at
        self._behind = data[keep:]
        self._offset += keep

    def last_line(self) -> Iterator[RawLine | None]:
        """The stream's last line, when it was not given."""
        data = self._behind
        if data:
            yield from self._line_at(data, 0, len(data), len(data) - 1)

    def _stamped(self, data: bytes, start: int, end: int) -> Iterator[RawLine | None]:
        """The lines at the offsets of `STAMPED_BYTES` in a range that is left out."""
        first = -(-(self._offset + start) // STAMPED_BYTES) * STAMPED_BYTES - self._offset
        for place in range(first, end, STAMPED_BYTES):
            yield from self._line_at(data, start, end, place)

    def _line_at(self, data: bytes, start: int, end: int, place: int) -> Iterator[RawLine | None]:
        """The line that holds a place in a range, after None; none when it is too long."""
        at = data.rfind(b"\n", start, place) + 1 or start
        newline = data.find(b"\n", place, end)
        stop = newline + 1 if newline >= 0 else end
        if stop - at <= MOST_STAMPED:
            self._left_out = True
            line_no = self._line_no + data.count(b"\n", start, at)
            text = str(data[at:stop], "latin-1").removesuffix("\n")
            yield None
            yield RawLine(text, line_no, self._offset + at, self._offset + stop)

    def _windows(self, data: bytes, fresh: int) -> list[tuple[int, int]]:
        """Ranges of `data` on line starts, in order, that lie near a hit after `fresh`."""
        found: list[tuple[int, int]] = []
        if not self._offset and not fresh and data.lstrip().startswith(_DOCUMENT):
            # Whose log it is may be told at the start of a document alone.
            self._until = 1
        if self._until > self._offset or self._wanted():
            found.append((0, self._until - self._offset))
        for hit, back, ahead in _hits(data, fresh):
            end = hit + ahead
            if found and hit - back <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((data.rfind(b"\n", 0, max(hit - back, 0)) + 1, end))
        if found:
            self._until = self._offset + found[-1][1]
        return found

    def _split(self, data: bytes, at: int) -> Iterator[tuple[int, RawLine]]:
        """The lines of `data` from `at` on, each with where it ends."""
        while at < len(data):
            newline = data.find(b"\n", at)
            end = newline + 1 if newline >= 0 else len(data)
            text = str(data[at : newline if newline >= 0 else end], "latin-1")
            line = RawLine(text, self._line_no, self._offset + at, self._offset + end)
            self._line_no += newline >= 0
            yield end, line
            at = end


def _hits(data: bytes, start: int) -> list[tuple[int, int, int]]:
    """Offsets of all literals from `start` on, in order, with the bytes wanted round each."""
    found = [
        (hit, LOOK_BACK, LOOK_AHEAD) for literal in LITERALS for hit in _all(data, literal, start)
    ]
    if any(data.find(begin, start) >= 0 for begin in BYTE_LISTS):
        found += [
            (hit, LOOK_BACK, LOOK_AHEAD)
            for literal in BYTE_LITERALS
            for hit in _all(data, literal, start)
        ]
    found += [(hit, 0, 1) for hit in _all(data, CLOCK, start)]
    return sorted(found)


def _all(data: bytes, literal: bytes, start: int) -> Iterator[int]:
    position = data.find(literal, start)
    while position >= 0:
        yield position
        position = data.find(literal, position + 1)


def _line_aligned(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in blocks that end with a line, but for the last and endless lines."""
    rest: list[bytes] = []
    size = 0
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*rest, block[:cut]])
            rest, size = [], 0
        rest.append(block[cut:])
        size += len(block) - cut
        if size > MOST_LINE:
            yield b"".join(rest)
            rest, size = [], 0
    if size:
        yield b"".join(rest)
