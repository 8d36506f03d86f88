"""Bringing a server's database up to date, and opening it."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from oomdb.errors import DatabaseBusyError, NewerDatabaseError, NotADatabaseError, OomdbError
from oomdb.output import terminal
from oomdb.store import custody
from oomdb.store.content import Reader
from oomdb.store.insertion import insert_rows
from oomdb.store.opening import State, definitions_fingerprint
from oomdb.store.server import kept
from oomdb.store.server.connection import ServerConnection, session, told_of
from oomdb.store.settle import settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.store.places import Server

#: Who may only read: whom to make a member of it who asks in SQL of his own.
READER = "oomdb_reader"
#: How long a reader waits for those whose questions keep views from being made anew.
_READER_WAITS_S = 5.0
#: How long who writes keeps new readers waiting for that, and then lets them in.
_TRY_S = 5.0
_PAUSE_S = 1.0
#: The number of the lock that one writer has at a time, in this database alone.
LOCK = 0x6F6F6D6462
#: What every reader holds from before its first question, and nobody while tables or views are
#: made: to the state that a reader sees, a table that is made later has no rows.
_READ = "LOCK TABLE gfp_bits IN ACCESS SHARE MODE"
_KEEP_READERS_OUT = "LOCK TABLE gfp_bits IN ACCESS EXCLUSIVE MODE"


def no_tables(server: Server) -> OomdbError:
    """The error of who names a server's database without oomdb's tables."""
    return OomdbError(f"no oomdb tables at {server}; fill them with `oomdb ingest LOGS`")


def state(connection: ServerConnection) -> State | None:
    """How a database stands to this oomdb; None where it holds nothing of oomdb's.

    NotADatabaseError or NewerDatabaseError where it is none for this oomdb.
    """
    from oomdb.store.migrate import known_revisions

    if not _has(connection, "alembic_version"):
        if _has(connection, "events"):
            raise NotADatabaseError(
                f"{connection.server} has tables of something else that are called as oomdb's:"
                " name another database, or another schema (?options=-csearch_path%3DNAME)"
            )
        return None
    if not _has(connection, "sightings"):
        raise NotADatabaseError(f"{connection.server} holds the tables of another program")
    revision, definitions = definitions_in(connection)
    revisions = known_revisions()
    if revision not in revisions:
        raise NewerDatabaseError(
            f"{connection.server} was written by a newer oomdb"
            f" (schema {revision or 'unknown'}); upgrade oomdb to read it"
        )
    if revision != revisions[0]:
        return State.OLDER
    return State.CURRENT if definitions == definitions_fingerprint() else State.OTHER_VIEWS


def definitions_in(connection: ServerConnection) -> tuple[str | None, str | None]:
    """What stands for the tables of a database, and for its saved views."""
    row = connection.execute(
        "SELECT (SELECT version_num FROM alembic_version),"
        " (SELECT value FROM properties WHERE name = 'definitions')"
    ).fetchone()
    return row[0], row[1]


def own_definitions() -> tuple[str, str]:
    """What stands for them in a database that this oomdb has brought up to date."""
    from oomdb.store.migrate import known_revisions

    return known_revisions()[0], definitions_fingerprint()


def _has(connection: ServerConnection, table: str) -> bool:
    # Not information_schema: that hides what a login may not read.
    row = connection.execute(
        "SELECT 1 FROM pg_class WHERE relname = ? AND relkind = 'r'"
        " AND relnamespace = TO_REGNAMESPACE(QUOTE_IDENT(CURRENT_SCHEMA()))",
        [table],
    ).fetchone()
    return row is not None


def prepare(server: Server, *, wait_s: float | None = None) -> None:
    """Make the newest tables and saved views where they are not; one process at a time does.

    DatabaseBusyError where writers and readers are in the way for `wait_s` seconds. Without it
    they are waited for, and who wants to read or to write meanwhile does.
    """
    is_told = False
    while True:
        try:
            _prepare(server, wait_s)
            return
        except DatabaseBusyError:
            if wait_s is not None:
                raise
        if not is_told:
            terminal.note(
                f"oomdb: waiting for those who read {server}: its saved views are of another oomdb"
            )
            is_told = True
        time.sleep(_PAUSE_S)


def _prepare(server: Server, wait_s: float | None) -> None:
    with closing(ServerConnection(server)) as connection:
        if state(connection) is State.CURRENT:
            return
        if wait_s is not None:
            connection.execute(_lock_timeout(wait_s))
        connection.execute("SELECT PG_ADVISORY_LOCK(?)", [LOCK])
        found = state(connection)
        if found is None:
            _require_unicode(connection)
        limit = _lock_timeout(_TRY_S if wait_s is None else wait_s)
        if found in (None, State.OLDER):
            _migrate(server, [limit, *([] if found is None else [_KEEP_READERS_OUT])])
        if found is None:
            _let_read(connection)
        if found is not State.CURRENT:
            connection.execute(limit)
            _refresh(connection)
        if found in (State.OLDER, State.OTHER_VIEWS):
            _note_upgrade(connection)


def _lock_timeout(wait_s: float) -> str:
    return f"SET lock_timeout = {max(int(wait_s * 1000), 1)}"


def _require_unicode(connection: ServerConnection) -> None:
    """OomdbError where the database cannot hold every text that a log may have."""
    encoding = str(connection.execute("SHOW server_encoding").fetchone()[0])
    if encoding != "UTF8":
        raise OomdbError(
            f"{connection.server} is a database in {encoding}, which has no place for all text of"
            " logs: make one in UTF8 (createdb --encoding=UTF8 --template=template0 NAME)"
        )


def _note_upgrade(connection: ServerConnection) -> None:
    """Let custody tell that another oomdb has changed tables or views."""
    from oomdb.store.custody import Act, Ledger

    connection.begin()
    Ledger(connection).write(Act("upgrade"))
    connection.commit()


def _migrate(server: Server, first: Sequence[str]) -> None:
    """Bring the tables up to date, in a transaction that begins with some statements."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    from oomdb.store import migrate

    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: session(server, autocommit=False),
        poolclass=NullPool,
    )
    try:
        with told_of(server), engine.begin() as connection:
            for statement in first:
                connection.exec_driver_sql(statement)
            migrate.upgrade(connection)
    except DBAPIError as error:
        with told_of(server):
            raise error.orig or error from error
    finally:
        engine.dispose()


