"""What executors do: read a piece of the logs, apart from the process that speaks to Spark.

What reports tell comes in two halves. The driver decides by the first: what tells copies, hosts
and times apart. The leaves, the evidence and the other columns of events, which are most of it,
are the second and stay with the executors.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from oomdb import scratch, tables
from oomdb.incidents.drafts import Draft
from oomdb.lake.narrow import loaded
from oomdb.logs import Log, LogReader
from oomdb.parts import Part
from oomdb.rows.batch import RowBatch
from oomdb.rows.leaves import pack
from oomdb.spark.apart import EndedError, apart
from oomdb.spark.pieces import Piece, Range, Share
from oomdb.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.incidents.copies import Found
    from oomdb.logs import Marks, Options
    from oomdb.sources.files import Source

    #: The first half of a row, and the second where it has any.
    Halves = tuple[object, bytes | None]
    Report = TypeVar("Report", Found, Draft)
    #: A row of what was read: its piece, its number there and its stamp.
    RowKey = tuple[int, int, bytes]

#: What the driver is told of an event's row, beside what an ingest decides by.
_TOLD = frozenset({"damage", "invoker_comm", "gfp_mask", "alloc_order"})

#: How often a file is tried that ends the process: it may have been another's fault.
_TRIES = 2


class Reading(NamedTuple):
    """What is read of a piece: a row for each log or part of one, then one for every few reports.

    The stamp stands for the evidence of these: a piece that is read again, as its executor was
    lost, may not be what it was.
    """

    piece_no: int
    row_no: int
    stamp: bytes
    facts: bytes
    leaves: bytes | None

    @property
    def key(self) -> RowKey:
        """What names the row."""
        return self.piece_no, self.row_no, self.stamp


@dataclass(frozen=True, slots=True)
class Began:
    """A log that reports follow, by the place of its source in the share."""

    source_no: int
    log: Log


@dataclass(frozen=True, slots=True)
class Beside:
    """What stays of a report, beside its leaves: the row of its event and the kept evidence."""

    event: dict[str, object]
    evidence: bytes


class _EndOfSource:
    """Comes after all rows of a source."""


def read_pieces(
    pieces: Iterable[tuple[int, bytes]], options: Options, marks: Marks
) -> Iterator[Reading]:
    """What numbered pieces hold, each packed; row by row in order."""
    # Spark ends its processes without a word, so what one left the next one removes.
    scratch.remove_leftovers()
    scratch.folder()
    reader = LogReader(options, marks)
    for piece_no, content in pieces:
        piece: Piece = pickle.loads(content)
        rows = _share(reader, piece) if isinstance(piece, Share) else _range(reader, piece)
        for row_no, (facts, leaves) in enumerate(rows):
            content = pickle.dumps(facts, pickle.HIGHEST_PROTOCOL)
            yield Reading(piece_no, row_no, _stamp(facts), content, leaves)


def _stamp(facts: object) -> bytes:
    reports: list[Found] | list[Draft] = facts if isinstance(facts, list) else []
    return hashlib.sha256(b"".join(report.evidence_sha256 for report in reports)).digest()


def _share(reader: LogReader, share: Share) -> Iterator[Halves]:
    """The rows of a share: a file that ends the process is set aside, the others are read."""
    yield None, None
    first_no = tries = 0
    while first_no < len(share.sources):
        rows: Spool[Halves] = Spool()
        try:
            for row in apart(partial(_read_sources, reader, share.sources, first_no)):
                if isinstance(row, _EndOfSource):
                    yield from rows
                    rows, tries = Spool(), 0
                    first_no += 1
                else:
                    rows.add(row)  # type: ignore[arg-type]
        except EndedError as error:
            rows.close()
            tries += 1
            if tries == _TRIES:
                yield Began(first_no, Log(share.sources[first_no].name, str(error))), None
                first_no, tries = first_no + 1, 0


def _read_sources(
    reader: LogReader, sources: Sequence[Source], first_no: int
) -> Iterator[Halves | _EndOfSource]:
    for number in range(first_no, len(sources)):
        for log in reader.read(sources[number]):
            groups, log.found = log.found, Spool()
            yield Began(number, log), None
            for group in groups:
                yield from _halves(group)
        yield _EndOfSource()


def _range(reader: LogReader, piece: Range) -> Iterator[Halves]:
    """The rows of a part of a large log; what ends the process is the part's problem."""
    for attempt in range(_TRIES):
        rows: Spool[Halves] = Spool()
        try:
            for row in apart(partial(_read_range, reader, piece)):
                rows.add(row)  # type: ignore[arg-type]
            yield from rows
            return
        except EndedError as error:
            rows.close()
            problem = str(error)
            if attempt + 1 == _TRIES:
                whole = piece.place is None
                yield Log(piece.source.name, problem) if whole else Part(0, problem=problem), None


def _read_range(reader: LogReader, piece: Range) -> Iterator[Halves]:
    if piece.place is None:
        yield reader.read_whole(piece.source), None
        return
    part = reader.read_part(piece.source, piece.place)
    groups, part.drafts = part.drafts, Spool(0)
    yield part, None
    for group in groups:
        yield from _halves(group)


def _halves(group: list[Report]) -> Iterator[Halves]:
    """What tells some reports apart, and what stays.

    These are the leaves, as tables that tell reports by numbers, and what is beside them.
    """
    pack([report.rows for report in group])
    for _, some in groupby(group, key=lambda report: id(report.rows.pack)):
        reports = list(some)
        leaves = reports[0].rows.pack
        facts, beside = [], {}
        for report in reports:
            number, event = report.rows.number, report.rows.event
            told, evidence = _apart(report)
            facts.append(told)
            beside[number] = Beside(event, evidence)
        yield facts, pickle.dumps((leaves, beside), pickle.HIGHEST_PROTOCOL)


def _apart(report: Report) -> tuple[Report, bytes]:
    """A report with nothing but what tells it apart, and its evidence."""
    known = {*loaded(tables.EVENTS), *_TOLD}
    event = {name: value for name, value in report.rows.event.items() if name in known}
    rows = RowBatch(event, number=report.rows.number)
    if isinstance(report, Draft):
        report.rows = rows
        return report, report.take_evidence()
    sighting = dict(report.sighting)
    evidence = sighting.pop("evidence")
    assert isinstance(evidence, bytes)
    return replace(report, rows=rows, sighting=sighting), evidence
