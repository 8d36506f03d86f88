"""All of a database goes from a file to a server and back, and nothing becomes two events."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

from oomdb import databases, export, reparse, tables
from oomdb.errors import DamagedDatabaseError, OomdbError, UsageError
from oomdb.fleet.labels import import_labels
from oomdb.ingest import ingest
from oomdb.store import custody
from oomdb.store.places import place_named
from oomdb.store.server.opening import LOCK, prepare
from oomdb.transfer import bring
from oomdb.verify import verify
from tests import samples
from tests.faults.commands import write_logs
from tests.servers.postgresql import fresh_database
from tests.tables_alone import tables_alone
from tests.test_server.conftest import dump

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.store.places import Place, Server


def test_from_file_to_lake_to_server_to_folder_to_file(prepared: Server, tmp_path: Path) -> None:
    """Each tier holds the same, and the chain of custody goes on from one to the next."""
    write_logs(tmp_path / "logs", range(2), reports=3)
    file, folder, last = (tmp_path / name for name in ("file.duckdb", "tables", "last.duckdb"))
    with tables_alone():
        ingest([tmp_path / "logs", samples.ROOT / "rocketmq-8g.log"], file)
    lake = place_named(f"file://{tmp_path}/lake")
    expected = dump(file)
    export.export(file, lake, None)
    export.export(lake, prepared, None)
    export.export(prepared, folder, None)
    bring(folder, last)
    for place in (lake, prepared, last):
        assert dump(place) == expected
        assert verify(place, again=place is last).problems == []
    with databases.open_for_reading(file) as reader:
        _, noted = custody.head(reader.connection)
    assert noted is not None
    assert verify(last, originals=False, entry=noted).problems == []


class Overlapping(NamedTuple):
    """What two collectors made of logs, one of which both had read, and one ingest of all."""

    one: Path
    other: Path
    whole: Path


@pytest.fixture(scope="module")
@tables_alone()
def overlapping(tmp_path_factory: pytest.TempPathFactory) -> Overlapping:
    folder = tmp_path_factory.mktemp("overlapping")
    write_logs(folder / "logs", range(5))
    logs = sorted((folder / "logs").iterdir())
    made = Overlapping(*(folder / f"{name}.duckdb" for name in Overlapping._fields))
    ingest(logs[:3], made.one)
    ingest(logs[2:], made.other)
    ingest([folder / "logs"], made.whole)
    return made


@pytest.mark.parametrize("kind", ["file", "lake", "server"])
def test_an_import_joins_what_both_hold(
    kind: str, overlapping: Overlapping, prepared: Server, tmp_path: Path
) -> None:
    """One database of what two collectors read is as one ingest's."""
    one, other, whole = overlapping
    targets: dict[str, Place] = {
        "file": tmp_path / "one.duckdb",
        "lake": place_named(f"file://{tmp_path}/lake"),
        "server": prepared,
    }
    target = targets[kind]
    if kind == "file":
        shutil.copyfile(one, tmp_path / "one.duckdb")
    else:
        assert bring(one, target).new_events == 3
    done = bring(other, target)
    assert (done.sources, done.events, done.new_events) == (3, 3, 2)
    left_out = f'["{tables.INPUTS.name}"'
    assert [line for line in dump(target) if not line.startswith(left_out)] == dump(whole)
    assert verify(target).problems == []
    assert bring(other, target).new_events == 0