def _refresh(connection: ServerConnection) -> None:
    """Write the reference rows and the saved views anew, all or nothing."""
    from oomdb.gfp import reference_rows

    connection.begin()
    connection.execute(_KEEP_READERS_OUT)
    connection.execute("DELETE FROM gfp_bits")
    insert_rows(connection, "gfp_bits", reference_rows())
    reader = kept.drop_views(connection)
    if reader is not None:
        connection.rollback()
        raise OomdbError(
            f"{connection.server}: the saved views are of another oomdb and cannot be made anew:"
            f" {reader}; drop that, and make it again afterwards"
        )
    kept.make_views(connection)
    settle(connection)
    kept.derive_whole(connection)
    connection.execute("DELETE FROM properties WHERE name = 'definitions'")
    insert_rows(
        connection, "properties", [{"name": "definitions", "value": definitions_fingerprint()}]
    )
    if _can_read_alone(connection):
        schema = _schema(connection)
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER}")
    connection.commit()


def _let_read(connection: ServerConnection) -> None:
    """Have a role that may only read; where this login may make none, its owner has to."""
    try:
        if not _can_read_alone(connection):
            connection.execute(f"CREATE ROLE {READER} NOLOGIN")
        schema = _schema(connection)
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {READER}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER}")
    except OomdbError as error:
        terminal.note(f"oomdb: no role {READER} for those who only read: {error}")


def _can_read_alone(connection: ServerConnection) -> bool:
    """Whether there is the role for readers."""
    sql = "SELECT 1 FROM pg_roles WHERE rolname = ?"
    return connection.execute(sql, [READER]).fetchone() is not None


def _schema(connection: ServerConnection) -> str:
    row = connection.execute("SELECT QUOTE_IDENT(CURRENT_SCHEMA())").fetchone()
    return str(row[0])


@contextmanager
def opened_to_read(server: Server, state_shared: str | None = None) -> Iterator[Reader]:
    """A reader whose session sees one state of the database and cannot change it.

    `state_shared` names the state that another session sees, which lives as long (`share`).
    It is brought up to date first; where that is not possible, a difference in the views
    alone is only told. OomdbError where nothing of oomdb's is there.
    """
    with closing(ServerConnection(server)) as connection:
        found = state(connection)
        if found is None:
            raise no_tables(server)
        # Who shares a state has it from a reader that did this.
        if found is not State.CURRENT and state_shared is None:
            try:
                prepare(server, wait_s=_READER_WAITS_S)
            except OomdbError as error:
                if found is State.OLDER:
                    raise OomdbError(f"{server} is of an older oomdb, and {error}") from error
                terminal.note(f"oomdb: the saved views are those of another oomdb: {error}")
        before = definitions_in(connection)
        connection.begin()
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if state_shared is not None:
            connection.execute(f"SET TRANSACTION SNAPSHOT '{state_shared}'")
        else:
            connection.execute(_READ)
            if definitions_in(connection) != before:
                state(connection)  # it may be a newer oomdb that was waited for
        yield Reader(connection, server)


def share(connection: ServerConnection) -> str:
    """The name by which other sessions see the state that this one sees."""
    return str(connection.execute("SELECT PG_EXPORT_SNAPSHOT()").fetchone()[0])


def mark(server: Server) -> object | None:
    """What is another after every change of the database; None where there is none yet."""
    with closing(ServerConnection(server)) as connection:
        if state(connection) is None:
            return None
        # The hash, as any other database may have as many entries.
        return custody.head(connection)
