"""Where in a stream the literals of reports stand, however it is cut into blocks."""

from __future__ import annotations

from oomdb.reports.literals import CLOCK, LITERALS, LONGEST_BYTES, literals_in

#: Where a literal begins, and whether only its own line is of use.
Hit = tuple[int, bool]

#: Bytes after a place that are needed to know all hits which begin before it.
LATE_BYTES = LONGEST_BYTES - 1
_CLOCK = LITERALS.index(CLOCK)


class Search:
    """Finds the hits of a stream that comes in blocks."""

    def __init__(self) -> None:
        self._end = 0
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
