"""The bytes of a stream by their offsets: as they pass, or of a file that can be read anywhere."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from oomdb.reports.literals import newlines_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NEWLINE = b"\n"
_PART_BYTES = 64 * 1024


class Text(Protocol):
    """The bytes of a stream from the last `drop` to `end`; offsets are those of the stream."""

    @property
    def end(self) -> int:
        """Up to where the stream is known."""

    def cut(self, start: int, end: int) -> bytes:
        """The bytes of a range."""

    def find_newline(self, start: int, end: int) -> int:
        """The offset of the first newline in a range; negative without one."""

    def rfind_newline(self, start: int, end: int) -> int:
        """The offset of the last newline in a range; negative without one."""

    def line_no(self, offset: int) -> int:
        """The number of the line at an offset, which is never before one asked for earlier."""

    def drop(self, before: int) -> None:
        """Forget what comes before an offset."""


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


class FileText:
    """A file of `end` bytes that `read_at` reads: some bytes from an offset on.

    `lines` are offsets, in order, each with the number of the line there, so that lines
    need to be counted only from the nearest.
    """

    def __init__(
        self,
        read_at: Callable[[int, int], bytes],
        end: int,
        lines: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.end = end
        self._read_at = read_at
        self._lines = deque([(0, 1), *lines])

    def cut(self, start: int, end: int) -> bytes:
        """The bytes of a range, as far as the file has them."""
        parts = []
        while start < end:
            part = self._read_at(end - start, start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def find_newline(self, start: int, end: int) -> int:
        """The offset of the first newline in a range; negative without one."""
        while start < end:
            part = self.cut(start, min(start + _PART_BYTES, end))
            found = part.find(_NEWLINE)
            if found >= 0 or not part:
                return start + found if part else -1
            start += len(part)
        return -1

    def rfind_newline(self, start: int, end: int) -> int:
        """The offset of the last newline in a range; negative without one."""
        while start < end:
            first = max(end - _PART_BYTES, start)
            found = self.cut(first, end).rfind(_NEWLINE)
            if found >= 0:
                return first + found
            end = first
        return -1

    def line_no(self, offset: int) -> int:
        """The number of the line at an offset, which is never before one asked for earlier."""
        lines = self._lines
        while len(lines) > 1 and lines[1][0] <= offset:
            lines.popleft()
        at, line_no = lines[0]
        while at < offset:
            part = self.cut(at, min(at + _PART_BYTES, offset))
            if not part:
                break
            line_no += newlines_in(part, 0, len(part))
            at += len(part)
        lines[0] = (at, line_no)
        return line_no

    def drop(self, before: int) -> None:
        """Nothing: what is asked for is read again."""
