"""Finding reports in a log by plain literals, before anything is decoded."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

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
#: Bytes read before a hit, for reports whose head holds no literal.
LOOK_BACK = 256 * 1024
#: Bytes read after the last hit, for rows and for late lines.
LOOK_AHEAD = 256 * 1024


class Searchable(Protocol):
    """A buffer that finds bytes: bytes or an mmap."""

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int:
        """Offset of the first occurrence, -1 when there is none."""

    def rfind(self, sub: bytes, start: int = ..., end: int = ..., /) -> int:
        """Offset of the last occurrence, -1 when there is none."""

    def __len__(self) -> int: ...


def hits(buffer: Searchable) -> list[int]:
    """Offsets of all literals, in order."""
    found: list[int] = []
    for literal in LITERALS:
        position = buffer.find(literal)
        while position >= 0:
            found.append(position)
            position = buffer.find(literal, position + 1)
    return sorted(found)


def windows(buffer: Searchable) -> Iterator[tuple[int, int]]:
    """Byte ranges, on line bounds and apart from each other, that hold all reports."""
    positions = hits(buffer)
    index = 0
    floor = 0
    while index < len(positions):
        start = max(floor, positions[index] - LOOK_BACK)
        end = positions[index] + LOOK_AHEAD
        index += 1
        while index < len(positions) and positions[index] - LOOK_BACK <= end:
            end = positions[index] + LOOK_AHEAD
            index = max(index + 1, bisect_right(positions, end - LOOK_AHEAD))
        start = _line_start(buffer, start)
        end = _line_end(buffer, min(end, len(buffer)))
        yield start, end
        floor = end


def _line_start(buffer: Searchable, position: int) -> int:
    return buffer.rfind(b"\n", 0, position) + 1


def _line_end(buffer: Searchable, position: int) -> int:
    found = buffer.find(b"\n", max(0, position - 1))
    return len(buffer) if found < 0 else found + 1
