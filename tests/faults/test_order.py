"""What outlives a loss of power: the order in which a writer tells the disk to keep things."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from oomdb.errors import OomdbError
from oomdb.store.staging import staged
from tests.faults.commands import BY_NAME, COMMANDS, DATABASE
from tests.faults.runs import REPOSITORY, leftovers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.commands import Command
    from tests.faults.runs import Driver

STAGED = f"{DATABASE}.staged"


@pytest.mark.parametrize(
    "command",
    [one for one in COMMANDS if one.name in ("first ingest", "migration", "labels")],
    ids=lambda command: command.name,
)
def test_all_is_on_the_disk_before_the_name_and_then_the_name(
    command: Command, open_folder: Path, driver: Driver
) -> None:
    folder, tmp = open_folder / "work", open_folder / "tmp"
    for path in (folder, tmp):
        path.mkdir()
    command.prepare(folder)
    ended = driver.run(folder, *command.arguments, tmp=tmp, steps=True)
    assert ended.code == 0, ended.err
    order = [f"after fsync {STAGED}", f"before replace {STAGED}", "before fsync work"]
    places = [ended.steps.index(step) for step in order]
    assert places == sorted(places)
    written = max(n for n, step in enumerate(ended.steps) if step == "after CHECKPOINT")
    assert written < places[0]
    assert leftovers(folder, tmp) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: not shown by the system")
def test_the_system_is_called_in_that_order(tmp_path: Path) -> None:
    """No write to the copy comes between its fsync and the rename, by whatever library."""
    BY_NAME["first ingest"].prepare(tmp_path)
    trace = tmp_path / "trace"
    calls = "fsync,fdatasync,rename,renameat,renameat2,write,pwrite64,writev,pwritev,ftruncate"
    ingest = [sys.executable, "-m", "oomdb", "ingest", "logs", "--jobs", "1"]
    done = subprocess.run(
        ["strace", "-f", "-y", "-o", str(trace), "-e", f"trace={calls}", *ingest],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    lines = trace.read_text(errors="replace").splitlines()
    touched = [
        n for n, line in enumerate(lines) if re.search(rf"(write\w*|ftruncate)\(.*{STAGED}>", line)
    ]
    kept = [n for n, line in enumerate(lines) if re.search(rf"f(data)?sync\(.*{STAGED}>", line)]
    [renamed] = [n for n, line in enumerate(lines) if re.search(rf"rename\w*\(.*{STAGED}", line)]
    [folder] = [n for n, line in enumerate(lines) if re.search(rf"fsync\(\d+<{tmp_path}>", line)]
    assert max(touched) < max(kept) < renamed < folder


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_result_is_on_the_disk_before_it_takes_its_name_and_then_the_name(
    suffix: str, tmp_path: Path, driver: Driver
) -> None:
    BY_NAME["labels"].prepare(tmp_path)
    ended = driver.run(tmp_path, "events", "--out", f"rows.{suffix}", steps=True)
    assert ended.code == 0, ended.err
    steps = [re.sub(r"\.rows\.(\w+)\.[0-9a-f]{8}\.part", r"\1", step) for step in ended.steps]
    order = [f"after fsync {suffix}", f"before replace {suffix}", f"after fsync {tmp_path.name}"]
    places = [steps.index(step) for step in order]
    assert places == sorted(places)


def test_a_copy_that_is_not_whole_in_one_file_is_not_published(tmp_path: Path) -> None:
    """DuckDB says nothing when it has no room to take its log in while it closes a file."""
    path = tmp_path / DATABASE
    with (
        pytest.raises(OomdbError, match=r"could not bring .*wal into the file; it is as it was"),
        staged(path) as copy,
        duckdb.connect(str(copy)) as connection,
    ):
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    assert list(tmp_path.iterdir()) == []


def test_changes_that_another_program_left_aside_are_not_lost(
    open_folder: Path, driver: Driver
) -> None:
    """A session of DuckDB that was killed has written its last changes to a log beside."""
    BY_NAME["ingest again"].prepare(open_folder)
    database = open_folder / DATABASE
    with duckdb.connect(str(database)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
    aside = open_folder / f"{DATABASE}.wal"
    assert aside.exists()
    before = database.read_bytes(), aside.read_bytes()
    ended = driver.run(open_folder, "ingest", "logs")
    assert (ended.code, ended.out) == (1, "")
    assert f"another program left changes of {database} in {aside}" in ended.err
    assert (database.read_bytes(), aside.read_bytes()) == before
    with duckdb.connect(str(database)) as connection:
        connection.execute("CHECKPOINT")
    assert driver.run(open_folder, "ingest", "logs").code == 0
    notes = driver.run(open_folder, "sql", "SELECT note FROM notes", "-f", "csv")
    assert notes.out == "note\nmine\n"
