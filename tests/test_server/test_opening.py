"""What a server's database is before it is used, and what becomes of an older one."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from oomdb import databases, resources
from oomdb.errors import (
    DatabaseBusyError,
    NewerDatabaseError,
    NotADatabaseError,
    OomdbError,
    UsageError,
)
from oomdb.ingest import ingest
from oomdb.store.custody import Act
from oomdb.store.opening import State
from oomdb.store.places import Server, place_named
from oomdb.store.server import kept, opening
from oomdb.store.server.connection import ServerConnection
from oomdb.store.server.store import ServerStore
from oomdb.verify import verify
from tests.faults.commands import write_logs
from tests.servers.postgresql import fresh_database
from tests.test_opening import NEXT_REVISION
from tests.test_server.conftest import WAITING, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


#: What a database says whose views another oomdb has made.
OTHER_VIEWS = "UPDATE properties SET value = 'other' WHERE name = 'definitions'"


def change(server: Server, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as session:
        for statement in statements:
            session.execute(statement)


@pytest.fixture(scope="module")
def filled_once(
    postgresql_server: str, tables_alone: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of a database with one event, which is only copied, and the logs' folder."""
    logs = tmp_path_factory.mktemp("opening") / "logs"
    write_logs(logs, range(1))
    with fresh_database(postgresql_server, copy_of=tables_alone) as url:
        ingest([logs], place_named(url))
        yield url, logs


@pytest.fixture
def filled(postgresql_server: str, filled_once: tuple[str, Path]) -> Iterator[Server]:
    """A copy of it that may be changed; the logs stay where they were read."""
    with fresh_database(postgresql_server, copy_of=filled_once[0]) as url:
        place = place_named(url)
        assert isinstance(place, Server)
        yield place


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann@db/oom", "postgresql://ann@db/oom"),
        ("postgres://ann:s3cret@db/oom", "postgresql://ann@db/oom"),
        ("postgresql+psycopg://ann:s3c:ret@db:5432/oom", "postgresql://ann@db:5432/oom"),
        ("postgresql:///oom?password=s3cret&host=/run", "postgresql:///oom?password=...&host=/run"),
        ("postgresql:///o?passwor%64=s3cret&sslkey=s", "postgresql:///o?passwor%64=...&sslkey=..."),
        ("postgresql://ann:s3/cr@t@db/oom", "postgresql://ann@db/oom"),
        ("postgresql://ann:s3cret", "postgresql://ann:..."),
        ("postgresql://ann:s3%zzcret@db/oom", "postgresql://ann@db/oom"),
        (" postgresql://ann:s3cret@db/oom", "postgresql://ann@db/oom"),
        ("postgresql://db1:5432,db2:5433/oom", "postgresql://db1:5432,db2:5433/oom"),
        ("postgresql://[::1]:5432/oom", "postgresql://[::1]:5432/oom"),
        ("postgresql:///oom?sslpassword=s3cret", "postgresql:///oom?sslpassword=..."),
    ],
)
def test_a_url_names_a_server_and_shows_no_password(text: str, shown: str) -> None:
    place = place_named(text)
    assert isinstance(place, Server)
    assert str(place) == shown


@pytest.mark.parametrize("text", ["mysql://a/b", "duckdb:///a"])
def test_a_url_of_something_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(OomdbError, match=text), databases.open_for_reading(place_named(text)):
        pass


@pytest.mark.parametrize(
    "text", ["s3://key:s3cret@b/x", "mysql://u:s3cret@h/d", "sftp://u:s3@c@h/"]
)
def test_no_url_shows_a_password(text: str) -> None:
    assert "s3c" not in str(place_named(text)).replace("s3://", "")
    assert "s3@c" not in str(place_named(text))


@pytest.mark.parametrize("url", ["postgresql://ann:s3%zzcret@db/oom", "postgresql:///oom?bogus=1"])
def test_a_url_that_cannot_be_read_is_wrong_usage(url: str) -> None:
    with (
        pytest.raises(UsageError, match="no URL") as caught,
        databases.open_for_reading(Server(url)),
    ):
        pass
    assert "s3" not in str(caught.value)


