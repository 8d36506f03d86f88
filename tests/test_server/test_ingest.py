"""Many ingests at once into a server: each report is one event, whole sources or nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pytest

from oomdb import cli, databases
from oomdb.errors import OomdbError
from oomdb.ingest import ingest
from oomdb.reparse import reparse
from oomdb.store import custody
from oomdb.store.insertion import insert
from oomdb.store.server.opening import LOCK
from oomdb.store.server.store import ServerStore
from oomdb.verify import verify
from tests import samples
from tests.faults.commands import write_logs
from tests.tables_alone import tables_alone
from tests.test_server.conftest import WAITING, dump, wait_until

if TYPE_CHECKING:
    from oomdb.store.places import Server

CODE = str(Path(cli.__file__).parent.parent.parent)


_INGEST = """
import sys
from oomdb import cli
from oomdb.store.server.store import ServerStore
ServerStore.batch_reports = int(sys.argv.pop(1))
cli.main()
"""


def begin(server: Server, *paths: Path, batch_reports: int = 2000) -> subprocess.Popen[bytes]:
    """An ingest in a process of its own."""
    words = [str(batch_reports), "ingest", "--jobs", "1", *map(str, paths)]
    return subprocess.Popen(
        [sys.executable, "-c", _INGEST, *words],
        env={**os.environ, "PYTHONPATH": CODE, "OOMDB_DB": server.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def number(server: Server, sql: str) -> int:
    with databases.open_for_reading(server) as reader:
        return int(reader.connection.execute(sql).fetchone()[0])


def test_a_server_holds_what_a_file_holds(filled_server: Server, filled_file: Path) -> None:
    assert dump(filled_server) == dump(filled_file)
    assert verify(filled_server, again=True).problems == []


def test_a_second_ingest_adds_nothing(filled_server: Server) -> None:
    before = dump(filled_server)
    again = ingest([samples.ROOT], filled_server)
    assert (again.new_events, again.known_files) == (0, again.files)
    assert dump(filled_server) == before


def test_ingests_at_once_make_each_event_once(server: Server, tmp_path: Path) -> None:
    """Four processes begin at once, on an empty server, and each log is read by two of them."""
    logs = samples.logs()[::4]
    halves = [logs[: len(logs) // 2], logs[len(logs) // 2 :], logs[::2], logs[1::2]]
    with tables_alone():
        ingest(logs, tmp_path / "file.duckdb")
    running = [begin(server, *half) for half in halves]
    for process in running:
        _, messages = process.communicate(timeout=240)
        assert process.returncode == 0, messages.decode()
    assert dump(server) == dump(tmp_path / "file.duckdb")
    assert verify(server, again=True).problems == []


def test_writers_that_waited_see_what_was_added_meanwhile(prepared: Server, tmp_path: Path) -> None:
    """Whatever the isolation is that the database, or its administrator, sets for others."""
    write_logs(tmp_path / "logs", range(1))
    name = prepared.url.rpartition("/")[2]
    with psycopg.connect(prepared.url, autocommit=True) as session:
        session.execute(
            f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'"
        )
    with ThreadPoolExecutor(2) as pool:
        with psycopg.connect(prepared.url) as session:
            session.execute("SELECT PG_ADVISORY_XACT_LOCK(%s)", [LOCK])
            running = [pool.submit(ingest, [tmp_path / "logs"], prepared, jobs=1) for _ in range(2)]
            wait_until(prepared, WAITING, 2)
        assert sorted(one.result().new_events for one in running) == [0, 1]


def test_a_session_that_was_ended_is_told_with_its_reason(prepared: Server) -> None:
    end = "SELECT PG_TERMINATE_BACKEND(%s)"
    with (
        pytest.raises(OomdbError, match=r"postgresql://.*terminating connection"),
        databases.open_for_ingest(prepared, custody.Act("test")) as store,
    ):
        (pid,) = store.connection.execute("SELECT PG_BACKEND_PID()").fetchone()
        with psycopg.connect(prepared.url, autocommit=True) as session, store._transaction():
            session.execute(end, [pid])
            store.event_count()


def test_what_the_server_refuses_names_the_server(prepared: Server) -> None:
    with (
        pytest.raises(OomdbError, match=r"postgresql://.*nothing_there"),
        databases.open_for_reading(prepared) as reader,
    ):
        reader.connection.execute("SELECT * FROM nothing_there")


def test_a_session_that_is_gone_is_told(prepared: Server) -> None:
    with (
        pytest.raises(OomdbError, match="closed"),
        databases.open_for_reading(prepared) as reader,
    ):
        reader.connection.close()
        reader.event_count()


def test_a_killed_ingest_leaves_whole_sources(server: Server, tmp_path: Path) -> None:
    """It is killed when some batches are there and others are not."""
    write_logs(tmp_path / "logs", range(30), reports=5)
    whole = tmp_path / "whole.duckdb"
    ingest([tmp_path / "logs"], whole)
    process = begin(server, tmp_path / "logs", batch_reports=10)
    wait_for_sources(server, process, 4)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert 4 <= number(server, "SELECT COUNT(*) FROM sources") < 30
    assert number(server, "SELECT COUNT(*) FROM sources WHERE event_count <> 5") == 0
    assert verify(server, again=True).problems == []
    ingest([tmp_path / "logs"], server)
    assert dump(server) == dump(whole)


def wait_for_sources(server: Server, process: subprocess.Popen[bytes], least: int) -> None:
    """Wait until a process has let others see so many sources."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if number(server, "SELECT COUNT(*) FROM sources") >= least:
                return
        except OomdbError:
            pass  # there are no tables yet
        time.sleep(0.01)
    pytest.fail("the ingest ended before it could be killed")


