"""Whole logs of one machine: its noise over a time, with its reports where they belong."""

from __future__ import annotations

import gzip
import os
from contextlib import contextmanager
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from benchmarks.fleet import carriers, noise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.fleet.carriers import Carrier
    from benchmarks.fleet.machines import Machine
    from benchmarks.fleet.noise import Pool
    from benchmarks.fleet.records import Report


def pieces(
    machine: Machine,
    carrier: Carrier,
    reports: Sequence[Report],
    pool: Pool | None,
    from_s: float,
    to_s: float,
) -> Iterator[tuple[bytes, float]]:
    """A log of the time given: its lines piece by piece, each with the time of its last line.

    The lines are those of the pool and the reports, which are in order of time and lie within
    it; without a pool there is nothing else.
    """
    quiet = _Quiet(machine, carrier, pool)
    at_s = from_s
    for report in reports:
        first, last = report.records[0].at_s, report.records[-1].at_s
        yield from quiet.between(at_s, first)
        yield carriers.write(carrier, report.records, machine), last
        if pool is not None and not carrier.kernel_only:
            said = noise.after_a_kill(Random(f"{machine.hostname} {first!r}"), last)
            last = said[-1].at_s if said else last
            yield carriers.write(carrier, said, machine), last
        at_s = last
    yield from quiet.between(at_s, to_s)


class _Quiet:
    """The noise of one machine."""

    def __init__(self, machine: Machine, carrier: Carrier, pool: Pool | None) -> None:
        self._machine, self._carrier = machine, carrier
        self._pool = pool.of_kernel() if pool is not None and carrier.kernel_only else pool
        self._blocks: noise.Blocks | None = None
        if pool is not None and pool.is_an_hour and isinstance(carrier, carriers.Syslog):
            self._blocks = _blocks(carrier, pool)

    def between(self, from_s: float, to_s: float) -> Iterator[tuple[bytes, float]]:
        """The lines between two times, an hour at once."""
        if self._pool is None:
            return
        step = noise.HOUR_S / self._pool.an_hour
        while from_s < to_s:
            until = min(to_s, (from_s // noise.HOUR_S + 1) * noise.HOUR_S)
            if self._blocks is not None:
                text = self._blocks.between(self._machine, from_s, until)
            else:
                records = self._pool.records(from_s, until)
                text = carriers.write(self._carrier, records, self._machine)
            if text:
                yield text, until // step * step - step * (until % step == 0)
            from_s = until


@lru_cache(maxsize=8)
def _blocks(carrier: carriers.Syslog, pool: Pool) -> noise.Blocks:
    return noise.Blocks(carrier, pool)


def write(path: Path, parts: Iterable[tuple[bytes, float]], *, most: int | None = None) -> int:
    """Write the pieces of a log, compressed as its suffix says; how many bytes they were.

    `most` ends it with the piece that reaches so many bytes. The file was last changed when
    its last line was written: readers take the year of stamps that have none from there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written, last_s = 0, 0.0
    with _opened(path) as file:
        for text, last_s in parts:  # noqa: B007  # it is the last one's that counts
            file.write(text)
            written += len(text)
            if most is not None and written >= most:
                break
    os.utime(path, (last_s, last_s))
    return written


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file for writing; the same bytes give the same compressed bytes."""
    with path.open("wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                yield cast("BinaryIO", packed)
        elif path.suffix == ".zst":
            with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as packed_zstd:
                yield cast("BinaryIO", packed_zstd)
        else:
            yield raw
