"""The lines near hits against their definition, told line by line with small distances."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oomdb.carriers.line import RawLine
from oomdb.reports import literals, scan
from oomdb.reports.literals import CLOCK, LITERALS
from tests.near_hits import lines_near_hits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BACK, STEP, AHEAD, LINE, STAMPS, STAMP = 150, 40, 170, 300, 100, 60

#: A line after which more is wanted, and one after which nothing is.
BEGIN, END = b"begin", b"end"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "LOOK_BACK": BACK,
        "LOOK_AHEAD": AHEAD,
        "BACK_STEP": STEP,
        "MOST_LINE": LINE,
        "STAMPED_BYTES": STAMPS,
        "MOST_STAMPED": STAMP,
        "_BEYOND_BYTES": 40,
        "_GATHERED_BYTES": 1,
    }.items():
        monkeypatch.setattr(scan, name, value)


class Wants:
    """Asks for more between two lines, as a report does that has not ended."""

    def __init__(self) -> None:
        self._wants = False

    def __call__(self) -> bool:
        return self._wants

    def see(self, line: RawLine | None) -> None:
        if line is None or END.decode() in line.text:
            self._wants = False
        elif BEGIN.decode() in line.text:
            self._wants = True


class Told:
    """The definition, over a stream that is held whole."""

    def __init__(self, data: bytes, wanted: Callable[[], bool]) -> None:
        self._data = data
        self._wanted = wanted
        self._at = 0
        self._left_out = False

    def lines(self) -> Iterator[RawLine | None]:
        data = self._data
        if data[:BACK].lstrip()[:1] in (b"{", b"["):
            yield from self._give(0, 1)
        for hit, literal in sorted(
            (at, literal)
            for literal in LITERALS
            for at in range(len(data))
            if data.startswith(literal, at)
        ):
            start, ahead = (hit, 1) if literal == CLOCK else (self._body_start(hit), AHEAD)
            yield from self._give(self._line_start(start), hit + ahead)
        yield from self._leave_out(self._line_start(max(len(data) - BACK, 0)))
        if self._at < len(data):
            yield from self._stamped(len(data) - 1)

    def _body_start(self, hit: int) -> int:
        """Where what a report may hold begins before a hit, looked at in steps."""
        start = hit
        while start > max(hit - BACK, 0):
            before = max(start - STEP, hit - BACK, 0)
            chunk, start = self._data[max(before, self._at) : start], before
            if not scan.BODY.search(chunk):
                break
        return start

    def _line_start(self, offset: int) -> int:
        start = self._data.rfind(b"\n", 0, offset) + 1
        return start if offset - start <= LINE else offset

    def _line(self, start: int, end: int) -> RawLine:
        text = self._data[start:end].removesuffix(b"\n").decode("latin-1")
        return RawLine(text, self._data.count(b"\n", 0, start) + 1, start, end)

    def _give(self, start: int, reach: int) -> Iterator[RawLine | None]:
        yield from self._leave_out(start)
        while self._at < len(self._data) and (self._at < reach or self._wanted()):
            if self._left_out:
                yield None
                self._left_out = False
            newline = self._data.find(b"\n", self._at, self._at + LINE)
            end = newline + 1 if newline >= 0 else min(self._at + LINE, len(self._data))
            yield self._line(self._at, end)
            self._at = end

    def _leave_out(self, end: int) -> Iterator[RawLine | None]:
        for place in range(self._at, end):
            if place % STAMPS == 0:
                yield from self._stamped(place)
        if end > self._at:
            self._at, self._left_out = end, True

    def _stamped(self, place: int) -> Iterator[RawLine | None]:
        start = self._data.rfind(b"\n", 0, place) + 1
        newline = self._data.find(b"\n", place)
        end = newline + 1 if newline >= 0 else len(self._data)
        if start >= self._at and end - start <= STAMP:
            yield None
            yield self._line(start, end)
            self._left_out = True


def given_lines(
    found: Callable[[Callable[[], bool]], Iterator[RawLine | None]],
) -> list[RawLine | None]:
    wants = Wants()
    lines = []
    for line in found(wants):
        wants.see(line)
        lines.append(line)
    return lines


def in_blocks(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


NOISE = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"{", b" ", b"x" * 59, b"x" * 60, b"x" * 250, b"x" * 700, b"oom", BEGIN, END]),
    st.sampled_from([b"[ 12] 0 34 56 78 x", b"free:1kB", b"do_x+0x1/0x2", b"0 1,2,3,4"]),
)
LOGS = st.lists(
    st.tuples(
        st.one_of(NOISE, NOISE, NOISE, st.sampled_from(LITERALS)),
        st.sampled_from([b"\n", b"\n", b"\n", b"", b"\r\n", b"\n\n\n"]),
    ),
    max_size=90,
).map(lambda parts: b"".join(part + end for part, end in parts))
SIZES = st.lists(st.integers(0, 400), max_size=12)

many = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@many
@given(LOGS, SIZES)
def test_what_is_given_is_as_defined_whatever_the_blocks_are(data: bytes, sizes: list[int]) -> None:
    told = given_lines(lambda wanted: Told(data, wanted).lines())
    assert given_lines(lambda wanted: lines_near_hits(in_blocks(data, sizes), wanted)) == told


@given(LOGS)
def test_all_literals_at_once_are_found_as_one_by_one(data: bytes) -> None:
    assert literals.literals_in(data) == sorted(literals._one_by_one(data))


@given(st.lists(st.sampled_from([literal[:9] for literal in LITERALS] + list(LITERALS))))
def test_literals_in_literals_are_found(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert literals.literals_in(data) == sorted(literals._one_by_one(data))


def test_without_the_libraries_the_same_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (b"x" * 99 + b"invoked oom-killer\n") * 50
    found, count = literals.literals_in(data), literals.newlines_in(data, 0, len(data))
    for each in (literals._search, literals._count):
        monkeypatch.setattr(literals, each.__name__, each.__wrapped__)
    monkeypatch.setitem(sys.modules, "ahocorasick_rs", None)
    monkeypatch.setitem(sys.modules, "stringzilla", None)
    assert literals._search() is literals._one_by_one
    assert literals.literals_in(data) == found
    assert literals.newlines_in(data, 0, len(data)) == count == 50


@given(st.binary(), st.integers(0, 3000), st.integers(0, 9), st.integers(0, 4000))
def test_newlines_are_counted(data: bytes, width: int, start: int, end: int) -> None:
    data = data + (b"x" * width + b"\n") * 3 + b"\n" * 700
    end = min(end, len(data))
    assert literals.newlines_in(data, start, end) == data.count(b"\n", start, end)