def test_an_empty_database_says_what_to_do(server: Server) -> None:
    with pytest.raises(OomdbError, match="oomdb ingest LOGS"), databases.open_for_reading(server):
        pass


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = Server("postgresql://oomdb@127.0.0.1:1/oomdb")
    with pytest.raises(OomdbError, match=r"127\.0\.0\.1:1"), databases.open_for_reading(nowhere):
        pass


def test_a_newer_database_is_left_alone(filled: Server) -> None:
    change(filled, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabaseError, match="9999"), databases.open_for_reading(filled):
        pass


def test_tables_of_something_else_are_left_alone(server: Server, tmp_path: Path) -> None:
    change(server, "CREATE TABLE events (id int)")
    write_logs(tmp_path / "logs", range(1))
    with pytest.raises(NotADatabaseError, match="something else"):
        ingest([tmp_path / "logs"], server)


def test_views_of_another_oomdb_are_made_anew(filled: Server) -> None:
    change(
        filled,
        "DROP VIEW limits_hit",
        "CREATE VIEW of_mine AS SELECT event_id FROM events",
        OTHER_VIEWS,
    )
    with databases.open_for_reading(filled) as reader:
        assert reader.connection.execute("SELECT COUNT(*) FROM of_mine").fetchone() == (1,)
        assert reader.connection.execute("SELECT COUNT(*) FROM limits_hit").fetchone() == (0,)
        told = reader.connection.execute("SELECT action FROM custody ORDER BY entry_no").fetchall()
    assert told == [("ingest",), ("upgrade",)]
    change(filled, "DROP VIEW of_mine")
    assert verify(filled).problems == []


def test_a_view_of_a_user_is_never_dropped(
    filled: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        filled,
        "CREATE VIEW of_mine AS SELECT event_id FROM incident_events",
        OTHER_VIEWS,
    )
    with databases.open_for_reading(filled) as reader:
        assert reader.event_count() == 1
        assert reader.connection.execute("SELECT COUNT(*) FROM of_mine").fetchone() == (1,)
    assert "of_mine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "CREATE OR REPLACE VIEW event_places AS"
            " SELECT * FROM kept_event_places WHERE event_id <> ''",
            "views",
        ),
        ("DROP VIEW zone_type_indexes CASCADE", "views"),
        ("UPDATE custody SET actor = 'nobody'", "custody"),
        ("UPDATE sources SET event_count = 7", "counts"),
        ("UPDATE sightings SET evidence = 'x'", "evidence"),
        ("ALTER TABLE processes DROP COLUMN swapents CASCADE", "views"),
        ("CREATE TABLE mine (a int)", "views"),
    ],
)
def test_what_was_changed_is_found(filled: Server, statement: str, problem: str) -> None:
    change(filled, statement)
    assert problem in {found.check for found in verify(filled, originals=False).problems}


def test_a_table_of_a_user_is_never_dropped(filled: Server) -> None:
    change(
        filled,
        "CREATE TABLE kept_notes (text TEXT)",
        OTHER_VIEWS,
    )
    with databases.open_for_reading(filled) as reader:
        assert reader.connection.execute("SELECT COUNT(*) FROM kept_notes").fetchone() == (0,)


