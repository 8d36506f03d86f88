"""Readers and a writer at once: nobody waits, and each reader sees one whole state."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.faults.commands import DATABASE, write_logs
from tests.faults.runs import REPOSITORY
from tests.faults.test_locks import ENVIRONMENT, oomdb, python
from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.runs import Driver

COUNT = "SELECT COUNT(*) AS n FROM events"


@pytest.fixture
def folder(open_folder: Path, driver: Driver) -> Path:
    """A folder with two logs and the database of them."""
    write_logs(open_folder / "logs", range(2))
    ingest(open_folder, driver)
    return open_folder


def ingest(folder: Path, driver: Driver) -> None:
    ended = driver.run(folder, "ingest", "logs")
    assert (ended.code, ended.err) == (0, "")


def count(folder: Path, driver: Driver) -> int:
    ended = driver.run(folder, "sql", COUNT, "-f", "csv")
    assert (ended.code, ended.err) == (0, "")
    return int(ended.out.split()[1])


def test_a_session_held_open_stops_no_ingest_and_keeps_its_snapshot(
    folder: Path, driver: Driver
) -> None:
    """A plain DuckDB session, and `oomdb sql` whose rows are not taken for as long."""
    sql = "SELECT event_id, range FROM events, range(30000)"
    with (
        duckdb.connect(str(folder / DATABASE), read_only=True) as session,
        oomdb(folder, "sql", sql, "-f", "csv") as held,
    ):
        assert held.stdout is not None
        assert held.stdout.readline() == "event_id,range\n"
        for number in range(2, 4):
            write_logs(folder / "logs", range(number, number + 1))
            ingest(folder, driver)
            assert count(folder, driver) == number + 1
            assert session.execute(COUNT).fetchall() == [(2,)]
            assert session.execute("SELECT COUNT(*) FROM zone_fallbacks").fetchall() == [(2,)]
        assert held.poll() is None
        rows = held.stdout.read().splitlines()
        assert held.wait(60) == 0
        assert len(rows) == len(set(rows)) == 2 * 30_000


def test_an_ingest_of_any_length_stops_no_reader(folder: Path, driver: Driver) -> None:
    """It reads a pipe that stays open, so it lasts until it is closed."""
    with oomdb(folder, "ingest", "-", "--host", "pipe") as running:
        assert running.stdin is not None
        lock = folder / f"{DATABASE}.lock"
        end = time.monotonic() + 60
        running.stdin.write(log(syslog(report_6_1(pid=4242), "pipe")).decode())
        running.stdin.flush()
        while not (lock.exists() and (folder / f"{DATABASE}.staged").exists()):
            assert time.monotonic() < end
            time.sleep(0.01)
        for _ in range(3):
            assert count(folder, driver) == 2
            assert running.poll() is None
        busy = driver.run(folder, "ingest", "logs", "-")
        assert busy.code == 1
        assert f"is being written by process {running.pid} (" in busy.err
        running.stdin.close()
        assert running.wait(60) == 0
    assert count(folder, driver) == 3


def test_many_readers_and_a_writer(folder: Path, driver: Driver) -> None:
    """Each reader opens the database as fast as it can, also in the moment of publishing.

    The writer knows it by a link, the readers by its own name.
    """
    link = folder / "link.duckdb"
    link.symlink_to(DATABASE)
    publishing = 2
    enough = str(2 + publishing)
    command = [sys.executable, "-m", "tests.faults.reader", str(folder / DATABASE), enough]
    readers = [
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for number in range(2, 2 + publishing):
        write_logs(folder / "logs", range(number, number + 1))
        ended = driver.run(folder, "ingest", "logs", "--db", str(link))
        assert (ended.code, ended.err) == (0, "")
    told = [reader.communicate(timeout=300) for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0], [err for _, err in told]
    assert [out for out, _ in told] == [f"{enough}\n"] * 2
    assert link.is_symlink()
    assert count(folder, driver) == 2 + publishing


#: Sorts more than fits into its memory, and tells a sum that no lost or foreign row leaves alone.
SPILLING = """
import sys
from pathlib import Path
from oomdb import databases
with databases.open_for_reading(Path("oomdb.duckdb")) as reader:
    reader.connection.execute("SET enable_progress_bar = false")
    reader.connection.execute("SET threads = 1; SET memory_limit = '60MB'")
    print("open", flush=True)
    sys.stdin.readline()
    sorted_rows = (
        "SELECT (i + ?)::VARCHAR || REPEAT('x', 40) AS s, ROW_NUMBER() OVER (ORDER BY HASH(i)) AS n"
        " FROM RANGE(2000000) AS t(i)"
    )
    sql = f"SELECT COUNT(*), SUM(HASH(s)) FROM ({sorted_rows}) WHERE n > 0"
    print(*reader.connection.execute(sql, [int(sys.argv[1])]).fetchone())
"""


def test_large_results_of_two_readers_do_not_meet(folder: Path, driver: Driver) -> None:
    """What does not fit into memory is put aside, each reader's by itself."""
    readers = [python(folder, SPILLING, number) for number in ("1", "2")]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
    told = [""] * 2
    for reader in readers:
        assert reader.stdin is not None
        reader.stdin.write("\n")
        reader.stdin.flush()
    for number, reader in enumerate(readers):
        told[number], err = reader.communicate(timeout=100)
        assert reader.returncode == 0, err
    with duckdb.connect() as alone:
        for number in (1, 2):
            sql = f"SELECT COUNT(*), SUM(HASH((i + {number})::VARCHAR || REPEAT('x', 40)))"
            expected = alone.execute(f"{sql} FROM RANGE(2000000) AS t(i)").fetchone()
            assert expected is not None
            assert told[number - 1].split() == list(map(str, expected))
    assert [path.name for path in folder.glob(f"{DATABASE}*")] == [DATABASE]
