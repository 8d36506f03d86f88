"""The logs that are measured, made once and kept in the work folder."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fleet import carriers, logs, machines, noise, reports
from benchmarks.fleet.fleet import BEGIN_S
from benchmarks.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.fleet.machines import Machine
    from benchmarks.fleet.records import Report

SEED = 1
#: Lines an hour of a busy host's log, about four megabytes.
_BUSY = 40000
_GENERATION = "6.1-debian"
_BOOT_S = BEGIN_S - 200_000.5


def kept(work: Path, name: str, make: Callable[[Path], None]) -> Path:
    """A file or folder of the work folder, made by `make` unless this generator made it before."""
    path = work / f"{_generator()}-{name}"
    if not path.exists():
        unfinished = work / f"unfinished-{path.name}"
        if unfinished.is_dir():
            shutil.rmtree(unfinished)
        work.mkdir(parents=True, exist_ok=True)
        make(unfinished)
        unfinished.replace(path)
    return path


@cache
def _generator() -> str:
    """Stands for the generator's own text: other lines are other inputs."""
    folder = Path(__file__).parent
    content = hashlib.sha256()
    for path in sorted([*folder.joinpath("fleet").rglob("*"), folder / "inputs.py"]):
        if path.suffix in (".py", ".txt"):
            content.update(path.read_bytes())
    return content.hexdigest()[:8]


@cache
def tree() -> str:
    """Stands for the tree that is measured: another one makes other databases."""
    content = hashlib.sha256()
    for folder in ("oomdb", "queries", "migrations"):
        for path in sorted(ROOT.joinpath(folder).rglob("*")):
            if path.suffix in (".py", ".sql"):
                content.update(path.read_bytes())
    return content.hexdigest()[:8]


def plain(work: Path, size_bytes: int, reports_count: int, suffix: str = "") -> Path:
    """A busy host's syslog of about that size with reports spread over it."""
    name = f"plain-{size_bytes}-{reports_count}"
    if suffix:  # the same lines, so that the hour of drawing them is not spent again
        source = plain(work, size_bytes, reports_count)
        return kept(work, f"{name}{suffix}", lambda path: _packed(source, path))
    return kept(work, f"{name}.log", lambda path: _plain(path, size_bytes, reports_count))


def _plain(path: Path, size_bytes: int, reports_count: int) -> None:
    machine = _machine(1)
    pool = noise.pool(SEED, _BUSY)
    hours = size_bytes / (len(b"".join(_sample(machine))) or 1)
    step = hours * noise.HOUR_S / (reports_count + 1)
    kinds = machine.shape.kinds
    drawn = [
        reports.draw(machine, kinds[number % len(kinds)], BEGIN_S + step * (number + 1), SEED)
        for number in range(reports_count)
    ]
    end_s = BEGIN_S + (hours + 2) * noise.HOUR_S
    carrier = carriers.BY_NAME["rsyslog"]
    logs.write(path, logs.pieces(machine, carrier, drawn, pool, BEGIN_S, end_s), most=size_bytes)


def _sample(machine: Machine) -> list[bytes]:
    """An hour of a busy host, to know how much it is."""
    carrier, pool = carriers.BY_NAME["rsyslog"], noise.pool(SEED, _BUSY)
    pieces = logs.pieces(machine, carrier, [], pool, BEGIN_S, BEGIN_S + noise.HOUR_S)
    return [text for text, _ in pieces]


def _packed(source: Path, path: Path) -> None:
    modified_s = source.stat().st_mtime
    with source.open("rb") as file:
        blocks = iter(lambda: file.read(4 << 20), b"")
        logs.write(path, ((block, modified_s) for block in blocks))


def dense(work: Path, files: int, each: int, lines: int, generation: str = _GENERATION) -> Path:
    """A folder of logs of nothing but global reports of about so many lines."""
    name = f"dense-{files}-{each}-{lines}-{generation}"
    return kept(work, name, lambda path: _dense(path, files, each, lines, generation))


def _dense(folder: Path, files: int, each: int, lines: int, generation: str) -> None:
    for number in range(files):
        machine = _machine(number, generation)
        drawn = [_of_length(machine, BEGIN_S + 900.0 * place, lines) for place in range(each)]
        carrier = carriers.BY_NAME["rsyslog"]
        pieces = logs.pieces(machine, carrier, drawn, None, BEGIN_S, BEGIN_S)
        logs.write(folder / f"{machine.hostname}.log", pieces)


def _of_length(machine: Machine, at_s: float, lines: int) -> Report:
    """A global report with as many process rows as make it so long."""
    short = reports.draw(machine, "global", at_s, SEED, processes=12)
    rows = lines - (short.truth.lines - short.truth.process_rows)
    return reports.draw(machine, "global", at_s, SEED, processes=rows)


def many(work: Path, files: int) -> Path:
    """A folder of small logs of as many hosts, a report in every hundredth."""
    return kept(work, f"many-{files}", lambda path: _many(path, files))


def _many(folder: Path, files: int) -> None:
    pool = noise.pool(SEED, 12)
    carrier = carriers.BY_NAME["rsyslog"]
    for number in range(files):
        machine = _machine(number)
        drawn = []
        if number % 100 == 0:
            drawn.append(reports.draw(machine, "memcg_v2", BEGIN_S + 1800.5, SEED))
        pieces = logs.pieces(machine, carrier, drawn, pool, BEGIN_S, BEGIN_S + noise.HOUR_S)
        logs.write(folder / f"rack{number // 1000}" / machine.hostname / "syslog", pieces)


def _machine(number: int, generation: str = _GENERATION) -> Machine:
    return machines.machine(SEED, number, generation, boot_s=_BOOT_S, role="shop")
