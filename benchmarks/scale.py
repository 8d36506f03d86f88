"""How each tier grows: a file, a lake, a server, a cluster, by one and two workers.

`python -m benchmarks.scale --work WORK [--server postgresql://USER@HOST] [TIER...]` prints the
table of docs/scale.md: dense logs of three sizes go into each tier, the whole process
timed, by one worker and by two. Of a server two workers are two ingests at once, each of half
of the files; its own processor time is not in the figures.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Command, run

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES, _LINES = 10, 137
_SIZES = (16, 64, 256)
_OOMDB = (sys.executable, "-m", "oomdb")
#: Two commands at once; the first that fails is the result.
_AT_ONCE = 'eval "$1" & first=$!; eval "$2"; second=$?; wait $first && exit $second'


@dataclass(frozen=True)
class Place:
    """Where one measurement writes, and what it takes there afterwards [bytes]."""

    command: Command
    size_bytes: Callable[[], int]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("tiers", nargs="*", choices=[[], *_TIERS], metavar="TIER")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--server", help="a server where databases can be made, without a name")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    print("| tier | workers | reports | logs, MB | wall, s | processor, s | kB a report |")
    print("|---|---|---|---|---|---|---|")
    for tier in arguments.tiers or _TIERS:
        if tier == "server" and not arguments.server:
            continue
        for workers in (1, 2):
            for each in _SIZES:
                print(_row(tier, workers, each, work, arguments.server), flush=True)


def _row(tier: str, workers: int, each: int, work: Path, server: str | None) -> str:
    logs = inputs.dense(work, _FILES, each, _LINES)
    place = _TIERS[tier](logs, work / f"scale-{tier}", workers, server or "")
    taken = run(place.command)
    reports = _FILES * each
    log_bytes = sum(path.stat().st_size for path in logs.iterdir())
    return (
        f"| {tier} | {workers} | {reports:,} | {log_bytes / 1e6:.1f} | {taken.seconds:.1f}"
        f" | {taken.cpu_seconds:.1f} | {place.size_bytes() / reports / 1000:.1f} |"
    )


def _file(logs: Path, out: Path, workers: int, _: str) -> Place:
    database = out.with_suffix(".duckdb")
    words = (*_OOMDB, "ingest", str(logs), "--db", str(database), "--jobs", str(workers))
    return Place(
        Command(words, before=lambda: database.unlink(missing_ok=True)),
        lambda: database.stat().st_size,
    )


def _lake(logs: Path, out: Path, workers: int, _: str) -> Place:
    words = (*_OOMDB, "ingest", str(logs), "--lake", str(out), "--jobs", str(workers))
    return Place(Command(words, before=lambda: _remove(out)), lambda: _size_bytes(out))


def _spark(logs: Path, out: Path, workers: int, _: str) -> Place:
    master = ("--master", f"local[{workers}]", "--conf", "spark.ui.enabled=false")
    words = (*_OOMDB, "spark", "ingest", str(logs), "--lake", str(out), *master)
    return Place(Command(words, before=lambda: _remove(out)), lambda: _size_bytes(out))


def _server(logs: Path, out: Path, workers: int, server: str) -> Place:
    name = "oomdb_scale"
    place = f"{server.rstrip('/')}/{name}"
    files = sorted(map(str, logs.iterdir()))
    shares = [files[number::workers] for number in range(workers)]
    commands = [
        " ".join([*_OOMDB, "ingest", *share, "--db", place, "--jobs", "1"]) for share in shares
    ]
    words = ("sh", "-c", _AT_ONCE if workers == 2 else 'eval "$1"', "sh", *commands)
    return Place(Command(words, before=lambda: _fresh(server, name)), lambda: _held(place, name))


def _fresh(server: str, name: str) -> None:
    import psycopg

    with psycopg.connect(f"{server.rstrip('/')}/postgres", autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {name}")


def _held(place: str, name: str) -> int:
    import psycopg

    with psycopg.connect(place) as session:
        row = session.execute("SELECT PG_DATABASE_SIZE(%s)", [name]).fetchone()
    assert row is not None
    return int(row[0])


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


_TIERS: dict[str, Callable[[Path, Path, int, str], Place]] = {
    "file": _file,
    "lake": _lake,
    "server": _server,
    "spark": _spark,
}

if __name__ == "__main__":
    main()
