"""How large a database is, beside the reports in it compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zstandard

from benchmarks import inputs
from benchmarks.fleet import carriers
from benchmarks.fleet.fleet import Fleet, reports_by_host
from benchmarks.harness import Growth, Result, ingest_into, run

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Context

_LEVEL = 3


def measure(context: Context) -> list[Result]:
    events = context.size(4000, 320)
    result = Result(
        "size",
        f"size of a database of {events} events of a fleet, evidence kept",
        f"their reports compressed by `zstd -{_LEVEL}`, each alone",
        "below 1 x",
        "0.5 x",
    )
    sizes = [_sizes(context, part) for part in (events // 16, events // 4, events)]
    database, alone, together, text = sizes[-1]
    result.value = f"{database / alone:.2f} x"
    result.notes.append(
        f"{database:,} bytes; the reports are {text:,} bytes, {alone:,} compressed each alone,"
        f" {together:,} in one file ({database / together:.2f} x)"
    )
    result.growth = Growth(
        "events, of bytes",
        (events // 16, events // 4, events),
        tuple(float(one[0]) for one in sizes),
        float(_empty_size(context)),
    )
    return [result]


def _sizes(context: Context, events: int) -> tuple[int, int, int, int]:
    """Bytes of a database, of its reports compressed alone and together, and as they are."""
    fleet = Fleet(seed=inputs.SEED, hosts=max(4, events // 10), events=events, days=60)
    texts = [
        carriers.write(carriers.BY_NAME["rsyslog"], [*report.records], machine)
        for machine, drawn in reports_by_host(fleet)
        for report in drawn
    ]
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    alone = sum(len(compressor.compress(text)) for text in texts)
    together = len(compressor.compress(b"".join(texts)))
    log = inputs.kept(
        context.work, f"fleet-{events}.log", lambda path: _write(path, b"".join(texts))
    )
    return _ingested(context, log), alone, together, sum(map(len, texts))


def _ingested(context: Context, log: Path) -> int:
    database = context.work / "size.duckdb"
    run(ingest_into(database, log))
    return database.stat().st_size


def _empty_size(context: Context) -> int:
    return _ingested(context, inputs.kept(context.work, "empty.log", lambda path: path.touch()))


def _write(path: Path, text: bytes) -> None:
    path.write_bytes(text)
