"""Entries of a query's result in the order in which they were printed.

Loki gives the newest entry first unless it is asked otherwise, and so do most searches
in Elastic. A result whose times go down is held and turned round; one whose times go up
passes through as soon as that is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oomdb.carriers.line import KernelLine

#: Characters of a result that are held; a longer one is turned round part by part.
MOST_HELD = 8 << 20
_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


class Restored:
    """Takes the entries of one result after the other; those of a result have one `array`."""

    def __init__(self) -> None:
        self._array: object = None
        self._held: list[list[KernelLine]] = []
        self._size = 0
        self._first = ""
        self._is_upward = True

    def add(self, array: object, entry: list[KernelLine]) -> list[KernelLine]:
        """The lines that come next now that this entry is known.

        `array` is any object that stands for the result; None for an entry by itself.
        """
        before: list[KernelLine] = []
        if array is None or array is not self._array:
            before = self.end()
            self._array, self._is_upward = array, array is None
        if not entry:
            return before
        moment = _moment(entry[0])
        if self._is_upward or not moment:
            return before + entry
        self._held.append(entry)
        self._size += len(entry[0].raw) + sum(len(line.text) for line in entry)
        self._first = self._first or moment
        if moment > self._first:
            before += self._released()
            self._is_upward = True
        elif self._size >= MOST_HELD:
            before += self._released()
        return before

    def end(self) -> list[KernelLine]:
        """The lines that are held when the result ends."""
        lines = self._released()
        self._array, self._first, self._is_upward = None, "", True
        return lines

    def _released(self) -> list[KernelLine]:
        held, self._held, self._size = self._held, [], 0
        if held and _moment(held[-1][0]) < self._first:
            # Entries of one moment stand in reverse too, unless the kernel's stamp tells.
            held.reverse()
            held.sort(key=lambda entry: _key(entry[0]))
        return [line for entry in held for line in entry]


def _moment(line: KernelLine) -> str:
    """The stamp as text that sorts by time; empty for a stamp that does not."""
    if line.stamp is None or not _ISO.match(line.stamp):
        return ""
    return _ZONE.sub("", line.stamp)


def _key(line: KernelLine) -> tuple[str, float]:
    return _moment(line), line.uptime_s or 0.0
