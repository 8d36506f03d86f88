"""How the tables, views and functions of a server's database are defined."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from oomdb.output import terminal
from oomdb.store.server import kept
from oomdb.store.server.connection import ServerConnection

if TYPE_CHECKING:
    from oomdb.store.places import Server

#: A schema that is made to compare with, and never seen by others.
_FRESH = "oomdb_fresh_definitions"
_COLUMNS = """
SELECT c.table_name, STRING_AGG(
  c.column_name || ' ' || c.data_type || ' ' || c.is_nullable || ' '
    || COALESCE(c.collation_name, ''),
  ', ' ORDER BY c.column_name) AS definition
FROM information_schema.columns AS c
INNER JOIN information_schema.tables AS t
  ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = CURRENT_SCHEMA() AND t.table_type = 'BASE TABLE'
GROUP BY c.table_name"""
_VIEWS = """
SELECT viewname, definition FROM pg_views WHERE schemaname = CURRENT_SCHEMA()"""
_FUNCTIONS = """
SELECT p.proname, p.prosrc FROM pg_proc AS p
WHERE p.pronamespace = TO_REGNAMESPACE(QUOTE_IDENT(CURRENT_SCHEMA()))"""


def definitions(server: Server) -> tuple[dict[str, str], dict[str, str]]:
    """What is in the schema by name, and what this oomdb would make there.

    The latter is made in a schema of its own, in a transaction that is undone.
    """
    with closing(ServerConnection(server)) as connection:
        connection.begin()
        found = _here(connection)
        if not _may_create(connection):
            terminal.note(
                f"oomdb: tables and views of {server} were not compared with oomdb's: this login"
                " may not create the schema to make those in"
            )
            return found, found
        connection.execute(f"CREATE SCHEMA {_FRESH}")
        connection.execute(f"SET LOCAL search_path = {_FRESH}")
        _make_tables(connection)
        connection.execute(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
            " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        kept.make_views(connection)
        expected = _here(connection)
        connection.rollback()
    return found, expected


def _may_create(connection: ServerConnection) -> bool:
    sql = "SELECT HAS_DATABASE_PRIVILEGE(CURRENT_DATABASE(), 'CREATE')"
    return bool(connection.execute(sql).fetchone()[0])


def _here(connection: ServerConnection) -> dict[str, str]:
    rows = [
        row for sql in (_COLUMNS, _VIEWS, _FUNCTIONS) for row in connection.execute(sql).fetchall()
    ]
    return {str(name): str(definition) for name, definition in rows}


def _make_tables(connection: ServerConnection) -> None:
    from sqlalchemy import create_mock_engine

    from oomdb.store.schema import METADATA

    def make(statement: Any, *_: object, **__: object) -> None:
        connection.script(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine("postgresql+psycopg://", make)
    METADATA.create_all(engine, checkfirst=False)
