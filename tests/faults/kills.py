"""Kills a command at every step of a write and at random moments, and judges what is left."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.commands import DATABASE
from tests.faults.runs import Driver, Ended, content, leftovers, orphans

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from tests.faults.commands import Command


@dataclass
class Found:
    """How often the database was found as before and as after the command."""

    states: Counter[str] = field(default_factory=Counter)
    finished: int = 0


#: The last random moment, of the length of an undisturbed run: some come after its end.
_LATEST = 1.1


class Scene:
    """A folder as it is before a command, and what an undisturbed run makes of it."""

    def __init__(self, command: Command, folder: Path, driver: Driver) -> None:
        self._command = command
        self._driver = driver
        self.folder = folder / "work"
        self.tmp = folder / "tmp"
        self._kept = folder / "kept.duckdb"
        for path in (self.folder, self.tmp):
            path.mkdir(parents=True)
        command.prepare(self.folder)
        self.database = self.folder / DATABASE
        self._before: bytes | None = None
        if self.database.exists():
            self._before = self.database.read_bytes()
            self.database.rename(self._kept)
        self.restore()
        whole = self.run(steps=True)
        assert whole.code == 0, whole.err
        assert not leftovers(self.folder, self.tmp)
        self.steps = whole.steps
        self.seconds = whole.seconds
        self._after = content(self.database)
        self._dump = driver.dump(self.folder)
        self.restore()

    def run(self, **options: Any) -> Ended:
        """The command, in the state that there is."""
        arguments = self._command.arguments
        spools = self._command.spools
        return self._driver.run(self.folder, *arguments, tmp=self.tmp, spools=spools, **options)

    def restore(self) -> None:
        """Have the database as it was before; what else lies there stays."""
        self.database.unlink(missing_ok=True)
        if self._before is not None:
            shutil.copy(self._kept, self.database)

    def remove_leftovers(self) -> None:
        """Take away what a killed run left beside the database and in TMPDIR."""
        for path in (*self.folder.glob(f"{DATABASE}?*"), *self.tmp.iterdir()):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def state(self) -> str:
        """`before` or `after`; anything else is a failure that says what is wrong."""
        if not self.database.exists():
            assert self._before is None, "the database is lost"
            return "before"
        if self.database.read_bytes() == self._before:
            return "before"
        found = content(self.database)
        for table in {*found, *self._after}:
            assert found.get(table) == self._after.get(table), f"torn: {table}"
        return "after"

    def judge(self, killed: Ended, found: Found, *, finish: bool) -> None:
        """What a killed run left: a whole database, no process, and no obstacle."""
        alive = orphans(killed.pid)
        assert not alive, f"still alive: {alive}"
        state = self.state()
        found.states[state] += 1
        if state == "after" and self._command.is_once:
            self.restore()
        if finish:
            done = self.run()
            assert done.code == 0, done.err
            # Where nothing was left to write, the next writer removes what the kill left.
            left = leftovers(self.folder, self.tmp) if state == "before" else []
            assert left == [], f"left behind: {left}"
            assert self._driver.dump(self.folder) == self._dump
            found.finished += 1
        if finish or state == "after":
            self.restore()

    def end(self) -> None:
        """Run the command over what the last kill left: all is there and nothing else."""
        if self._command.is_once:
            self.restore()
        self.judge(self.run(), Found(), finish=True)


def at_steps(scene: Scene, *, only: Collection[int] | None = None, finish_every: int = 0) -> Found:
    """Kill the command before and after each step, until a run comes to its end.

    Steps are as `before fsync oomdb.duckdb.staged`; `only` chooses some by number. Each run begins
    without leftovers, so that its steps are those of an undisturbed one; after every so many
    kills the command is run to its end over what the last one left.
    """
    found = Found()
    for number in range(10 * len(scene.steps)):
        if number < len(scene.steps) and only is not None and number not in only:
            continue
        scene.remove_leftovers()
        ended = scene.run(kill_at=number, group=bool(number // 2 % 2))
        if not ended.is_killed:
            assert ended.code == 0, ended.err
            scene.judge(ended, Found(), finish=True)
            return found
        try:
            finish = finish_every and number % finish_every == 0
            scene.judge(ended, found, finish=bool(finish))
        except AssertionError as error:
            raise AssertionError(f"killed {ended.steps[-1]} (step {number}): {error}") from error
    raise AssertionError("the command never came to its end")


def at_moments(scene: Scene, count: int, *, finish_every: int = 0) -> Found:
    """Kill the command at so many random moments of its run, the same parts of it each time.

    Each run begins with what the one before it left, as long as the database is as before.
    """
    found = Found()
    chosen = random.Random(scene.folder.name + str(count))
    for number in range(count):
        moment_s = chosen.uniform(0, _LATEST * scene.seconds)
        ended = scene.run(kill_after_s=moment_s, group=bool(number % 2))
        if not ended.is_killed:
            assert ended.code == 0, ended.err
        try:
            finish = finish_every and number % finish_every == 0
            scene.judge(ended, found, finish=bool(finish))
        except AssertionError as error:
            raise AssertionError(f"killed after {moment_s:.3f} s: {error}") from error
    scene.end()
    return found
