"""A command that writes results is killed: nobody sees a half, and the next run makes the whole."""

from __future__ import annotations

import random
import re
import shutil
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.runs import Driver, Ended

PERIOD = ("report", "--since", "2020-01-01", "--until", "latest")
#: What writes a result at `out`; an export makes only what is not there.
COMMANDS = {
    "site": (*PERIOD, "--site", "out"),
    "file": (*PERIOD, "--always", "--to", "out.html"),
    "folder": ("export", "out"),
    "copy": ("export", "out.duckdb"),
}
_LINK = re.compile(rb'href="([^"#:]+\.html)')


class Output:
    """A folder with a database, and what an undisturbed run of a command adds to it."""

    def __init__(self, name: str, folder: Path, driver: Driver) -> None:
        self.arguments = COMMANDS[name]
        self.folder, self.tmp = folder / "work", folder / "tmp"
        for path in (self.folder, self.tmp):
            path.mkdir()
        self._driver = driver
        (self.folder / "logs").mkdir()
        for number in range(3):
            report = report_6_1(pid=1000 + number, free_kb=700 + number)
            lines = syslog(report, f"web{number}", f"2026-06-0{number + 1}T17:19:10.000000+00:00")
            (self.folder / "logs" / f"web{number}.log").write_bytes(log(lines))
        assert self._run("ingest", "logs", "--jobs", "1").code == 0
        self._given = {path.name for path in self.folder.iterdir()}
        self.is_once = self.arguments[0] == "export"
        whole = self.run(steps=True)
        assert whole.code == 0, whole.err
        self.steps, self.seconds = whole.steps, whole.seconds
        self.whole = self.seen()
        assert self.whole
        self.remove()

    def _run(self, *arguments: str, **options: object) -> Ended:
        return self._driver.run(self.folder, *arguments, tmp=self.tmp, **options)  # type: ignore[arg-type]

    def run(self, **options: object) -> Ended:
        """The command, over what there is."""
        return self._run(*self.arguments, **options)

    def remove(self) -> None:
        """Take away every result, also such as nobody sees."""
        for path in self.folder.iterdir():
            if path.name not in self._given:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def seen(self) -> dict[str, object]:
        """What lies where results belong, by name."""
        return {
            path.relative_to(self.folder).as_posix(): content(path)
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and path.relative_to(self.folder).parts[0] not in self._given
            and not any(part.startswith(".") for part in path.relative_to(self.folder).parts)
            and not path.name.startswith("out.duckdb.")
        }

    def judge(self) -> None:
        """Each file that has its name is whole, and leads to no page that is not there."""
        found = self.seen()
        assert found.items() <= self.whole.items()
        if self.is_once:
            assert found in ({}, self.whole)
        for name, page in found.items():
            if name == "out/index.html":
                assert isinstance(page, bytes)
                for link in _LINK.findall(page):
                    assert (self.folder / "out" / link.decode()).exists(), link

    def finish(self) -> None:
        """The next run makes the whole of it, and leaves nothing of the one before beside it."""
        if self.is_once and self.seen():
            self.remove()
        done = self.run()
        assert done.code == 0, done.err
        assert self.seen() == self.whole
        left = [path for path in self.folder.rglob("*") if path.name.endswith((".part", ".staged"))]
        assert left == []


def content(path: Path) -> object:
    """The bytes of a file, and of one in Parquet its rows."""
    return pq.read_table(path).to_pylist() if path.suffix == ".parquet" else path.read_bytes()


def boundaries(steps: tuple[str, ...]) -> Iterator[int]:
    """Before a name appears or goes; of many alike the first and the last."""
    found = [
        number
        for number, step in enumerate(steps)
        if step.startswith(("before replace", "before rename", "before rmdir"))
    ]
    return iter(dict.fromkeys([*found[:1], *found[-2:]]))


@pytest.fixture
def output(request: pytest.FixtureRequest, open_folder: Path, driver: Driver) -> Output:
    return Output(request.param, open_folder, driver)


@pytest.mark.parametrize("output", COMMANDS, indirect=True)
def test_a_result_is_whole_or_not_there_whenever_its_command_is_killed(output: Output) -> None:
    for number in boundaries(output.steps):
        output.remove()
        ended = output.run(kill_at=number)
        assert ended.is_killed, ended.err
        output.judge()
        output.finish()
    chosen = random.Random(1)
    output.remove()
    for _ in range(2):
        output.run(kill_after_s=chosen.uniform(0, output.seconds), group=True)
        output.judge()
    output.finish()
