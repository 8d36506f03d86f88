"""The database is whole before and after, whatever happens in between."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import duckdb
import pytest

from oomdb import databases
from oomdb.errors import DatabaseBusyError, NewerDatabaseError, NotADatabaseError, OomdbError
from oomdb.ingest import ingest
from oomdb.store.custody import Act
from oomdb.store.places import database_named
from oomdb.store.settle import fullest_names
from oomdb.store.writer import Store
from tests.printed import dmesg, log, report_6_1, syslog
from tests.tables_alone import tables_alone

ACT = Act("ingest")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "oomdb.duckdb"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "web1.log").write_bytes(log(syslog(report_6_1(pid=11), "web1")))
    (folder / "web2.log").write_bytes(log(syslog(report_6_1(pid=12), "web2")))
    return folder


def counts(database: Path) -> dict[str, int]:
    with databases.open_for_reading(database) as reader:
        names = ["hosts", "sources", "events", "sightings", "victims", "processes", "zones"]
        return {
            name: reader.query(f"SELECT COUNT(*) AS n FROM {name}")["n"][0].as_py()
            for name in names
        }


def test_the_path_comes_from_the_option_the_environment_or_the_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OOMDB_DB", raising=False)
    assert database_named(None) == Path("oomdb.duckdb")
    monkeypatch.setenv("OOMDB_DB", "/x/fleet.duckdb")
    assert database_named(None) == Path("/x/fleet.duckdb")
    assert database_named(Path("other.duckdb")) == Path("other.duckdb")


def test_an_ingest_fills_every_table_and_a_second_one_adds_nothing(
    database: Path, logs: Path
) -> None:
    first = ingest([logs], database)
    assert (first.files, first.new_events, first.hosts) == (2, 2, 2)
    filled = counts(database)
    assert filled == {
        "hosts": 2,
        "sources": 2,
        "events": 2,
        "sightings": 2,
        "victims": 2,
        "processes": 4,
        "zones": 2,
    }
    second = ingest([logs], database)
    assert (second.new_events, second.known_events, second.known_files) == (0, 2, 2)
    assert counts(database) == filled


@tables_alone()
def test_one_event_in_two_files_is_one_event_with_two_sightings(
    database: Path, tmp_path: Path
) -> None:
    for name in ("kern.log", "messages"):
        (tmp_path / name).write_bytes(log(syslog(report_6_1())))
    summary = ingest([tmp_path / "kern.log", tmp_path / "messages"], database)
    assert (summary.new_events, summary.known_events) == (1, 1)
    assert counts(database)["events"] == 1
    assert counts(database)["sightings"] == 2


def test_an_interrupted_ingest_leaves_the_database_as_it_was(database: Path, logs: Path) -> None:
    ingest([logs / "web1.log"], database)
    before = database.read_bytes()
    with pytest.raises(KeyboardInterrupt), databases.open_for_ingest(database, ACT):
        raise KeyboardInterrupt
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.glob("oomdb.duckdb*")] == ["oomdb.duckdb"]


def test_a_transaction_that_cannot_be_ended_hides_no_reason(
    database: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk:
        """A connection whose commit fails and ends the transaction, as DuckDB's does."""

        def __init__(self, real: duckdb.DuckDBPyConnection) -> None:
            self.real = real

        def commit(self) -> None:
            self.real.rollback()
            raise duckdb.IOException("No space left on device")

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

    made = Store.__init__
    monkeypatch.setattr(
        Store,
        "__init__",
        lambda self, connection, *a, **b: made(self, FullDisk(connection), *a, **b),  # type: ignore[arg-type]
    )
    with pytest.raises(
        OomdbError, match=r"No space left on device \(free some room.*; it is as it was"
    ):
        ingest([logs], database)


def test_a_failed_first_ingest_leaves_no_database(database: Path) -> None:
    with pytest.raises(KeyboardInterrupt), databases.open_for_ingest(database, ACT):
        raise KeyboardInterrupt
    assert not database.exists()


def test_a_second_writer_is_told_who_the_first_is(database: Path) -> None:
    with (
        databases.open_for_ingest(database, ACT),
        pytest.raises(DatabaseBusyError, match=f"process {os.getpid()}"),
        databases.open_for_ingest(database, ACT),
    ):
        pass


