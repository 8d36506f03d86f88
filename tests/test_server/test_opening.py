"""What a server's database is before it is used, and what becomes of an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from oomdb.errors import NewerDatabaseError, NotADatabaseError, OomdbError
from oomdb.ingest import ingest
from oomdb.store.database import Store
from oomdb.store.places import Server, place_named
from oomdb.verify import verify
from tests.faults.commands import write_logs

if TYPE_CHECKING:
    from pathlib import Path


def change(server: Server, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as session:
        for statement in statements:
            session.execute(statement)


@pytest.fixture
def filled(server: Server, tmp_path: Path) -> Server:
    write_logs(tmp_path / "logs", range(1))
    ingest([tmp_path / "logs"], server)
    return server


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann@db/oom", "postgresql://ann@db/oom"),
        ("postgres://ann:s3cret@db/oom", "postgresql://ann@db/oom"),
        ("postgresql+psycopg://ann:s3c:ret@db:5432/oom", "postgresql://ann@db:5432/oom"),
        ("postgresql:///oom?password=s3cret&host=/run", "postgresql:///oom?password=...&host=/run"),
        ("postgresql:///oom?sslpassword=s3cret", "postgresql:///oom?sslpassword=..."),
    ],
)
def test_a_url_names_a_server_and_shows_no_password(text: str, shown: str) -> None:
    place = place_named(text)
    assert isinstance(place, Server)
    assert str(place) == shown


@pytest.mark.parametrize("text", ["mysql://a/b", "duckdb:///a"])
def test_a_url_of_something_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(OomdbError, match=text), Store.open_for_reading(place_named(text)):
        pass


def test_an_empty_database_says_what_to_do(server: Server) -> None:
    with pytest.raises(OomdbError, match="oomdb ingest LOGS"), Store.open_for_reading(server):
        pass


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = Server("postgresql://oomdb@127.0.0.1:1/oomdb")
    with pytest.raises(OomdbError, match=r"127\.0\.0\.1:1"), Store.open_for_reading(nowhere):
        pass


def test_a_newer_database_is_left_alone(filled: Server) -> None:
    change(filled, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabaseError, match="9999"), Store.open_for_reading(filled):
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
        "CREATE VIEW of_mine AS SELECT event_id FROM incident_events",
        "UPDATE properties SET value = 'other' WHERE name = 'definitions'",
        "DROP VIEW of_mine",
    )
    with Store.open_for_reading(filled) as reader:
        assert reader.connection.execute("SELECT COUNT(*) FROM limits_hit").fetchone() == (0,)
    assert verify(filled).problems == []


def test_a_view_of_a_user_is_never_dropped(
    filled: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        filled,
        "CREATE VIEW of_mine AS SELECT event_id FROM incident_events",
        "UPDATE properties SET value = 'other' WHERE name = 'definitions'",
    )
    with Store.open_for_reading(filled) as reader:
        assert reader.event_count() == 1
        assert reader.connection.execute("SELECT COUNT(*) FROM of_mine").fetchone() == (1,)
    assert "of_mine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "CREATE OR REPLACE VIEW gfp_flags AS SELECT event_id, trigger_kind, flag, bit, ''::text"
            " FROM gfp_flags",
            "views",
        ),
        ("UPDATE custody SET actor = 'nobody'", "custody"),
        ("UPDATE sources SET event_count = 7", "counts"),
        ("UPDATE sightings SET evidence = 'x'", "evidence"),
        ("ALTER TABLE processes DROP COLUMN swapents CASCADE", "views"),
        ("CREATE TABLE mine (a int)", "views"),
    ],
)
def test_what_was_changed_is_found(filled: Server, statement: str, problem: str) -> None:
    if statement.startswith("CREATE OR REPLACE VIEW"):
        statement = "DROP VIEW zone_type_indexes CASCADE"
    change(filled, statement)
    assert problem in {found.check for found in verify(filled, originals=False).problems}


def test_what_is_kept_of_views_is_held_against_the_evidence(filled: Server) -> None:
    assert verify(filled, again=True).problems == []
    change(filled, "UPDATE kept_zone_fallbacks SET free_kb = free_kb + 1")
    (found,) = verify(filled, again=True).problems
    assert (found.check, found.subject) == ("rows", "kept_zone_fallbacks")


def test_a_schema_of_ones_own_can_be_named(server: Server, tmp_path: Path) -> None:
    change(server, "CREATE SCHEMA fleet")
    write_logs(tmp_path / "logs", range(2))
    place = Server(f"{server.url}?options=-csearch_path%3Dfleet")
    ingest([tmp_path / "logs"], place)
    with Store.open_for_reading(place) as reader:
        assert reader.event_count() == 2
    with psycopg.connect(server.url) as session:
        assert session.execute("SELECT COUNT(*) FROM fleet.events").fetchone() == (2,)
