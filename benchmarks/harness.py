"""Measures whole processes against each other: wall time, peak memory, ratio pair by pair."""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: The tree that is measured: its package comes before an installed one.
ROOT = Path(__file__).parent.parent
_TIMED = Path(__file__).parent / "timed.py"
OOMDB = (sys.executable, "-m", "oomdb")
BARE_PYTHON = (sys.executable, "-c", "pass")


@dataclass(frozen=True)
class Context:
    """How to measure: where inputs are kept, how large they are, how often."""

    work: Path
    short: bool
    runs: int
    oomanalyser: Path | None

    def size(self, full: int, short: int) -> int:
        """The size of an input, in the short form or the full one."""
        return short if self.short else full


@dataclass(frozen=True)
class Run:
    """A process from its start to its end.

    The processor time is that of all the processes below it too, and the memory that of the
    largest of them.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Command:
    """What is run: `before` puts everything back as it was, and `codes` are those of success."""

    words: tuple[str, ...]
    before: Callable[[], None] | None = None
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Growth:
    """Cost over size: the exponent of size that the time beyond `fixed_s` grows with."""

    unit: str
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]
    fixed_s: float

    @property
    def exponent(self) -> float:
        """The slope of log(time - fixed) over log(size), by least squares."""
        logs = [
            (math.log(size), math.log(max(seconds - self.fixed_s, 1e-4)))
            for size, seconds in zip(self.sizes, self.seconds, strict=True)
        ]
        return statistics.linear_regression(*zip(*logs, strict=True)).slope


@dataclass
class Result:
    """One row of the table: what was measured against what, and how it went.

    `ratios` are ours through theirs, pair by pair; `value` stands in for them where the
    target is no ratio, and `table` is shown below. `skipped` says why nothing was measured.
    """

    row: str
    work: str
    baseline: str
    reach: str
    dream: str
    ours: list[Run] = field(default_factory=list)
    theirs: list[Run] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    growth: Growth | None = None
    value: str = ""
    notes: list[str] = field(default_factory=list)
    table: list[str] = field(default_factory=list)
    skipped: str = ""

    def shown(self) -> str:
        """The result as one cell: the middle ratio with its extremes, or what stands for it."""
        if self.skipped:
            return f"not measured: {self.skipped}"
        return self.value or spread(self.ratios)

    def as_json(self) -> dict[str, object]:
        """Everything that was measured."""
        return asdict(self) | {
            "shown": self.shown(),
            "exponent": self.growth.exponent if self.growth else None,
        }


def spread(values: Sequence[float], unit: str = "x", digits: int = 2) -> str:
    """The median of some numbers with the least and the greatest."""
    middle = statistics.median(values)
    if min(values) == max(values):
        return f"{middle:.{digits}f} {unit}"
    return f"{middle:.{digits}f} {unit} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def seconds_of(runs: Iterable[Run]) -> float:
    """The median wall time [s]."""
    return statistics.median(run.seconds for run in runs)


def run(command: Command, *, limit_s: float = 3600) -> Run:
    """Run a process to its end.

    Raises CalledProcessError when it fails, TimeoutExpired when it takes longer than the limit.
    """
    if command.before is not None:
        command.before()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    # An installed oomdb is compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.NamedTemporaryFile() as output:
        shown = subprocess.run(
            (sys.executable, "-I", str(_TIMED), str(limit_s), output.name, *command.words),
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        taken = json.loads(shown.stdout)
        if taken["seconds"] >= limit_s:
            raise subprocess.TimeoutExpired(command.words, limit_s)
        if taken["code"] not in command.codes:
            said = output.read()[-2000:].decode(errors="replace")
            raise subprocess.CalledProcessError(taken["code"], command.words, said)
    return Run(taken["seconds"], taken["cpu_seconds"], taken["peak_mb"])


def in_turns(
    ours: Command, theirs: Command, runs: int, *, warm: bool = True
) -> tuple[list[Run], list[Run]]:
    """Both commands in turns, each first in every other pair; a first pair warms the caches."""
    if warm:
        run(theirs)
        run(ours)
    our_runs: list[Run] = []
    their_runs: list[Run] = []
    for number in range(runs):
        for command, taken in ((ours, our_runs), (theirs, their_runs))[:: 1 - 2 * (number % 2)]:
            taken.append(run(command))
    return our_runs, their_runs


def compare(result: Result, ours: Command, theirs: Command, runs: int) -> Result:
    """Fill in a result with both commands' runs and the ratios of their times."""
    result.ours, result.theirs = in_turns(ours, theirs, runs)
    result.ratios = [
        one.seconds / other.seconds for one, other in zip(result.ours, result.theirs, strict=True)
    ]
    return result


def grown(
    unit: str,
    sizes: Sequence[float],
    commands: Sequence[Command],
    fixed: Command | None,
    known: Run | None = None,
) -> Growth:
    """How the cost of a command grows over three sizes; `fixed` is the cost of no input.

    `known` is a run of the largest size that was already measured.
    """
    fixed_s = min(run(fixed).seconds for _ in range(3)) if fixed is not None else 0.0
    measured = [run(command).seconds for command in commands[: -1 if known else None]]
    if known is not None:
        measured.append(known.seconds)
    return Growth(unit, tuple(sizes), tuple(measured), fixed_s)


def ingest_into(database: Path, *inputs: Path | str, options: Sequence[str] = ()) -> Command:
    """`oomdb ingest` into a database that is made anew each time."""
    words = (*OOMDB, "ingest", *map(str, inputs), "--db", str(database), *options)
    return Command(words, before=lambda: remove_database(database))


def remove_database(database: Path) -> None:
    """Take away a database with all that lies beside it under its name."""
    database.parent.mkdir(parents=True, exist_ok=True)
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()


def has_option(command: str, option: str) -> bool:
    """Whether an oomdb command knows an option."""
    shown = subprocess.run(
        (*OOMDB, command, "--help"),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"},
    )
    return option in shown.stdout


def lacks(program: str) -> str:
    """Why a baseline cannot be run, or nothing when its program is there."""
    return "" if shutil.which(program) else f"{program} is not installed"


def machine() -> dict[str, str]:
    """What the figures were taken on: processors, memory, system, versions."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = {"python": platform.python_version()}
    for name, words in {
        "ripgrep": ("rg", "--version"),
        "zgrep": ("zgrep", "--version"),
        "zstd": ("zstd", "--version"),
    }.items():
        if not lacks(words[0]):
            shown = subprocess.run(words, capture_output=True, text=True, check=False)
            versions[name] = shown.stdout.strip().splitlines()[0]
    for package in ("duckdb", "pyarrow"):
        versions[package] = _version(package)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processors": f"{os.cpu_count()} x {model}",
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "oomdb": _commit(),
    } | versions


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def _commit() -> str:
    """The commit of the tree, marked when files differ from it."""
    words = ("git", "-C", str(ROOT), "describe", "--always", "--dirty")
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or "unknown"


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Everything that was measured, with the machine, as one document."""
    document = {"machine": machine(), "results": [result.as_json() for result in results]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
