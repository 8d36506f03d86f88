"""Entries of a query's result in the order in which they were printed.

Loki gives the newest entry first unless it is asked otherwise, and so do most searches
in Elastic and Splunk. A result whose times go down is held and turned round; one whose
times go up passes through as soon as that is known. Records in lines of their own are one
result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oomdb.carriers.line import KernelLine

#: Characters of a result that are held; a longer one is turned round part by part.
MOST_HELD = 8 << 20
#: Characters that are held while all times are the same; such a result goes up.
MOST_UNDECIDED = 64 << 10
_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")

_NO_TIME = ("", 0.0)


class Restored:
    """Takes the entries of one result after the other; those of a result have one `array`."""

    def __init__(self) -> None:
        self._array: object = None
        self._held: list[list[KernelLine]] = []
        self._size = 0
        self._first = _NO_TIME
        self._is_upward = True
        self._is_long = False

    @property
    def holds(self) -> bool:
        """Whether entries are held."""
        return bool(self._held)

    @property
    def waits(self) -> bool:
        """Whether entries are held that a later one may turn round; not for ever."""
        return bool(self._held) and not self._is_long

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
        time = _time(entry[0])
        if self._is_upward or time == _NO_TIME:
            return before + entry
        self._held.append(entry)
        self._size += len(entry[0].raw) + sum(len(line.text) for line in entry)
        if self._first == _NO_TIME:
            self._first = time
        if time[0] == self._first[0]:
            self._is_upward = self._size > MOST_UNDECIDED
        else:
            self._is_upward = time[0] > self._first[0]
        if self._is_upward or self._size > MOST_HELD:
            self._is_long = True
            before += self._released()
        return before

    def end(self) -> list[KernelLine]:
        """The lines that are held when the result ends."""
        lines = self._released()
        self._array, self._first, self._is_upward = None, _NO_TIME, True
        self._is_long = False
        return lines

    def _released(self) -> list[KernelLine]:
        held, self._held, self._size = self._held, [], 0
        if held and _time(held[-1][0])[0] < self._first[0]:
            # Entries of one moment stand in reverse too, unless the kernel's stamp tells.
            held.reverse()
            held.sort(key=lambda entry: _time(entry[0]))
        return [line for entry in held for line in entry]


def _time(line: KernelLine) -> tuple[str, float]:
    """Stamp and uptime as they sort by time; `_NO_TIME` for a stamp that does not."""
    if line.stamp is None or not _ISO.match(line.stamp):
        return _NO_TIME
    return _ZONE.sub("", line.stamp), line.uptime_s or 0.0
