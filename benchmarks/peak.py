"""How much memory an ingest takes at most, whatever it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Growth, Result, ingest_into, run, spread
from benchmarks.plain import reports_in

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Context

_GB = 10**9


def measure(context: Context) -> list[Result]:
    large = context.size(5 * _GB, 5 * 10**7)
    many = context.size(100_000, 1000)
    tables = context.size(96, 16)
    counts = (tables // 16, tables // 4, tables)
    packed = context.size(2 * _GB, 25 * 10**6)  # about 400 MB gzipped in the full form
    return [
        _measure(
            context,
            "memory_large",
            f"one file of {large / _GB:.2f} GB",
            [_plain(context, part) for part in (large // 16, large // 4, large)],
            ("bytes", (large // 16, large // 4, large)),
        ),
        _measure(
            context,
            "memory_many",
            f"{many:,} files",
            [inputs.many(context.work, part) for part in (many // 16, many // 4, many)],
            ("files", (many // 16, many // 4, many)),
        ),
        _measure(
            context,
            "memory_gzip",
            f"one gzip of {packed / _GB:.2f} GB",
            [_plain(context, part, ".gz") for part in (packed // 16, packed // 4, packed)],
            ("bytes before compression", (packed // 16, packed // 4, packed)),
        ),
        _measure(
            context,
            "memory_tables",
            f"{tables} reports of 20,000 processes each",
            [inputs.dense(context.work, 1, part, 20_000) for part in counts],
            ("reports", counts),
        ),
    ]


def _measure(
    context: Context,
    row: str,
    work: str,
    logs: list[Path],
    sizes: tuple[str, tuple[int, ...]],
) -> Result:
    result = Result(row, f"peak memory, {work}", "-", "400 MB a worker", "200 MB")
    taken = [run(ingest_into(context.work / "peak.duckdb", log)) for log in logs]
    result.ours = [taken[-1]]
    result.value = f"{taken[-1].peak_mb:.0f} MiB"
    result.notes.append(
        f"of the largest process; {spread([one.peak_mb for one in taken], 'MiB', 0)}"
        f" over 1x, 4x and 16x; {taken[-1].seconds:.1f} s"
    )
    unit, counts = sizes
    result.growth = Growth(
        f"{unit}, of memory", tuple(counts), tuple(one.peak_mb for one in taken), 0.0
    )
    return result


def _plain(context: Context, size: int, suffix: str = "") -> Path:
    return inputs.plain(context.work, size, reports_in(size), suffix)
