"""Files read by several processes at once, their logs in the order of the files."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from oomdb import processes
from oomdb.logs import LogReader
from oomdb.parts import places

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from concurrent.futures import ProcessPoolExecutor

    from oomdb.logs import Log, Marks, Options
    from oomdb.parts import Part, Place
    from oomdb.sources.files import Source

    Read = list[tuple[Source, list[Log]]]

#: Fewer bytes are read sooner than a process is started.
_WORTH_BYTES = 4 << 20
#: What a worker is given at once.
_SHARE_BYTES = 4 << 20
_SHARE_FILES = 256
#: Shares that are being read or waiting to be taken, for each worker.
_SHARES_AHEAD = 3
#: What workers need, loaded once for all of them.
_PRELOAD = ("oomdb.logs",)


def default_jobs() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_files(
    sources: Iterator[Source], options: Options, marks: Marks, jobs: int
) -> Generator[tuple[Source, list[Log]]]:
    """Each source with its logs, in order, read by as many processes as `jobs` tells.

    What is read sooner than a process is started is read here. OomdbError when a process
    ended, as when the kernel killed it.
    """
    first, size_bytes = [], 0
    if jobs > 1:
        for source in sources:
            first.append(source)
            size_bytes += _size_bytes(source)
            if size_bytes >= _WORTH_BYTES and _are_worth_it(first):
                break
    ahead = chain(first, sources)
    if jobs <= 1 or not _are_worth_it(first):
        reader = LogReader(options, marks, threads=jobs > 1)
        yield from ((source, _read(reader, source)) for source in ahead)
    else:
        with processes.pool(
            jobs, _begin, (options, marks), doing="read logs", preload=_PRELOAD
        ) as pool:
            yield from _Workers(pool, LogReader(options, marks), jobs).read(ahead)


def expect(first: Sequence[Source], jobs: int) -> None:
    """Get ready to read with processes, where the first files alone are worth them."""
    if jobs > 1 and _are_worth_it(first):
        processes.load_ahead(_PRELOAD)


def _are_worth_it(sources: Sequence[Source]) -> bool:
    """Whether to read these takes longer than to start processes, which can share it."""
    is_large = sum(map(_size_bytes, sources)) >= _WORTH_BYTES
    return is_large and (len(sources) > 1 or bool(places(sources[0])))


def _read(reader: LogReader, source: Source) -> list[Log]:
    """The logs of a source, the parts of a long one after each other."""
    found = places(source)
    if not found:
        return list(reader.read(source))
    whole = reader.read_whole(source)
    return [reader.put_together(source, whole, [reader.read_part(source, one) for one in found])]


@dataclass(frozen=True, slots=True)
class _Long:
    """A long log that is being read in parts."""

    source: Source
    whole: Future[Log]
    parts: list[Future[Part]]

    def put_together(self, reader: LogReader) -> Read:
        """The log with the reports of its parts, when all are read."""
        parts = [part.result() for part in self.parts]
        return [(self.source, [reader.put_together(self.source, self.whole.result(), parts)])]


class _Workers:
    """The processes, and what they have been given."""

    def __init__(self, pool: ProcessPoolExecutor, here: LogReader, jobs: int) -> None:
        self._pool = pool
        self._here = here
        self._most_ahead = jobs * _SHARES_AHEAD

    def read(self, sources: Iterable[Source]) -> Iterator[tuple[Source, list[Log]]]:
        """Each source with its logs, in order."""
        waiting = shares(sources)
        ahead = deque(map(self._give, islice(waiting, self._most_ahead)))
        while ahead:
            yield from self._taken(ahead.popleft())
            ahead.extend(map(self._give, islice(waiting, 1)))

    def _give(self, share: list[Source]) -> Future[Read] | _Long | Read:
        """Hand out a share; standard input can be read by this process alone."""
        source = share[0]
        if source.is_stdin:
            return [(source, list(self._here.read(source)))]
        found = places(source)
        if not found:
            return self._pool.submit(_read_share, share)
        parts = [self._pool.submit(_read_part, source, place) for place in found]
        return _Long(source, self._pool.submit(_read_whole, source), parts)

    def _taken(self, given: Future[Read] | _Long | Read) -> Read:
        """What became of a share, when it is read."""
        if isinstance(given, Future):
            return given.result()
        return given.put_together(self._here) if isinstance(given, _Long) else given


def shares(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """The sources in groups of about one size; standard input stays alone."""
    share: list[Source] = []
    size_bytes = 0
    for source in sources:
        if share and (
            source.is_stdin
            or _size_bytes(source) > _SHARE_BYTES
            or size_bytes + _size_bytes(source) > _SHARE_BYTES
            or len(share) >= _SHARE_FILES
        ):
            yield share
            share, size_bytes = [], 0
        share.append(source)
        size_bytes += _size_bytes(source)
        if source.is_stdin or size_bytes > _SHARE_BYTES:
            yield share
            share, size_bytes = [], 0
    if share:
        yield share


def _size_bytes(source: Source) -> int:
    return source.status.size_bytes if source.status is not None else 0


_reader: LogReader


def _begin(options: Options, marks: Marks) -> None:
    """Have a reader in this worker."""
    global _reader
    processes.collect_seldom()
    _reader = LogReader(options, marks)


def _read_share(share: list[Source]) -> Read:
    read = [(source, list(_reader.read(source))) for source in share]
    groups = [group for _, logs in read for log in logs for group in log.found.in_memory]
    rows = [found.rows for group in groups for found in group]
    if rows:
        from oomdb.rows.leaves import pack

        pack(rows)
    return read


def _read_part(source: Source, place: Place) -> Part:
    return _reader.read_part(source, place)


def _read_whole(source: Source) -> Log:
    return _reader.read_whole(source)
