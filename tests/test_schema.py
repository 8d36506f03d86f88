"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alembic.ddl  # noqa: F401  (the dialect registers with it while being loaded)
import duckdb
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.pool import NullPool

from oomdb import tables
from oomdb.store import facts, migrate
from oomdb.store.opening import connect, create_tables, definitions_fingerprint
from oomdb.store.schema import METADATA, build_metadata
from tools import stored_views

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def migrated() -> Iterator[Connection]:
    """An empty database brought to the newest schema."""
    with create_engine("duckdb:///:memory:").begin() as connection:
        migrate.upgrade(connection)
        yield connection


def test_there_is_one_head() -> None:
    script = ScriptDirectory.from_config(migrate.configuration())
    assert len(script.get_heads()) == 1
    assert migrate.known_revisions()[0] == script.get_current_head()


def test_upgrading_an_empty_file_gives_the_declared_tables(migrated: Connection) -> None:
    inspector = inspect(migrated)
    names = set(inspector.get_table_names()) - {"alembic_version"}
    assert names == {table.name for table in tables.TABLES}
    for table in tables.TABLES:
        found = [column["name"] for column in inspector.get_columns(table.name)]
        assert found == [column.name for column in table.columns], (
            f"{table.name} differs: run `python -m tools.first_migration`"
        )


def test_a_new_database_is_as_the_migrations_make_it(migrated: Connection, tmp_path: Path) -> None:
    with connect(tmp_path / "oomdb.duckdb") as made:
        create_tables(made)
        for question in (
            "SELECT table_name, comment FROM duckdb_tables() ORDER BY ALL",
            "SELECT table_name, column_name, column_index, data_type, is_nullable, comment"
            " FROM duckdb_columns() WHERE table_name IN (SELECT table_name FROM duckdb_tables())"
            " ORDER BY ALL",
            "SELECT table_name, constraint_text, constraint_name FROM duckdb_constraints()"
            " ORDER BY ALL",
            "SELECT version_num FROM alembic_version",
        ):
            expected = migrated.exec_driver_sql(question).fetchall()
            found = made.execute(question).fetchall()
            assert found == [tuple(row) for row in expected]


@pytest.mark.parametrize("way", ["migrations", "newest"])
def test_what_is_compressed_already_is_kept_as_it_is(way: str, tmp_path: Path) -> None:
    path = tmp_path / "oomdb.duckdb"
    if way == "newest":
        with connect(path) as made:
            create_tables(made)
    else:
        connect(path).close()
        with create_engine(f"duckdb:///{path}", poolclass=NullPool).begin() as connection:
            migrate.upgrade(connection)
    samples = {tables.Type.TEXT: "'x'", tables.Type.INTEGER: "1", tables.Type.BLOB: "'x'::BLOB"}
    required = {
        column.name: samples[column.type] for column in tables.SIGHTINGS.columns if column.required
    }
    with connect(path) as database:
        database.execute(
            f"INSERT INTO sightings (evidence, {', '.join(required)})"
            f" SELECT REPEAT('x', 2000)::BLOB, {', '.join(required.values())} FROM RANGE(1000)"
        )
        database.execute("CHECKPOINT")
        found = database.execute(
            "SELECT DISTINCT column_name, compression FROM pragma_storage_info('sightings')"
            " WHERE segment_type = 'BLOB' AND column_name IN ('evidence', 'evidence_sha256')"
        ).fetchall()
    kept = dict(found)
    assert kept.pop("evidence") == "Uncompressed"
    assert "Uncompressed" not in kept.values()


def test_the_kept_views_of_a_new_database_are_made_by_statements_of_these_views() -> None:
    found = stored_views.FILE.read_text(encoding="utf-8")
    assert found == stored_views.text(), "run `python -m tools.stored_views`"


def test_a_new_database_has_the_views_that_their_select_makes() -> None:
    catalogs = []
    for definitions in (definitions_fingerprint(), "of another oomdb"):
        with duckdb.connect() as database:
            create_tables(database)
            facts.install(database, definitions)
            catalogs.append(
                [
                    database.execute(question).fetchall()
                    for question in (
                        "SELECT schema_name, sql FROM duckdb_tables() ORDER BY ALL",
                        "SELECT schema_name, sql FROM duckdb_views() WHERE NOT internal"
                        " ORDER BY ALL",
                        "FROM facts.beside ORDER BY ALL",
                    )
                ]
            )
    assert catalogs[0] == catalogs[1]


def test_autogenerate_finds_nothing_to_do(migrated: Connection) -> None:
    context = MigrationContext.configure(migrated, opts={"compare_type": True})
    assert compare_metadata(context, build_metadata(for_server=False)) == []


def test_only_postgresql_gets_foreign_keys() -> None:
    victims = METADATA.tables["victims"]
    assert [key.target_fullname for key in victims.foreign_keys] == ["events.event_id"]


def test_every_column_says_what_it_holds() -> None:
    for table in METADATA.tables.values():
        assert table.comment
        for column in table.columns:
            assert column.comment, f"{table.name}.{column.name}"
            if column.name.endswith(("_kb", "_pages", "_bytes")) and "comm" not in column.name:
                assert "[" in column.comment, f"{table.name}.{column.name} has no unit"
