"""Keeping SQL that a stranger wrote from doing more than read, on a PostgreSQL server.

The server does it: the transaction cannot write, a role that may only read asks, the
statement ends in time, and what is no question is no cursor's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError
from oomdb.output.writer import Rows
from oomdb.store.connection import server_session
from oomdb.store.server.opening import READER

if TYPE_CHECKING:
    from oomdb.guard.child import Inside
    from oomdb.store.connection import Connection

#: What a login may not be whose role any SQL can take back: these reach files and programs.
_TOO_MIGHTY = """
SELECT MIN(rolname) AS role
FROM pg_roles
WHERE (rolname = SESSION_USER AND rolsuper)
  OR (rolname IN (
      'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'
    ) AND PG_HAS_ROLE(SESSION_USER, oid, 'MEMBER'))"""
_MAY_BE = """
SELECT COUNT(*) AS found FROM pg_roles
WHERE rolname = ? AND PG_HAS_ROLE(SESSION_USER, oid, 'MEMBER')"""
_EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n)*explain\b", re.IGNORECASE)


def confine(connection: Connection, inside: Inside) -> None:
    """Give the session its time, and no more rights than to read.

    OomdbError for a login that can do more on the server's machine than ask.
    """
    (mighty,) = reading.records(connection, _TOO_MIGHTY)
    if mighty["role"] is not None:
        raise OomdbError(
            f"this login has the rights of {mighty['role']}, which SQL can use to reach files of"
            f" the server: log in as a member of {READER}, or --unsafe"
        )
    (may_be,) = reading.records(connection, _MAY_BE, [READER])
    if may_be["found"]:
        reading.execute(connection, f"SET LOCAL ROLE {READER}")
    limit(connection, inside)
    inside.begin(is_locked=True)


def confine_own(connection: Connection, inside: Inside) -> None:
    """Give the session its time; its transaction cannot write."""
    limit(connection, inside)
    inside.begin(is_locked=True)


def loosen(connection: Connection, inside: Inside) -> None:
    """Give the session its time, and leave it its rights."""
    limit(connection, inside)
    inside.begin(is_locked=False)


def limit(connection: Connection, inside: Inside) -> None:
    """Cap the time of each statement; memory and temporary files are the server's own matter."""
    time_s = inside.limits.time_s
    if time_s is not None:
        reading.execute(connection, f"SET LOCAL statement_timeout = {max(int(time_s * 1000), 1)}")


def answer(connection: Connection, text: str) -> Rows:
    """The rows of one statement, which has to be a question."""
    if _EXPLAIN.match(text) is None:
        return reading.rows(connection, text.rstrip().rstrip(";"))
    session = server_session(connection)
    assert session is not None
    # No cursor takes an EXPLAIN, and of several statements a COMMIT would end the transaction.
    return Rows.of(session.execute_only(text).to_arrow_table())
