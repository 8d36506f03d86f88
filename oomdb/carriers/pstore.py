"""The kernel's last words as firmware and memory kept them, the newest part first.

pstore_dump (fs/pstore/platform.c) cuts them into parts, from the end on, each under a head
such as `Panic#1 Part1`. Parts that stand one after the other are turned round.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb.carriers.prefix import PrefixReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine, RawLine

_HEAD = re.compile(r"(?P<dump>[A-Z][A-Za-z ]{2,20}#\d{1,9}) Part(?P<part>\d{1,6})\r?")
#: More than any firmware keeps; what is larger passes through as it comes.
MOST_HELD = 4 << 20


class PstoreRecords:
    """Takes the lines of one stream, in order, and holds the parts of one dump."""

    def __init__(self) -> None:
        self._dump = ""
        self._part = 0
        self._parts: list[list[RawLine]] = []
        self._size = 0

    @property
    def open(self) -> bool:
        """Whether a part is held."""
        return bool(self._parts)

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The lines of the parts before, when they are all there; None for another carrier."""
        head = _HEAD.fullmatch(line.text)
        if head is None and not self._parts:
            return None
        ended: Iterator[KernelLine] = iter(())
        if head is not None:
            dump, part = head["dump"], int(head["part"])
            if self._parts and (dump, part) != (self._dump, self._part + 1):
                ended = self.flush()
            self._dump, self._part = dump, part
            self._parts.append([])
        else:
            self._parts[-1].append(line)
        self._size += len(line.text)
        if self._size > MOST_HELD:
            return self.flush()
        return ended

    def flush(self) -> Iterator[KernelLine]:
        """The lines of the parts that are held, the oldest part first."""
        parts, self._parts, self._size = self._parts, [], 0
        reader = PrefixReader()
        return (
            printed for part in reversed(parts) for line in part for printed in reader.feed(line)
        )
