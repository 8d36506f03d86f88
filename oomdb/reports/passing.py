"""The bytes of a stream by their offsets, as they pass."""

from __future__ import annotations

from collections import deque

from oomdb.reports.literals import newlines_in

_NEWLINE = b"\n"


class Passing:
    """The last blocks of a stream, as far back as they are asked for."""

    def __init__(self) -> None:
        self.end = 0
        self._blocks: deque[tuple[int, bytes]] = deque()
        self._counted = 0
        self._line_no = 1

    def add(self, block: bytes) -> None:
        """The next block of the stream."""
        self._blocks.append((self.end, block))
        self.end += len(block)

    def cut(self, start: int, end: int) -> bytes:
        """The bytes of a range."""
        parts = []
        for first, block in self._blocks:
            if first < end and first + len(block) > start:
                parts.append(block[max(start - first, 0) : end - first])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def find_newline(self, start: int, end: int) -> int:
        """The offset of the first newline in a range; negative without one."""
        for first, block in self._blocks:
            if first < end and first + len(block) > start:
                found = block.find(_NEWLINE, max(start - first, 0), end - first)
                if found >= 0:
                    return first + found
        return -1

    def rfind_newline(self, start: int, end: int) -> int:
        """The offset of the last newline in a range; negative without one."""
        for first, block in reversed(self._blocks):
            if first < end and first + len(block) > start:
                found = block.rfind(_NEWLINE, max(start - first, 0), end - first)
                if found >= 0:
                    return first + found
        return -1

    def line_no(self, offset: int) -> int:
        """The number of the line at an offset, which is never before one asked for earlier."""
        for first, block in self._blocks:
            end = min(offset, first + len(block))
            if self._counted < end:
                self._line_no += newlines_in(block, self._counted - first, end - first)
                self._counted = end
        return self._line_no

    def drop(self, before: int) -> None:
        """Forget what comes before an offset."""
        blocks = self._blocks
        while blocks and blocks[0][0] + len(blocks[0][1]) <= before:
            self.line_no(blocks[0][0] + len(blocks[0][1]))
            blocks.popleft()