def test_an_import_lets_collectors_write_and_is_repeated_where_it_died(
    overlapping: Overlapping, prepared: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, whole = overlapping
    bring(one, prepared)
    monkeypatch.setattr(reparse, "_BATCH_SOURCES", 1)

    def look(sources: int, *_: object) -> None:
        with psycopg.connect(prepared.url) as session:
            taken = session.execute("SELECT PG_TRY_ADVISORY_XACT_LOCK(%s)", [LOCK]).fetchone()
            assert taken == (True,)
        if sources == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(other, prepared, progress=look)
    assert verify(prepared).problems == []
    with databases.open_for_reading(prepared) as reader:
        brought = reader.event_count() - 3
    # Which of the sources came first follows from their paths.
    assert bring(other, prepared).new_events == 2 - brought
    left_out = f'["{tables.INPUTS.name}"'
    assert [line for line in dump(prepared) if not line.startswith(left_out)] == dump(whole)
    assert verify(prepared).problems == []


def test_an_import_counts_no_events_of_others(overlapping: Overlapping, prepared: Server) -> None:
    one, other, _ = overlapping
    bring(one, prepared)

    def add(*_: object) -> None:
        with databases.open_for_ingest(prepared, custody.Act("test")) as store:
            reparse.read_again(old, store)

    with databases.open_for_reading(other) as old:
        assert bring(one, prepared, progress=add).new_events == 0


def test_servers_with_as_many_entries_are_not_taken_for_one(
    server: Server, postgresql_server: str, tmp_path: Path
) -> None:
    write_logs(tmp_path / "logs", range(2))
    ingest([tmp_path / "logs" / "web0.log"], server)
    with fresh_database(postgresql_server) as url:
        other = place_named(url)
        ingest([tmp_path / "logs" / "web1.log"], other)
        assert bring(other, server).new_events == 1
        with pytest.raises(UsageError, match="database itself"):
            bring(other, other)


@tables_alone()
def test_labels_come_along_only_where_there_are_none(prepared: Server, tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(2))
    one = tmp_path / "one.duckdb"
    ingest([tmp_path / "logs"], one)
    rules = tmp_path / "labels.csv"
    rules.write_text("host,role\nweb*,front\n")
    import_labels(rules, one)
    ingest([tmp_path / "logs" / "web0.log"], prepared)
    bring(one, prepared)
    sql = "SELECT DISTINCT labels FROM hosts"
    with databases.open_for_reading(prepared) as reader:
        assert reader.connection.execute(sql).fetchall() == [("role=front",)]
    rules.write_text("host,role\nweb*,back\n")
    import_labels(rules, prepared)
    bring(one, prepared)
    with databases.open_for_reading(prepared) as reader:
        assert reader.connection.execute(sql).fetchall() == [("role=back",)]


@tables_alone()
def test_a_server_is_rebuilt_of_its_evidence(filled_server: Server, tmp_path: Path) -> None:
    new = tmp_path / "new.duckdb"
    reparse.rebuild(filled_server, new)
    assert dump(new) == dump(filled_server)


def test_nothing_is_written_over(filled_file: Path, filled_server: Server) -> None:
    with pytest.raises(UsageError, match="holds a database"):
        export.export(filled_file, filled_server, None)
    with pytest.raises(UsageError, match="database itself"):
        bring(filled_file, filled_file)


@tables_alone()
def test_a_copy_that_was_killed_is_made_again(server: Server, tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(2))
    file = tmp_path / "file.duckdb"
    ingest([tmp_path / "logs"], file)
    prepare(server)  # the tables are there before the one transaction with all rows
    export.export(file, server, None)
    assert dump(server) == dump(file)


@tables_alone()
def test_an_export_that_is_not_whole_is_not_imported(tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(1))
    file, folder = tmp_path / "file.duckdb", tmp_path / "tables"
    ingest([tmp_path / "logs"], file)
    export.export(file, folder, None)
    (folder / "processes.parquet").write_bytes(b"bad")
    with pytest.raises(DamagedDatabaseError, match="tables is damaged"):
        bring(folder, tmp_path / "new.duckdb")
    (folder / "processes.parquet").unlink()
    with pytest.raises(DamagedDatabaseError, match=r"processes\.parquet is missing"):
        bring(folder, tmp_path / "new.duckdb")


def test_a_redacted_copy_is_no_evidence(
    filled_server: Server, server: Server, tmp_path: Path
) -> None:
    copy = tmp_path / "redacted.duckdb"
    export.export(filled_server, copy, export.new_key())
    assert not any("iZ23tpcto8eZ" in line for line in dump(copy))
    with pytest.raises(OomdbError, match="redacted"):
        bring(copy, server)
    with pytest.raises(UsageError, match="redacted"):
        export.export(filled_server, server, export.new_key())
