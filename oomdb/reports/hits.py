"""Where in a stream the literals of reports stand, however it is cut into blocks.

A range of a file is searched alone, so that several ranges can be searched at a time: each
hit is of the range in which it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from oomdb.reports.literals import CLOCK, LITERALS, LONGEST_BYTES, literals_in, newlines_in

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Where a literal begins, and whether only its own line is of use.
Hit = tuple[int, bool]

#: Bytes after a place that are needed to know all hits which begin before it.
LATE_BYTES = LONGEST_BYTES - 1
_CLOCK = LITERALS.index(CLOCK)


class Search:
    """Finds the hits of bytes that come in blocks, from an offset on."""

    def __init__(self, first_byte: int = 0) -> None:
        self._end = first_byte
        self._tail = b""
        self._hits: list[Hit] = []

    def feed(self, block: bytes) -> None:
        """Search the next block."""
        before = len(self._tail)
        if before:
            start = self._end - before
            for at, number in literals_in(self._tail + block[:LATE_BYTES]):
                if at < before < at + len(LITERALS[number]):
                    self._hits.append((start + at, number == _CLOCK))
        start = self._end
        self._hits += [(start + at, number == _CLOCK) for at, number in literals_in(block)]
        self._end += len(block)
        long_enough = len(block) >= LATE_BYTES
        self._tail = (block if long_enough else self._tail + block)[-LATE_BYTES:]

    @property
    def has_hits(self) -> bool:
        """Whether there are hits that were not given yet."""
        return bool(self._hits)

    def taken(self, before: int) -> list[Hit]:
        """The hits that begin before an offset and were not given yet, in order."""
        hits = self._hits
        if not hits:
            return []
        hits.sort()
        count = len(hits)
        while count and hits[count - 1][0] >= before:
            count -= 1
        self._hits = hits[count:]
        return hits[:count]


class RangeHits(NamedTuple):
    """The hits that begin in the bytes `first_byte` up to, not including, `last_byte`.

    `newline_count` is how many lines end there.
    """

    first_byte: int
    last_byte: int
    newline_count: int
    hits: list[Hit]


def hits_in_range(blocks: Iterable[bytes], first_byte: int, last_byte: int) -> RangeHits:
    """Search a range of a file; `blocks` begin at `first_byte`.

    They go on for `LATE_BYTES` after `last_byte`, or to the end of the file.
    """
    search = Search(first_byte)
    newline_count, at = 0, first_byte
    for block in blocks:
        search.feed(block)
        newline_count += newlines_in(block, 0, max(min(last_byte - at, len(block)), 0))
        at += len(block)
    return RangeHits(first_byte, last_byte, newline_count, search.taken(last_byte))
