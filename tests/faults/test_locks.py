"""Two writers at once: one waits or is told who writes; what lies there as a lock harms nothing."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from oomdb.errors import DatabaseBusyError, OomdbError
from oomdb.store.lock import locked
from tests.faults.commands import DATABASE, write_logs
from tests.faults.runs import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.runs import Driver

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
HOLDER = """
import sys, time
from pathlib import Path
from oomdb.store.lock import locked
sys.argv = ["/usr/bin/oomdb", "ingest", "/var/log/a b"]
with locked(Path("oomdb.duckdb")):
    print("held", flush=True)
    sys.stdin.read()
"""
#: Adds one to a number in a file as a program without atomic operations would.
COUNTER = """
import sys
from pathlib import Path
from oomdb.store.lock import locked
for _ in range(int(sys.argv[1])):
    with locked(Path("oomdb.duckdb"), 60):
        number, counted = Path("number"), Path("counted")
        counted.write_text(str(int(number.read_text()) + 1))
        counted.replace(number)
"""


def python(folder: Path, code: str, *arguments: str) -> subprocess.Popen[str]:
    return _started(folder, "-c", code, *arguments)


def _started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def oomdb(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return _started(folder, "-m", "oomdb", *arguments)


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes the database of the folder."""
    with python(folder, HOLDER) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def lock_of(folder: Path) -> Path:
    return folder / f"{DATABASE}.lock"


def test_the_holder_is_named_with_its_command_and_since_when(tmp_path: Path) -> None:
    with (
        holder(tmp_path) as other,
        pytest.raises(DatabaseBusyError) as raised,
        locked(tmp_path / DATABASE),
    ):
        pass
    told = str(raised.value)
    assert f"is being written by process {other.pid} (oomdb ingest '/var/log/a b' since 2" in told
    assert " UTC); try again when it has ended (what writes can --wait SECONDS for it)" in told


def test_a_lock_of_a_dead_process_is_no_obstacle(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert lock_of(tmp_path).read_text().startswith(f"{other.pid}\n")
    with locked(tmp_path / DATABASE):
        assert lock_of(tmp_path).read_text().startswith(f"{os.getpid()}\n")
    assert not lock_of(tmp_path).exists()


def test_who_waits_is_told_and_goes_on_when_the_other_has_ended(tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(1))
    with holder(tmp_path) as other:
        waiting = oomdb(tmp_path, "ingest", "logs", "--wait", "60")
        assert waiting.stderr is not None
        note = waiting.stderr.readline()
        assert note.startswith("oomdb: waiting 60 s at most: ")
        assert f"is written by process {other.pid} (oomdb ingest" in note
    out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, err) == (0, "")
    assert "1 new" in out


@pytest.mark.parametrize(
    "command", [("ingest", "logs"), ("reparse",), ("hosts", "import", "labels.csv")]
)
def test_who_waits_no_longer_is_an_error(
    tmp_path: Path, driver: Driver, command: tuple[str, ...]
) -> None:
    write_logs(tmp_path / "logs", range(1))
    (tmp_path / "labels.csv").write_text("host,role\nweb*,front\n")
    assert driver.run(tmp_path, "ingest", "logs").code == 0
    write_logs(tmp_path / "logs", range(1, 2))
    before = (tmp_path / DATABASE).read_bytes()
    with holder(tmp_path) as other:
        waiting = driver.run(tmp_path, *command, "--wait", "0.2")
        assert (waiting.code, waiting.out) == (1, "")
        assert f"process {other.pid} " in waiting.err
        assert "after 0.2 s of waiting; try again when it has ended\n" in waiting.err
    assert (tmp_path / DATABASE).read_bytes() == before


def test_many_writers_are_kept_apart(tmp_path: Path) -> None:
    """Lock files are made, taken over and removed at once, and no count is lost."""
    (tmp_path / "number").write_text("0")
    writers = [python(tmp_path, COUNTER, "15") for _ in range(4)]
    # One of them dies with the lock, sooner or later.
    time.sleep(0.5)
    writers[0].kill()
    counted = [writer.wait(timeout=120) for writer in writers]
    assert counted[1:] == [0, 0, 0]
    assert 45 <= int((tmp_path / "number").read_text()) <= 60
    for writer in writers:
        writer.communicate()


def test_two_ingests_of_the_same_logs_give_what_one_gives(tmp_path: Path, driver: Driver) -> None:
    for folder, numbers in (("a", range(6)), ("b", range(3, 9))):
        write_logs(tmp_path / folder, numbers)
        same = (tmp_path / folder / "web4.log").read_bytes()
        (tmp_path / folder / "same.log").write_bytes(same)
    assert driver.run(tmp_path, "ingest", "a", "b").code == 0
    expected = driver.dump(tmp_path)
    (tmp_path / DATABASE).unlink()
    orders = (("a", "b"), ("b", "a"))
    running = [oomdb(tmp_path, "ingest", *order, "--wait", "60") for order in orders]
    for process in running:
        process.communicate(timeout=100)
    assert [process.returncode for process in running] == [0, 0]
    assert driver.dump(tmp_path) == expected
    counts = "SELECT COUNT(*) AS n, COUNT(DISTINCT event_id) AS m FROM events"
    assert driver.run(tmp_path, "sql", counts, "-f", "csv").out == "n,m\n9,9\n"


# What lies there under the name of a lock


def refused(folder: Path) -> str:
    with pytest.raises(OomdbError) as told, locked(folder / DATABASE):
        pass
    return str(told.value)


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_not_followed(tmp_path: Path, exists: bool) -> None:
    precious = tmp_path / "precious"
    if exists:
        precious.write_text("precious")
    lock_of(tmp_path).symlink_to(precious)
    assert refused(tmp_path) == f"{lock_of(tmp_path)} is a link, so no lock of oomdb: remove it"
    assert (precious.read_text() if exists else precious.exists()) == ("precious" if exists else 0)


def test_another_name_of_a_file_is_not_written_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    lock_of(tmp_path).hardlink_to(precious)
    with locked(tmp_path / DATABASE):
        pass
    assert precious.read_text() == "precious"


def test_a_folder_is_no_lock(tmp_path: Path) -> None:
    lock_of(tmp_path).mkdir()
    assert "is no regular file, so no lock of oomdb: remove it" in refused(tmp_path)


def test_a_pipe_is_no_lock(tmp_path: Path) -> None:
    os.mkfifo(lock_of(tmp_path))
    assert "is no regular file, so no lock of oomdb: remove it" in refused(tmp_path)


def test_a_lock_of_another_program_is_not_read_as_a_process(tmp_path: Path) -> None:
    lock_of(tmp_path).write_bytes(b"\x1b[31m\xff" * 20)
    with lock_of(tmp_path).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "is being written by another process; try" in refused(tmp_path)


def test_a_file_system_without_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such file system can be had here; the call is made to say what one says."""

    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    told = refused(tmp_path)
    assert "the file system has no locks (flock)" in told
    assert "keep the database on another" in told
    assert list(tmp_path.iterdir()) == []
