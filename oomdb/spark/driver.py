"""The driver's side of an ingest: it hands out the work, decides, and has the leaves written."""

from __future__ import annotations

import pickle
import sys
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError
from oomdb.lake.writing import open_for_ingest
from oomdb.logs import Log, LogReader
from oomdb.parts import Part
from oomdb.spark import exchange
from oomdb.spark.executor import Began, Reading, read_pieces
from oomdb.spark.pieces import Range, Share, packed, pieces_of
from oomdb.spool import Spool
from oomdb.store.places import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager

    import duckdb
    from pyspark import RDD
    from pyspark.sql import SparkSession

    from oomdb.incidents.copies import Found
    from oomdb.incidents.drafts import Draft
    from oomdb.lake.changes import Changes
    from oomdb.lake.manifest import Manifest
    from oomdb.logs import Marks, Options
    from oomdb.sources.files import Source
    from oomdb.spark.executor import RowKey
    from oomdb.spark.pieces import Piece
    from oomdb.store.custody import Act
    from oomdb.store.places import Place
    from oomdb.store.writer import Store

    Read = tuple[Source, list[Log]]
    #: A row of what was read, and what it tells.
    Answer = tuple[RowKey, object]

#: Tasks for each processor: one that reads slowly then keeps no other waiting.
_TASKS_PER_CORE = 4
_MOST_TASKS = 10_000


class Cluster:
    """Reads logs and writes leaves on the executors of a session, for one ingest.

    `begin` starts the session, when there is something to do.
    """

    def __init__(self, begin: Callable[[], SparkSession]) -> None:
        self._begin = begin
        self._read: RDD[Reading] | None = None
        #: Where the rows of a copy are, by its digest.
        self._leaves: dict[str, exchange.Key] = {}
        #: The kind of event that each of these copies tells.
        self.kinds: dict[str, str] = {}

    def open_for_ingest(
        self, database: Place, act: Act, *, wait_s: float
    ) -> AbstractContextManager[Store]:
        """The lake to add to; its rows of events are written by the executors."""
        assert isinstance(database, Lake)
        return open_for_ingest(database, act, wait_s=wait_s, row_writer=self)

    def read_files(
        self, sources: Iterator[Source], options: Options, marks: Marks, jobs: int
    ) -> Generator[Read]:
        """Each source with its logs, in order; the leaves of their reports are elsewhere."""
        here = LogReader(options, marks)
        every = list(sources)
        for source in every:
            if source.is_stdin:
                yield source, list(here.read(source))
        pieces = list(pieces_of(source for source in every if not source.is_stdin))
        if pieces:
            yield from _Answers(pieces, here, self._leaves, self.kinds).put_together(
                self._rows(pieces, options, marks)
            )

    def _rows(self, pieces: list[Piece], options: Options, marks: Marks) -> Iterator[Reading]:
        """What executors read, in the order of the pieces, without the leaves, which they keep."""
        from pyspark import StorageLevel

        context = self._begin().sparkContext
        tasks = min(len(pieces), max(context.defaultParallelism * _TASKS_PER_CORE, 1), _MOST_TASKS)
        numbered = [(number, packed(piece)) for number, piece in enumerate(pieces)]
        given = context.parallelize(numbered, tasks)
        read = given.mapPartitions(partial(read_pieces, options=options, marks=marks))
        self._read = read.persist(StorageLevel.MEMORY_AND_DISK)
        self._read.count()
        return self._read.map(_without_leaves).toLocalIterator()

    def write_places(
        self, catalog: duckdb.DuckDBPyConnection, lake: Lake, before: Manifest, changed: Changes
    ) -> dict[str, dict[str, str | None]]:
        """Have the executors write the places that changed."""
        done = exchange.write(self._begin, self._read, self._leaves, catalog, lake, before, changed)
        if self._read is not None:
            self._read.unpersist()
        return done


class _Answers:
    """Puts what executors say of pieces together to logs."""

    def __init__(
        self,
        pieces: list[Piece],
        here: LogReader,
        leaves: dict[str, exchange.Key],
        kinds: dict[str, str],
    ) -> None:
        self._pieces = pieces
        self._here = here
        self._leaves = leaves
        self._kinds = kinds

    def put_together(self, rows: Iterator[Reading]) -> Iterator[Read]:
        """Each source with its logs, in order."""
        answers = _by_piece(rows)
        whole = Log("")
        parts: list[Part] = []
        keys: list[exchange.Key] = []
        for number, piece in enumerate(self._pieces):
            answered, answer = next(answers, (None, iter(())))
            if answered != number:
                raise OomdbError("Spark lost what it read; nothing was written")
            if isinstance(piece, Share):
                yield from self._share(piece, answer)
                continue
            (_, first), *groups = answer
            if piece.place is None:
                assert isinstance(first, Log)
                whole, parts, keys = first, [], []
                continue
            assert isinstance(first, Part)
            for row, facts in groups:
                drafts: list[Draft] = facts  # type: ignore[assignment]
                first.drafts.add(drafts)
                keys += [(row, draft.rows.number) for draft in drafts]
            parts.append(first)
            if not self._goes_on(number):
                log = self._here.put_together(piece.source, whole, parts)
                yield piece.source, [self._noting(log, keys)]

    def _goes_on(self, number: int) -> bool:
        after = self._pieces[number + 1] if number + 1 < len(self._pieces) else None
        return isinstance(after, Range) and after.place is not None

    def _share(self, share: Share, answer: Iterator[Answer]) -> Iterator[Read]:
        logs: list[list[Log]] = [[] for _ in share.sources]
        for row, facts in answer:
            if isinstance(facts, Began):
                log = facts.log
                logs[facts.source_no].append(log)
            elif facts is not None:
                found: list[Found] = facts  # type: ignore[assignment]
                log.found.add(found)
                for one in found:
                    self._note(one, (row, one.rows.number))
        yield from zip(share.sources, logs, strict=True)

    def _noting(self, log: Log, keys: list[exchange.Key]) -> Log:
        """A large log; where its reports' leaves are is noted, which come in one order."""
        groups, log.found = log.found, Spool()
        at = iter(keys)
        for group in groups:
            for found in group:
                self._note(found, next(at))
            log.found.add(group)
        return log

    def _note(self, found: Found, key: exchange.Key) -> None:
        digest = found.copy.digest
        self._leaves.setdefault(digest, key)
        self._kinds.setdefault(digest, sys.intern(str(found.event["kind"])))


def _without_leaves(row: Reading) -> Reading:
    return row._replace(leaves=None)


def _by_piece(rows: Iterator[Reading]) -> Iterator[tuple[int, Iterator[Answer]]]:
    """The rows of each piece, one piece after the other."""
    for piece_no, some in groupby(rows, key=attrgetter("piece_no")):
        yield piece_no, ((row.key, pickle.loads(row.facts)) for row in some)
