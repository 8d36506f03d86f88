"""Runs the targets for some time: `python -m tests.fuzz [--seconds N] [TARGET...]`.

With atheris installed the inputs are guided by coverage, else they are mutations alone.
What is found is written to the folder `--findings`, an input a fault; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTED_EVERY_S = 5.0
_MOST_LENGTH = 32 << 10


class Session:
    """One target's executions and findings, noted in a file as they go on."""

    def __init__(self, name: str, target: Callable[[bytes], None], folder: Path) -> None:
        from tests.fuzz.watch import executed

        self._executed = executed
        self._target = target
        self._folder = folder
        self._note_path = folder / f"{name}.json"
        self._name = name
        self._places: set[str] = set()
        self._count = 0
        self._noted_s = 0.0

    def run(self, data: bytes) -> None:
        """Execute the target, and keep the input of a fault that is new."""
        finding = self._executed(self._target, data)
        self._count += 1
        if finding is not None and finding.place not in self._places:
            self._places.add(finding.place)
            digest = hashlib.sha256(data).hexdigest()[:12]
            (self._folder / f"{self._name}-{digest}.bin").write_bytes(data)
            text = f"{finding.place}\n{finding.told}\n"
            (self._folder / f"{self._name}-{digest}.txt").write_text(text, encoding="utf-8")
            self.note()
        if time.monotonic() - self._noted_s > _NOTED_EVERY_S:
            self.note()

    def note(self) -> None:
        """Write down how far it has come."""
        self._noted_s = time.monotonic()
        told = {"executions": self._count, "found": sorted(self._places)}
        self._note_path.write_text(json.dumps(told), encoding="utf-8")


def _run_one(name: str, seconds: int, folder: Path, seed: int) -> None:
    """Run a target in this process; it does not come back with atheris."""
    if find_spec("atheris") is not None:
        _guided(name, seconds, folder, seed)
    from tests.fuzz.targets import TARGETS

    session, draw = Session(name, TARGETS[name], folder), random.Random(seed)
    mutate, end_s = _mutator(name), time.monotonic() + seconds
    while time.monotonic() < end_s:
        session.run(mutate(b"", draw))
    session.note()


def _mutator(name: str) -> Callable[[bytes, random.Random], bytes]:
    from tests.fuzz import seeds
    from tests.fuzz.mutations import mutated

    known = seeds.of(name)
    return lambda data, draw: mutated(data or draw.choice(known), draw.choice(known), draw)


def _guided(name: str, seconds: int, folder: Path, seed: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["oomdb"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz import seeds

    session, mutate = Session(name, TARGETS[name], folder), _mutator(name)
    corpus = folder / f"corpus-{name}"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds.of(name)):
        (corpus / f"seed-{number}").write_bytes(data[:_MOST_LENGTH])

    def mutator(data: bytes, most: int, number: int) -> bytes:
        draw = random.Random(number)
        if draw.random() < 0.3:
            return bytes(atheris.Mutate(data, len(data)))[:most]
        return mutate(bytes(data), draw)[:most]

    options = [f"-max_total_time={seconds}", f"-max_len={_MOST_LENGTH}", f"-seed={seed}"]
    options += ["-timeout=120", "-rss_limit_mb=4096", "-verbosity=0", "-len_control=0"]
    arguments = [sys.argv[0], *options, str(corpus)]
    atheris.Setup(arguments, session.run, custom_mutator=mutator)
    atheris.Fuzz()


def main() -> int:
    """Run each target for its share of the time, so many at once as there are processors."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path(".fuzz"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked: Any = parser.parse_args()
    asked.findings.mkdir(exist_ok=True)
    names = asked.targets or list(TARGETS)
    if asked.one:
        _run_one(names[0], asked.seconds, asked.findings, asked.seed)
        return 0
    each_s = max(asked.seconds * asked.jobs // len(names), 1)
    told = ["--seconds", str(each_s), "--findings", str(asked.findings), "--seed", str(asked.seed)]
    waiting, running = list(names), list[subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < asked.jobs:
            command = [sys.executable, "-m", "tests.fuzz", "--one", *told, waiting.pop(0)]
            running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        running[0].wait(timeout=each_s + 600)
        running = [one for one in running if one.poll() is None]
    return _summed_up(names, asked.findings)


def _summed_up(names: list[str], folder: Path) -> int:
    found = 0
    for name in names:
        note = folder / f"{name}.json"
        told = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
        if told is None:
            print(f"{name:10} did not run")
            found += 1
            continue
        found += len(told["found"])
        print(f"{name:10} {told['executions']:10,} executions, {len(told['found'])} found")
        for place in told["found"]:
            print(f"           {place}")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
