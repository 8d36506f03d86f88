"""A file is looked at before it is used; a database of an older oomdb is brought up to date."""

from __future__ import annotations

import os
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from oomdb import databases, resources, views
from oomdb.errors import NotADatabaseError, OomdbError
from oomdb.ingest import ingest
from oomdb.store.custody import Act
from oomdb.store.opening import State, state_of
from oomdb.store.staging import locked
from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from collections.abc import Iterator

ACT = Act("ingest")

NEXT_REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("weather", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("events", "weather")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log and the database that it was read into; it is only read."""
    folder = tmp_path_factory.mktemp("opening")
    (folder / "web1.log").write_bytes(log(syslog(report_6_1())))
    ingest([folder / "web1.log"], folder / "oomdb.duckdb")
    return folder


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    """A copy of that database, with one event."""
    return Path(shutil.copy(made / "oomdb.duckdb", tmp_path))


def value(path: Path, sql: str) -> object:
    with databases.open_for_reading(path) as reader:
        return reader.query(sql).column(0)[0].as_py()


def refused(path: Path) -> str:
    """What opening says of a file that it must leave alone, for reading as for ingest."""
    before = path.read_bytes()
    messages = set()
    for opening in (databases.open_for_reading, partial(databases.open_for_ingest, act=ACT)):
        with pytest.raises(OomdbError) as told, opening(path):
            pass
        messages.add(str(told.value))
    assert path.read_bytes() == before
    assert len(messages) == 1
    return messages.pop()


# Files that are no oomdb database


def test_a_file_of_sqlite_is_refused_without_the_network(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a INTEGER)")
    connection.commit()
    connection.close()
    assert refused(path) == f"{path} is no oomdb database"


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.touch()
    assert "empty file" in refused(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    os.mkfifo(path)
    with (
        pytest.raises(NotADatabaseError, match="no regular file"),
        databases.open_for_reading(path),
    ):
        pass


def test_another_programs_alembic_database_is_not_called_a_newer_oomdb(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with duckdb.connect(str(path)) as foreign:
        foreign.execute("CREATE TABLE alembic_version AS SELECT 'abc' AS version_num")
    assert refused(path) == f"{path} is a DuckDB file but no oomdb database"


def test_a_database_without_its_version_is_refused(database: Path) -> None:
    with duckdb.connect(str(database)) as other:
        other.execute("DELETE FROM alembic_version")
    assert "does not say which oomdb" in refused(database)


def test_a_cut_database_is_called_damaged(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)
    assert "is damaged" in refused(database)


def test_a_database_with_wrong_blocks_is_called_damaged_and_not_locked(database: Path) -> None:
    content = bytearray(database.read_bytes())
    for position in range(12_288, len(content), 4096):
        content[position] ^= 0xFF
    database.write_bytes(content)
    assert "is damaged" in refused(database)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_database_without_the_right_to_read_is_called_so(database: Path) -> None:
    database.chmod(0)
    with (
        pytest.raises(OomdbError, match=r"cannot read .*Permission denied"),
        databases.open_for_reading(database),
    ):
        pass


@pytest.mark.parametrize("name", ["a?b=1", "50%20", "a#b", ":memory:", "md:x", "-x", "it's", "ö"])
def test_a_database_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web1.log").write_bytes(log(syslog(report_6_1())))
    assert ingest([Path("web1.log")], Path(name)).new_events == 1
    assert value(Path(name), "SELECT COUNT(*) FROM events") == 1
    assert Path(name).is_file()


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    with (
        pytest.raises(OomdbError, match="must be UTF-8"),
        databases.open_for_ingest(path, ACT),
    ):
        pass


# What is published


def test_a_link_stays_a_link_and_its_file_is_written(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    link.symlink_to(database.name)
    (tmp_path / "web2.log").write_bytes(log(syslog(report_6_1(pid=7), "web2")))
    ingest([tmp_path / "web2.log"], link)
    assert link.is_symlink()
    assert value(database, "SELECT COUNT(*) FROM events") == 2
    assert not (tmp_path / "link.duckdb.lock").exists()


def test_a_link_and_its_file_have_one_lock(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    link.symlink_to(database.name)
    with (
        locked(link),
        pytest.raises(OomdbError, match="being written"),
        databases.open_for_ingest(database, ACT),
    ):
        pass


def test_the_rights_of_the_database_outlive_an_ingest(database: Path, tmp_path: Path) -> None:
    database.chmod(0o640)
    (tmp_path / "web2.log").write_bytes(log(syslog(report_6_1(pid=7), "web2")))
    ingest([tmp_path / "web2.log"], database)
    assert database.stat().st_mode & 0o777 == 0o640


# Databases of another oomdb


@pytest.fixture
def newer_code(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An oomdb that has one more revision than the one that wrote the database."""
    newer = tmp_path / "newer"
    for name in ("migrations", "queries"):
        shutil.copytree(resources.folder(name), newer / name)
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    revision = newer / "migrations" / "versions" / "29990101_9001_weather.py"
    revision.write_text(NEXT_REVISION.format(head=row[0]))
    monkeypatch.setattr(resources, "folder", lambda name: newer / name)


@pytest.mark.usefixtures("newer_code")
def test_an_older_database_is_upgraded_when_it_is_read(database: Path) -> None:
    assert state_of(database) is State.OLDER
    assert value(database, "SELECT COUNT(*) FROM events WHERE weather IS NULL") == 1
    assert value(database, "SELECT COUNT(*) FROM zone_fallbacks") == 1
    assert state_of(database) is State.CURRENT
    assert value(database, "SELECT action FROM custody ORDER BY entry_no DESC") == "upgrade"


@pytest.mark.usefixtures("newer_code")
def test_an_older_database_is_upgraded_when_it_is_added_to(
    made: Path, database: Path, tmp_path: Path
) -> None:
    (tmp_path / "web2.log").write_bytes(log(syslog(report_6_1(pid=7), "web2")))
    summary = ingest([made / "web1.log", tmp_path / "web2.log"], database)
    assert (summary.new_events, summary.known_events) == (1, 1)
    assert value(database, "SELECT COUNT(*) FROM events WHERE weather IS NULL") == 2


@pytest.mark.usefixtures("newer_code")
def test_an_older_database_that_cannot_be_upgraded_now_is_told(database: Path) -> None:
    before = database.read_bytes()
    with (
        locked(database),
        pytest.raises(OomdbError, match=r"of an older oomdb, and .* is being written"),
        databases.open_for_reading(database),
    ):
        pass
    assert database.read_bytes() == before


@pytest.fixture
def other_views(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An oomdb with one more view than the one that wrote the database, and the same tables."""
    assert database.exists()
    _add_view(tmp_path, monkeypatch)


def _add_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = tmp_path / "queries"
    shutil.copytree(resources.folder("queries"), queries)
    (queries / "facts" / "event_kinds.sql").write_text(
        "-- The kind of each event.\n-- event_id: the event\n-- kind: its kind\n"
        "SELECT event_id, kind FROM events\n"
    )
    folder = resources.folder
    monkeypatch.setattr(
        resources, "folder", lambda name: queries if name == "queries" else folder(name)
    )
    views.load_views.cache_clear()


@pytest.fixture(autouse=True)
def fresh_views() -> Iterator[None]:
    yield
    views.load_views.cache_clear()


@pytest.mark.usefixtures("other_views")
def test_views_of_the_user_s_own_stay(database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute('CREATE VIEW "top kills" AS SELECT COUNT(*) AS n FROM victims')
        connection.execute("CREATE SCHEMA mine")
        own = "CREATE VIEW mine.zone_fallbacks AS SELECT 7 AS n FROM main.zone_fallbacks"
        connection.execute(own)
    assert value(database, "SELECT kind FROM event_kinds") == "oom_kill"
    assert value(database, 'SELECT n FROM "top kills"') == 1
    assert value(database, "SELECT n FROM mine.zone_fallbacks") == 7


def test_a_view_that_oomdb_has_no_more_goes(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        _add_view(tmp_path, other)
        assert value(database, "SELECT kind FROM event_kinds") == "oom_kill"
    views.load_views.cache_clear()
    assert value(database, "SELECT COUNT(*) FROM zone_fallbacks") == 1
    names = "SELECT COUNT(*) FROM duckdb_views() WHERE view_name = 'event_kinds'"
    assert value(database, names) == 0


@pytest.mark.usefixtures("other_views")
def test_a_new_view_is_there_without_an_ingest(database: Path) -> None:
    assert state_of(database) is State.OTHER_VIEWS
    assert value(database, "SELECT kind FROM event_kinds") == "oom_kill"
    assert state_of(database) is State.CURRENT


@pytest.mark.usefixtures("other_views")
def test_an_ingest_that_runs_keeps_nobody_from_reading_old_views(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with locked(database):
        assert value(database, "SELECT COUNT(*) FROM zone_fallbacks") == 1
    assert "the saved views are those of another oomdb" in capsys.readouterr().err