@tables_alone()
def test_the_lock_of_a_killed_writer_is_no_obstacle(database: Path, logs: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from oomdb import databases; from oomdb.store.custody import Act\n"
        "with databases.open_for_ingest(Path(sys.argv[1]), Act('ingest')):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(database)], check=False)
    assert killed.returncode == -9
    assert ingest([logs], database).new_events == 2


def test_a_reader_keeps_its_snapshot_while_an_ingest_publishes(database: Path, logs: Path) -> None:
    ingest([logs / "web1.log"], database)
    with databases.open_for_reading(database) as reader:
        ingest([logs], database)
        assert reader.query("SELECT COUNT(*) AS n FROM events")["n"][0].as_py() == 1
    assert counts(database)["events"] == 2


@pytest.mark.parametrize("content", [b"", b"not a database at all", b"\x00" * 8192])
def test_a_file_that_is_no_database_is_not_touched(database: Path, content: bytes) -> None:
    database.write_bytes(content)
    for opening in (databases.open_for_reading, partial(databases.open_for_ingest, act=ACT)):
        with pytest.raises(NotADatabaseError, match=r"oomdb\.duckdb"), opening(database):
            pass
    assert database.read_bytes() == content


def test_a_foreign_duckdb_file_is_not_touched(database: Path) -> None:
    with duckdb.connect(str(database)) as foreign:
        foreign.execute("CREATE TABLE events (x INTEGER)")
    before = database.read_bytes()
    with (
        pytest.raises(NotADatabaseError, match="no oomdb"),
        databases.open_for_ingest(database, ACT),
    ):
        pass
    assert database.read_bytes() == before


@tables_alone()
def test_a_database_of_a_newer_oomdb_is_not_touched(database: Path, logs: Path) -> None:
    ingest([logs], database)
    with duckdb.connect(str(database)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    before = database.read_bytes()
    for opening in (databases.open_for_reading, partial(databases.open_for_ingest, act=ACT)):
        with pytest.raises(NewerDatabaseError, match="newer oomdb"), opening(database):
            pass
    assert database.read_bytes() == before


def test_a_missing_database_is_told_with_what_to_do(database: Path) -> None:
    with pytest.raises(OomdbError, match="oomdb ingest"), databases.open_for_reading(database):
        pass


def test_a_missing_folder_and_a_folder_as_database_are_told(tmp_path: Path) -> None:
    with (
        pytest.raises(OomdbError, match="no folder"),
        databases.open_for_ingest(tmp_path / "a" / "b", ACT),
    ):
        pass
    with (
        pytest.raises(NotADatabaseError, match="folder"),
        databases.open_for_ingest(tmp_path, ACT),
    ):
        pass


def test_a_reader_tells_of_wrong_blocks(database: Path, logs: Path) -> None:
    ingest([logs], database)
    with (
        pytest.raises(OomdbError, match=r"cannot read .*oomdb\.duckdb: IO Error: Corrupt"),
        databases.open_for_reading(database),
    ):
        raise duckdb.IOException("IO Error: Corrupt database file\nand more")


def test_every_view_can_be_queried_on_an_empty_database(database: Path, tmp_path: Path) -> None:
    (tmp_path / "quiet.log").write_bytes(log(dmesg(["nothing happened"])))
    ingest([tmp_path / "quiet.log"], database)
    with databases.open_for_reading(database) as reader:
        names = reader.query("SELECT view_name AS n FROM duckdb_views() WHERE NOT internal")["n"]
        assert len(names) >= 6
        for name in names.to_pylist():
            assert reader.query(f"SELECT COUNT(*) AS n FROM {name}")["n"][0].as_py() == 0


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        (["web1", "web1.example.com"], {"web1": "web1.example.com"}),
        (
            ["web1", "web1.r7", "web1.r7.x.org"],
            {"web1": "web1.r7.x.org", "web1.r7": "web1.r7.x.org"},
        ),
        (["web1", "web1.a.org", "web1.b.org"], {}),
        (["web1", "web10.a.org"], {}),
        (["web1.", "web1"], {"web1.": "web1"}),
        (["192.0.2.7", "192.0.2.77"], {}),
    ],
)
def test_names_of_one_machine(names: list[str], joined: dict[str, str]) -> None:
    expected = {name: joined.get(name, name) for name in names}
    assert fullest_names(names) == expected
