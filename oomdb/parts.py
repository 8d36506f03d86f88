"""A long log in parts, which are read by themselves and hold together what the whole log holds.

Each part is read with some of what stands before and after it, and has the reports that
begin in it. Where the parts begin follows from the log alone, so that it comes to the same
however many processes read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from oomdb.dating import Timeline
from oomdb.incidents.copies import drafted
from oomdb.reports.literals import literals_in, newlines_in
from oomdb.reports.scan import STAMPED_BYTES
from oomdb.sources import files
from oomdb.spool import Spool
from oomdb.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.carriers.names import Names
    from oomdb.incidents.drafts import Draft
    from oomdb.sources.files import Source
    from oomdb.sources.readers import FileReader

PART_BYTES = 32 << 20
#: What is read before a part, for what its first lines go on with, and after it, for the rest
#: of its last report. Lines that are read for their stamps stand at multiples of the first.
BEFORE_BYTES = STAMPED_BYTES
AFTER_BYTES = 4 << 20
#: A report that ends less than that before the end of what was read may go on behind it, and
#: more is read, so many times as much, up to a bound. A report waits for less.
_OPEN_BYTES = 1 << 20
_LONGER = 4
_MOST_AFTER_BYTES = 256 << 20
#: Samples that tell whether a log is worth reading in parts, and the literals of reports in
#: them: where there are fewer, nearly all of the time goes into its SHA-256.
_SAMPLES = 16
_SAMPLE_BYTES = 1 << 20
_DENSE_LITERALS = 256
_BLOCK_BYTES = 1 << 20


class Place(NamedTuple):
    """A part: the bytes `first_byte` up to, not including, `last_byte`."""

    first_byte: int
    last_byte: int


@dataclass(slots=True)
class Part:
    """What a part of a log holds; places in it count from where reading began.

    `start` is that offset, `lines_before` how many lines end before the part from there on,
    `line_count` how many end in it. `lines` tell its times. `problem` says why it could not
    be read.
    """

    start: int
    lines_before: int = 0
    line_count: int = 0
    lines: list[KernelLine] = field(default_factory=list)
    drafts: Spool[list[Draft]] = field(default_factory=lambda: Spool(0))
    problem: str | None = None


def places(source: Source) -> list[Place]:
    """The parts of a long log that is full of reports; none for what is read at once."""
    if source.status is None or source.status.size_bytes < 2 * PART_BYTES:
        return []
    try:
        with files.opened_plain(source) as file:
            if file is None or not _is_dense(file):
                return []
            size_bytes = file.size_bytes
    except OSError:
        return []
    starts = range(0, size_bytes, PART_BYTES)
    return [Place(start, min(start + PART_BYTES, size_bytes)) for start in starts]


def _is_dense(file: FileReader) -> bool:
    found = 0
    for number in range(_SAMPLES):
        file.seek(file.size_bytes // _SAMPLES * number)
        found += len(literals_in(file.read(_SAMPLE_BYTES)))
    return found >= _DENSE_LITERALS


def read_part(source: Source, place: Place, names: Names) -> Part:
    """The reports that begin in a part of a log, and what its lines tell of times."""
    after_bytes = AFTER_BYTES
    while True:
        part, is_open = _read_part(source, place, names, after_bytes)
        if not is_open or after_bytes >= _MOST_AFTER_BYTES:
            return part
        part.drafts.close()
        after_bytes *= _LONGER


def _read_part(source: Source, place: Place, names: Names, after_bytes: int) -> tuple[Part, bool]:
    """The part as so many bytes behind it tell, and whether a report may go on behind these."""
    start = max(place.first_byte - BEFORE_BYTES, 0)
    part = Part(start)
    trace = Trace(place.first_byte - start, place.last_byte - start)
    firsts: list[KernelLine] = []
    last_byte = 0
    read_bytes = size_bytes = 0
    try:
        with files.opened_plain(source) as file:
            if file is None:
                raise OSError("the file was changed while it was read")
            size_bytes = file.size_bytes - start
            read_bytes = min(place.last_byte - start + after_bytes, size_bytes)
            for group in drafted(_blocks(file, place, part, start + read_bytes), trace, names):
                ours = [draft for draft in group if draft.first.first_byte in trace.range]
                firsts += [draft.first for draft in ours]
                last_byte = max([last_byte, *(draft.last_byte for draft in ours)])
                if ours:
                    part.drafts.add(ours)
    except OSError as error:
        part.problem = error.strerror or str(error)
    part.lines = trace.lines(firsts)
    return part, read_bytes < size_bytes and last_byte > read_bytes - _OPEN_BYTES


def _blocks(file: FileReader, place: Place, part: Part, end: int) -> Iterator[bytes]:
    """The bytes of a part and those round it, up to `end`; its lines are counted as they pass."""
    at = file.seek(part.start)
    while at < end:
        block = file.read(min(_BLOCK_BYTES, end - at))
        first = min(max(place.first_byte - at, 0), len(block))
        last = min(max(place.last_byte - at, 0), len(block))
        part.lines_before += newlines_in(block, 0, first)
        part.line_count += newlines_in(block, first, last)
        at += len(block)
        yield block


def timeline_of(parts: Iterable[Part]) -> Timeline:
    """The whole log's times; the lines of the parts learn of them what they could not know."""
    timeline = Timeline()
    for part in parts:
        for line in part.lines:
            timeline.see(line)
    return timeline


def drafts_of(parts: Iterable[Part]) -> Iterator[list[Draft]]:
    """The reports of all parts as the whole log holds them, after `timeline_of` them.

    A part may hold pieces of a report that begins far before it, which are left out.
    """
    line_count = 0
    before: list[_Span] = []
    for part in parts:
        told = {line.first_byte: line for line in part.lines}
        before = [span for span in before if span.last_byte > part.start]
        own: list[_Span] = []
        for group in part.drafts:
            for draft in group:
                as_seen = told[draft.first.first_byte]
                draft.move(line_count - part.lines_before, part.start, as_seen)
            if new := [draft for draft in group if not _is_piece(draft, before)]:
                own += [_Span(one.host, one.first_byte, one.last_byte) for one in new]
                yield new
        before += own
        line_count += part.line_count


class _Span(NamedTuple):
    """Where a report stands in the log, and whose it is."""

    host: str | None
    first_byte: int
    last_byte: int


def _is_piece(draft: Draft, before: Iterable[_Span]) -> bool:
    """Whether it stands without a beginning inside a report of an earlier part."""
    return draft.is_headless and any(
        span.host == draft.host
        and span.first_byte < draft.first_byte
        and draft.last_byte <= span.last_byte
        for span in before
    )
