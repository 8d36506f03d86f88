"""The literals of which every report holds one, and where they stand in bytes.

All are searched in one pass where there is a build of the library that does it, thirty
times as fast as one after the other.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Every report, however cut, holds at least one of these.
_PRINTED = (
    b"oom-kill",
    b"oom_reaper",
    b"ill process ",
    b"illed process ",
    b"Mem-Info",
    b"Mem-info",
    b"lowmem_reserve[]",
    b"allocation failure",
    b"alloc failure: order:",
    b"oom_score_adj name",
    b"oom_adj name",
    b"ut of memory",
    b"invoked oom",
    b"memory: usage ",
    b"vmalloc error",
    b"Show Memory",
)
#: The same as journalctl writes messages that are no plain text, a number for each byte.
_IN_NUMBERS = tuple(
    separator.join(str(byte) for byte in literal).encode()
    for literal in (b"oom-kill", b"illed process ", b"oom_reaper", b"invoked oom")
    for separator in (",", ", ")
)
#: A line that tells when the host had booted.
CLOCK = b"setting system clock to "

LITERALS = (*_PRINTED, *_IN_NUMBERS, CLOCK)
LONGEST_BYTES = max(map(len, LITERALS))

#: Where a literal begins, and which of them it is.
Found = tuple[int, int]


def literals_in(data: bytes) -> list[Found]:
    """Offset and number of each literal in `data`, in order; they may overlap."""
    found = _search()(data)
    if len(found) > 1:
        found.sort()
    return found


@cache
def _search() -> Callable[[bytes], list[Found]]:
    try:
        import ahocorasick_rs
    except ImportError:
        return _one_by_one
    # Only the leftmost matches are found with vector instructions, by all others it crawls.
    leftmost = ahocorasick_rs.MatchKind.LeftmostFirst
    matches = ahocorasick_rs.BytesAhoCorasick(LITERALS, matchkind=leftmost).find_matches_as_indexes
    overlapping = _overlapping()

    def search(data: bytes) -> list[Found]:
        found = []
        for number, start, _ in matches(data):
            found.append((start, number))
            for shift, other in overlapping[number]:
                if data.startswith(LITERALS[other], start + shift):
                    found.append((start + shift, other))
        return found

    return search


def _one_by_one(data: bytes) -> list[Found]:
    return [
        (start, number) for number, literal in enumerate(LITERALS) for start in _all(data, literal)
    ]


def _all(data: bytes, literal: bytes) -> Iterator[int]:
    position = data.find(literal)
    while position >= 0:
        yield position
        position = data.find(literal, position + 1)


def _overlapping() -> list[list[tuple[int, int]]]:
    """For each literal, the others that can begin within it, each after so many bytes."""
    by_first: dict[int, list[int]] = {}
    for number, literal in enumerate(LITERALS):
        by_first.setdefault(literal[0], []).append(number)
    return [
        [
            (shift, number)
            for shift, byte in enumerate(literal)
            for number in by_first.get(byte, ())
            if (shift or LITERALS[number] != literal)
            and _can_meet(literal[shift:], LITERALS[number])
        ]
        for literal in LITERALS
    ]


def _can_meet(rest: bytes, other: bytes) -> bool:
    return rest.startswith(other) or other.startswith(rest)


_NEWLINE = b"\n"
#: Lines shorter than this on average are counted faster byte by byte.
_SHORT_LINE = 16
_SAMPLE_BYTES = 512


def newlines_in(data: bytes, start: int, end: int) -> int:
    """How many lines end in a range of `data`."""
    if end - start > _SAMPLE_BYTES:
        sampled = data.count(_NEWLINE, start, start + _SAMPLE_BYTES)
        if sampled < _SAMPLE_BYTES // _SHORT_LINE:
            return _count()(data, start, end)
    return data.count(_NEWLINE, start, end)


@cache
def _count() -> Callable[[bytes, int, int], int]:
    try:
        import stringzilla
    except ImportError:
        return lambda data, start, end: data.count(_NEWLINE, start, end)
    count = stringzilla.count
    return lambda data, start, end: count(data, _NEWLINE, start, end)