def test_what_is_read_in_batches_is_told_batch_by_batch(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_logs(tmp_path / "logs", range(6), reports=2)
    monkeypatch.setattr(ServerStore, "batch_reports", 4)
    ingest([tmp_path / "logs"], server, jobs=1)
    with databases.open_for_reading(server) as reader:
        entries, _ = custody.head(reader.connection)
        assert entries >= 3
        assert list(custody.problems(reader.connection)) == []
        told = reader.connection.execute("SELECT COUNT(*) FROM custody_sources").fetchone()
    assert told[0] == 6


def test_a_reader_sees_one_state(server: Server, tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(1))
    ingest([tmp_path / "logs"], server)
    with databases.open_for_reading(server) as reader:
        assert reader.event_count() == 1
        write_logs(tmp_path / "logs", range(3))
        ingest([tmp_path / "logs"], server)
        assert reader.event_count() == 1
    with databases.open_for_reading(server) as reader:
        assert reader.event_count() == 3


def test_evidence_is_read_again_there(server: Server, tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(3))
    ingest([tmp_path / "logs"], server)
    before = dump(server)
    done = reparse(server)
    assert (done.events_before, done.events) == (3, 3)
    assert dump(server) == before


def test_zero_bytes_in_fields_of_a_record_are_the_same_in_a_file(
    server: Server, tmp_path: Path
) -> None:
    log = tmp_path / "log.json"
    text = (samples.ROOT / "6.1-amd64--global.log").read_text().splitlines()
    told = {"_TRANSPORT": "kernel", "_HOSTNAME": "a\0b", "_BOOT_ID": "c\0d"}
    stamp = {"__REALTIME_TIMESTAMP": "2026-01-02T03:04:05\0Z"}
    records = [{"MESSAGE": line, **told, **stamp} for line in text]
    log.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    ingest([log], tmp_path / "file.duckdb")
    ingest([log], server)
    assert dump(server) == dump(tmp_path / "file.duckdb")
    assert verify(server, again=True).problems == []


@pytest.mark.parametrize(
    "text", ["\\.", "one\n\\.\ntwo", "a\0b", "", "a,b", '"', "\\N", "\\x41", "\r\n", "\u2028"]
)
def test_text_comes_back_as_it_was(filled_server: Server, text: str) -> None:
    """What ends the data of COPY or means NULL in it is text here; PostgreSQL has no NUL."""
    with databases.open_for_ingest(filled_server, custody.Act("test")) as store:
        store.connection.begin()
        insert(store.connection, "host_names", pa.table({"host_id": ["h"], "name": [text]}))
        found = store.connection.execute("SELECT name FROM host_names WHERE host_id = 'h'")
        (kept,) = found.fetchall()
        store.connection.rollback()
    assert kept == (text.replace("\0", "\u2400"),)


def test_bytes_and_nothing_come_back_as_they_were(filled_server: Server) -> None:
    rows = pa.table(
        {
            "event_id": pa.array(["e", "e"]),
            "victim_no": pa.array([1, 2]),
            "comm": pa.array(["", None]),
            "comm_bytes": pa.array([b"\0\xff,\n", None]),
            "reaped_uptime_s": pa.array([0.1, None]),
        }
    )
    names = ", ".join(rows.column_names)
    sql = f"SELECT {names} FROM victims WHERE event_id = 'e' ORDER BY victim_no"
    with databases.open_for_ingest(filled_server, custody.Act("test")) as store:
        store.connection.begin()
        insert(store.connection, "victims", rows)
        found = store.connection.execute(sql).to_arrow_table()
        store.connection.rollback()
    assert found.to_pylist() == rows.to_pylist()
