"""SQL that a stranger wrote reads a server's database and does nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from oomdb.store.places import Server
from tests.test_server.conftest import Command, dump

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stranger(filled_server: Server, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Commands of a login that may only read."""
    with psycopg.connect(filled_server.url, autocommit=True) as session:
        session.execute("CREATE ROLE stranger LOGIN IN ROLE oomdb_reader")
        try:
            yield Command(Server(filled_server.url.replace("//oomdb@", "//stranger@")), capfd)
        finally:
            session.execute("DROP ROLE stranger")


@pytest.fixture
def collector(filled_server: Server, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Commands of a login that may write, and is no superuser."""
    with psycopg.connect(filled_server.url, autocommit=True) as session:
        session.execute("CREATE ROLE collector LOGIN IN ROLE oomdb_reader")
        session.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO collector")
        try:
            yield Command(Server(filled_server.url.replace("//oomdb@", "//collector@")), capfd)
        finally:
            session.execute("DROP OWNED BY collector")
            session.execute("DROP ROLE collector")


ESCAPES = [
    "DELETE FROM events",
    "UPDATE events SET kind = 'none'",
    "INSERT INTO host_names VALUES ('a', 'b')",
    "DROP TABLE events",
    "TRUNCATE events",
    "CREATE TABLE mine (a int)",
    "CREATE TEMP TABLE mine (a int)",
    "SELECT * INTO mine FROM events",
    "WITH gone AS (DELETE FROM events RETURNING *) SELECT * FROM gone",
    "SELECT 1; DELETE FROM events",
    "SELECT 1; COMMIT; DELETE FROM inputs",
    "SELECT 1); DELETE FROM events; --",
    "COMMIT",
    "BEGIN READ WRITE",
    "SET TRANSACTION READ WRITE",
    "SET statement_timeout = 0",
    "RESET ROLE",
    "COPY events TO STDOUT",
    "COPY events TO '/tmp/oomdb-escaped'",
    "COPY events TO PROGRAM 'cat'",
    "COPY events FROM '/etc/passwd'",
    "DO $$ BEGIN DELETE FROM events; END $$",
    "CALL something()",
    "LOCK TABLE events",
    "VACUUM",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT query_to_xml('DELETE FROM events', true, true, '')",
    "SELECT query_to_xml('DELETE FROM events RETURNING 1', true, true, '')",
    "SELECT database_to_xml(true, true, '') FROM (SELECT setval('x', 1)) AS s",
    "EXPLAIN ANALYZE DELETE FROM events",
    "EXPLAIN SELECT 1; DELETE FROM events",
    "EXPLAIN SELECT 1; COMMIT; DELETE FROM inputs",
    "EXPLAIN (ANALYZE) CREATE TABLE mine AS SELECT 1",
    "SELECT pg_reload_conf()",
    "SELECT pg_rotate_logfile()",
]


@pytest.mark.parametrize("login", ["stranger", "collector"])
def test_no_escape_succeeds(
    request: pytest.FixtureRequest, login: str, filled_server: Server
) -> None:
    asks: Command = request.getfixturevalue(login)
    before = dump(filled_server)
    for sql in ESCAPES:
        code, printed, messages = asks("sql", sql)
        assert (code, printed) == (1, ""), sql
        assert messages.startswith("oomdb: ")
        assert "Traceback" not in messages
    assert dump(filled_server) == before


def test_what_a_question_can_do_is_undone(collector: Command, filled_server: Server) -> None:
    """Before 16 a transaction that cannot write could make a large object; none is committed."""
    collector("sql", "SELECT lo_from_bytea(0, 'x')")
    with psycopg.connect(filled_server.url) as session:
        kept = session.execute("SELECT COUNT(*) FROM pg_largeobject_metadata").fetchone()
    assert kept == (0,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM events",
        "WITH e AS (SELECT * FROM events) SELECT COUNT(*) FROM e",
        "VALUES (1)",
        "TABLE hosts",
        "SELECT COUNT(*) FROM incidents;",
        "EXPLAIN SELECT * FROM incidents",
        "-- a comment\nSELECT 1",
    ],
)
def test_a_question_is_answered(stranger: Command, sql: str) -> None:
    code, printed, messages = stranger("sql", sql)
    assert (code, messages) == (0, "")
    assert printed


def test_a_question_ends_in_time(stranger: Command) -> None:
    begun = time.monotonic()
    code, _, messages = stranger("sql", "SELECT pg_sleep(60)", "--timeout", "1")
    assert code == 1
    assert "time limit of 1 s" in messages
    assert time.monotonic() - begun < 30


def test_a_superuser_is_told_to_be_another(on_server: Command) -> None:
    code, _, messages = on_server("sql", "SELECT 1")
    assert code == 1
    assert "oomdb_reader" in messages
    assert on_server("sql", "--unsafe", "SELECT 1 AS one", "--format", "csv")[:2] == (0, "one\n1\n")


def test_a_reader_cannot_ingest(stranger: Command, filled_server: Server) -> None:
    code, _, messages = stranger("hosts", "import", __file__)
    assert code == 1
    assert "Traceback" not in messages
