"""Questions of people who are not trusted: locked to the database, and within limits.

`child` runs the work in a process that can be ended, `limits` says when, and `lock` keeps
what is asked there inside the database, as `server` does where that is a server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oomdb.store.connection import server_session

if TYPE_CHECKING:
    from oomdb.guard.child import Inside
    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection


class Lock(Protocol):
    """What keeps a question within bounds, on one kind of database."""

    def confine(self, connection: Connection, inside: Inside) -> None:
        """Leave the connection nothing but to ask, within its limits."""

    def confine_own(self, connection: Connection, inside: Inside) -> None:
        """The same for oomdb's own SQL, which needs no other rights than its login's."""

    def loosen(self, connection: Connection, inside: Inside) -> None:
        """Give the connection its limits and no lock."""

    def answer(self, connection: Connection, text: str) -> Rows:
        """The rows of a stranger's question, where it only asks."""


def lock_of(connection: Connection) -> Lock:
    """The lock for the kind of database that is open."""
    if server_session(connection) is None:
        from oomdb.guard import lock

        return lock
    from oomdb.guard import server

    return server