def test_a_reader_waits_only_so_long_for_views_to_be_made_anew(
    filled: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oomdb.store.server.opening._READER_WAITS_S", 0.2)
    with psycopg.connect(filled.url) as session:
        session.execute("SELECT COUNT(*) FROM incidents")
        change(filled, OTHER_VIEWS)
        with databases.open_for_reading(filled) as reader:
            assert reader.event_count() == 1
    assert "lock timeout" in capsys.readouterr().err


FALLBACKS = "SELECT COUNT(*) FROM zone_fallbacks"


def state_of(server: Server) -> State | None:
    with closing(ServerConnection(server)) as connection:
        return opening.state(connection)


def test_no_view_is_made_anew_below_a_reader(filled: Server) -> None:
    """A reader of tables alone, so far: new tables of views would be empty to it."""
    with databases.open_for_reading(filled) as reader:
        assert reader.event_count() == 1
        change(filled, OTHER_VIEWS)
        with pytest.raises(DatabaseBusyError, match="lock timeout"):
            opening.prepare(filled, wait_s=0.2)
        assert reader.connection.execute(FALLBACKS).fetchone() == (1,)
    opening.prepare(filled, wait_s=0.2)
    assert state_of(filled) is State.CURRENT


def test_who_writes_waits_for_readers_and_lets_others_read_meanwhile(
    filled: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "_READER_WAITS_S", 0.1)
    monkeypatch.setattr(opening, "_TRY_S", 0.5)
    with ThreadPoolExecutor(1) as pool:
        with databases.open_for_reading(filled) as first:
            change(filled, OTHER_VIEWS)
            preparing = pool.submit(opening.prepare, filled)
            wait_until(filled, WAITING, 1)
            with databases.open_for_reading(filled) as second:
                for reader in (first, second):
                    assert reader.connection.execute(FALLBACKS).fetchone() == (1,)
            assert not preparing.done()
        preparing.result(60)
    assert state_of(filled) is State.CURRENT
    assert "waiting for those who read" in capsys.readouterr().err


def test_who_begins_to_read_waits_for_views_that_are_made(
    filled: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_READER_WAITS_S", 0.1)
    is_deriving, may_end = threading.Event(), threading.Event()
    derive_whole = kept.derive_whole

    def held_up(connection: ServerConnection) -> None:
        derive_whole(connection)
        is_deriving.set()
        assert may_end.wait(60)

    def counted() -> list[int]:
        with databases.open_for_reading(filled) as reader:
            return [reader.event_count(), reader.connection.execute(FALLBACKS).fetchone()[0]]

    monkeypatch.setattr(kept, "derive_whole", held_up)
    change(filled, OTHER_VIEWS)
    with ThreadPoolExecutor(2) as pool:
        preparing = pool.submit(opening.prepare, filled)
        assert is_deriving.wait(60)
        reading = pool.submit(counted)
        wait_until(filled, WAITING, 1)
        may_end.set()
        assert reading.result(60) == [1, 1]
        preparing.result(60)


def test_who_waited_for_a_newer_oomdb_reads_nothing_of_it(filled: Server) -> None:
    def read() -> None:
        with databases.open_for_reading(filled):
            pass

    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(filled.url) as session:
            session.execute("LOCK TABLE gfp_bits IN ACCESS EXCLUSIVE MODE")
            reading = pool.submit(read)
            wait_until(filled, WAITING, 1)
            session.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(NewerDatabaseError, match="9999"):
            reading.result(60)


@pytest.mark.parametrize("is_newer", [False, True])
def test_a_writer_stops_where_another_oomdb_has_changed_the_views(
    filled: Server, tmp_path: Path, is_newer: bool
) -> None:
    statement = "UPDATE alembic_version SET version_num = '9999'" if is_newer else OTHER_VIEWS
    with (
        pytest.raises(OomdbError, match=r"another oomdb.*: run it again"),
        databases.open_for_ingest(filled, Act("test")) as store,
    ):
        assert isinstance(store, ServerStore)
        store.begin_batch()
        store.publish()
        change(filled, statement)
        store.note_inputs([])
    with psycopg.connect(filled.url) as session:
        assert session.execute("SELECT COUNT(*) FROM custody").fetchone() == (2,)


@pytest.fixture
def newer_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An oomdb with one more revision than any database has."""
    newer = tmp_path / "newer"
    for name in ("migrations", "queries"):
        shutil.copytree(resources.folder(name), newer / name)
    from oomdb.store.migrate import known_revisions

    revision = newer / "migrations" / "versions" / "29990101_9001_weather.py"
    revision.write_text(NEXT_REVISION.format(head=known_revisions()[0]))
    monkeypatch.setattr(resources, "folder", lambda name: newer / name)


@pytest.mark.usefixtures("newer_code")
def test_a_reader_waits_only_so_long_for_tables_to_be_brought_up_to_date(
    filled: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_READER_WAITS_S", 0.2)
    with psycopg.connect(filled.url) as session:
        session.execute("SELECT COUNT(*) FROM events")
        with (
            pytest.raises(OomdbError, match=r"of an older oomdb.*lock timeout"),
            databases.open_for_reading(filled),
        ):
            pass
    assert state_of(filled) is State.OLDER
    with databases.open_for_reading(filled) as reader:
        assert reader.event_count() == 1
    assert state_of(filled) is State.CURRENT


@pytest.fixture
def nobody(filled: Server) -> Iterator[Server]:
    """A login that may do nothing there."""
    change(filled, "CREATE ROLE nobody LOGIN")
    yield Server(filled.url.replace("//oomdb@", "//nobody@"))
    change(filled, "DROP ROLE nobody")


def test_a_login_without_rights_is_told_so(nobody: Server, filled_once: tuple[str, Path]) -> None:
    with pytest.raises(OomdbError, match="permission denied"), databases.open_for_reading(nobody):
        pass
    with pytest.raises(OomdbError, match="permission denied"):
        ingest([filled_once[1]], nobody)


def test_a_login_that_may_make_no_tables_is_told_so(server: Server, tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(1))
    change(server, "CREATE ROLE nobody LOGIN")
    try:
        place = Server(server.url.replace("//oomdb@", "//nobody@"))
        with pytest.raises(OomdbError) as raised:
            ingest([tmp_path / "logs"], place)
        denied = "permission denied for schema public: ask the owner for that right"
        assert str(raised.value) == f"{place}: {denied}"
    finally:
        change(server, "DROP ROLE nobody")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            "search_path%3Dmissing",
            "no schema has been selected to create in: make the schema first",
        ),
        ("default_transaction_read_only%3Don", "cannot execute CREATE TABLE in a read-only trans"),
    ],
)
def test_what_keeps_tables_from_being_made_is_one_line_that_names_the_server(
    server: Server, tmp_path: Path, setting: str, told: str
) -> None:
    write_logs(tmp_path / "logs", range(1))
    place = Server(f"{server.url}?options=-c{setting}")
    with pytest.raises(OomdbError) as raised:
        ingest([tmp_path / "logs"], place)
    assert str(raised.value).startswith(f"{place}: {told}")
    assert "\n" not in str(raised.value)


def test_a_database_that_cannot_hold_all_text_is_refused(server: Server, tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", range(1))
    change(
        server,
        "CREATE DATABASE latin TEMPLATE template0"
        " ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'",
    )
    place = Server(f"{server.url.rpartition('/')[0]}/latin")
    try:
        with pytest.raises(OomdbError, match=r"a database in LATIN1, .*--encoding=UTF8"):
            ingest([tmp_path / "logs"], place)
        with psycopg.connect(place.url) as session:
            (count,) = session.execute(
                "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone() or (None,)
        assert count == 0
    finally:
        change(server, "DROP DATABASE latin WITH (FORCE)")


def test_who_may_only_read_can_verify(filled: Server, capsys: pytest.CaptureFixture[str]) -> None:
    change(filled, "CREATE ROLE auditor LOGIN IN ROLE oomdb_reader")
    try:
        auditor = Server(filled.url.replace("//oomdb@", "//auditor@"))
        assert verify(auditor, originals=False).problems == []
        assert "not compared" in capsys.readouterr().err
    finally:
        change(filled, "DROP ROLE auditor")


def test_what_is_kept_of_views_is_held_against_the_evidence(filled: Server) -> None:
    """`test_ingest` finds nothing in what nobody changed."""
    change(filled, "UPDATE kept_zone_fallbacks SET free_kb = free_kb + 1")
    (found,) = verify(filled, again=True).problems
    assert (found.check, found.subject) == ("rows", "kept_zone_fallbacks")


def test_a_schema_of_ones_own_can_be_named(server: Server, tmp_path: Path) -> None:
    change(server, "CREATE SCHEMA fleet")
    write_logs(tmp_path / "logs", range(2))
    place = Server(f"{server.url}?options=-csearch_path%3Dfleet")
    ingest([tmp_path / "logs"], place)
    with databases.open_for_reading(place) as reader:
        assert reader.event_count() == 2
    with psycopg.connect(server.url) as session:
        assert session.execute("SELECT COUNT(*) FROM fleet.events").fetchone() == (2,)
