"""Several processes read as one does, and end with the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oomdb import databases
from oomdb.errors import OomdbError
from oomdb.incidents.identity import mark_of
from oomdb.ingest import ingest
from oomdb.logs import LogReader, Marks, Options
from oomdb.store.dump import canonical
from tests.printed import log, report_6_1, syslog

pytestmark = pytest.mark.usefixtures("views_unkept")

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eleven files with reports, one that cannot be read, shared out two at a time."""
    monkeypatch.setattr("oomdb.workers._WORTH_BYTES", 1)
    monkeypatch.setattr("oomdb.workers._SHARE_FILES", 2)
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(11):
        report = report_6_1(pid=100 + number, free_kb=800 + number)
        (folder / f"web{number}.log").write_bytes(log(syslog(report, f"web{number}")))
    (folder / "web5.log.gz").write_bytes(b"\x1f\x8b\x08 broken")
    return folder


def content(database: Path) -> list[str]:
    with databases.open_for_reading(database) as reader:
        return list(canonical(reader))


def test_any_number_of_workers_gives_the_same_database(logs: Path, tmp_path: Path) -> None:
    summaries = [ingest([logs], tmp_path / f"{jobs}.duckdb", jobs=jobs) for jobs in (1, 2, 3)]
    assert summaries[0].new_events == 11
    assert [name for name, _ in summaries[0].set_aside] == [str(logs / "web5.log.gz")]
    assert summaries[1] == summaries[2] == summaries[0]
    first, *others = [content(tmp_path / f"{jobs}.duckdb") for jobs in (1, 2, 3)]
    assert all(other == first for other in others)


def test_a_killed_worker_is_told_and_leaves_no_database(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oomdb.workers._read_share", _die)
    with pytest.raises(OomdbError, match="ended unexpectedly"):
        ingest([logs], tmp_path / "oomdb.duckdb", jobs=2)
    assert not (tmp_path / "oomdb.duckdb").exists()


def _die(share: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.log").write_bytes(b"Jun  4 17:19:10 web1 a: b\n" * 500_000)
    command = [sys.executable, "-m", "oomdb", "ingest", str(tmp_path), "--jobs", "2"]
    parent = subprocess.Popen(
        command, cwd=REPOSITORY, env={**os.environ, "OOMDB_DB": str(tmp_path / "x")}
    )
    deadline = time.monotonic() + 60
    while not (workers := _below(parent.pid)) and parent.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert workers
    parent.kill()
    parent.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _below(pid: int) -> list[int]:
    """The processes below one: those that read logs, and what starts them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found += [child, *_below(child)]
    return found


def test_where_logs_end_that_are_known_by_path_or_head() -> None:
    told = [("/a", 10), ("/a", 20), ("h1", 10), ("h1", 20), ("/b", 30), ("/c", 40), ("h2", 40)]
    marks = Marks(*zip(*sorted((mark_of(text), size) for text, size in told), strict=True))
    assert marks.sizes("/a", None) == {10, 20}
    assert marks.sizes("/x", "h1") == {10, 20}
    assert marks.sizes("/b", "h2") == {30, 40}
    assert marks.sizes("/x", None) == marks.sizes("/x", "/a-not") == set()
    assert Marks().sizes("/a", "h1") == set()


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    from oomdb.sources.files import Source

    [log_read] = LogReader(Options(), Marks()).read(Source(str(tmp_path)))
    assert (log_read.problem, log_read.reading) == ("not a regular file", None)
