"""A plan as one line of a crontab, between two marks; all other lines stay as they are."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError, UsageError
from oomdb.settings.file import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.schedule.plan import Plan

#: The longest line that Debian's cron takes.
_MOST_LINE = 990


def entry(plan: Plan) -> str:
    """The lines to put into a crontab. UsageError when cron would not take them."""
    variables = dict(plan.variables)
    if plan.config:
        variables[VARIABLE] = str(plan.config)
    words = [f"{name}={shlex.quote(text)}" for name, text in variables.items()]
    ingest, report = (" ".join([*words, shlex.join(one)]) for one in plan.commands(None))
    # Exit code 3: some logs were set aside; cron mails their names.
    command = f"{{ {ingest} >/dev/null || [ $? -eq 3 ]; }} && {report}".replace("%", "\\%")
    day = {"daily": "*", "weekly": "1"}[plan.every]
    line = f"{plan.at.minute} {plan.at.hour} * * {day} {command}"
    if len(line.encode()) > _MOST_LINE:
        raise UsageError(
            f"the line is too long for cron: {len(line.encode()):,} bytes of at most"
            f" {_MOST_LINE}; put logs and targets into oomdb.toml, or name a folder of logs"
        )
    begin, end = _marks(plan.name)
    return f"{begin}\n{line}\n{end}\n"


def _marks(name: str) -> tuple[str, str]:
    return f"# {name}: begin, written by `oomdb schedule`", f"# {name}: end"


def replaced(crontab: str, name: str, entry: str) -> str:
    """The crontab with the entry of that name in place of the one that was there.

    An empty entry takes it out. OomdbError when only one of its marks is there.
    """
    begin, end = _marks(name)
    lines = crontab.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    plain = [line.rstrip("\n") for line in lines]
    if plain.count(begin) != plain.count(end) or plain.count(begin) > 1:
        raise OomdbError(f"the crontab has not both of the marks of {name}; put it right first")
    if begin not in plain:
        return "".join(lines) + entry
    first, last = plain.index(begin), plain.index(end)
    if first > last:
        raise OomdbError(f"the crontab has the marks of {name} in the wrong order")
    return "".join(lines[:first]) + entry + "".join(lines[last + 1 :])


@dataclass(frozen=True, slots=True)
class Crontab:
    """A user's crontab, by the program of that name."""

    program: Sequence[str] = ("crontab",)

    def put(self, name: str, entry: str) -> bool:
        """Put an entry in, or take it out when empty; whether anything had to change."""
        before = self._read()
        after = replaced(before, name, entry)
        if after == before:
            return False
        self._run("-", text=after)
        return True

    def _read(self) -> str:
        done = self._run("-l", may_fail=True)
        if done.returncode == 0:
            return done.stdout
        if "no crontab" in done.stderr.lower():
            return ""
        raise OomdbError(f"cannot read the crontab: {done.stderr.strip()}")

    def _run(
        self, argument: str, *, text: str | None = None, may_fail: bool = False
    ) -> subprocess.CompletedProcess[str]:
        try:
            done = subprocess.run(
                [*self.program, argument], input=text, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise OomdbError(
                f"no program {self.program[0]} here: install cron, or use systemd (no --cron)"
            ) from None
        if done.returncode and not may_fail:
            raise OomdbError(f"cannot write the crontab: {done.stderr.strip()}")
        return done
