"""What code that asks a database may rely on, whichever database that is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    import pyarrow as pa

    from oomdb.store.server.connection import ServerConnection


class Result(Protocol):
    """The rows of one statement, fetched once."""

    @property
    def description(self) -> list[Any] | None:
        """A sequence for each column, its name first; None where there are no rows."""

    def fetchone(self) -> Any:
        """The next row; None after the last."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def fetchmany(self, size: int = ...) -> list[Any]:
        """The next rows, so many at most; none after the last."""

    def to_arrow_table(self) -> pa.Table:
        """All rows as an Arrow table."""

    def to_arrow_reader(self, batch_size: int = ...) -> pa.RecordBatchReader:
        """All rows, in batches that are fetched as they are read."""


class Asks(Protocol):
    """Takes statements; parameters stand as `?` in them, in order."""

    def execute(self, query: str, parameters: Any = ...) -> Result:
        """Run one statement."""


class Connection(Asks, Protocol):
    """An open database, DuckDB's or a PostgreSQL server's."""

    def cursor(self) -> Asks:
        """Asks for rows that are many, which stay in the database until they are fetched."""

    def begin(self) -> object:
        """Begin a transaction."""

    def commit(self) -> object:
        """End the transaction, and let others see what was changed."""

    def rollback(self) -> object:
        """End the transaction as if nothing had been changed."""

    def close(self) -> None:
        """Let go of the database."""


def server_session(connection: Connection) -> ServerConnection | None:
    """The connection, where it is to a server; the question loads no driver."""
    module = sys.modules.get("oomdb.store.server.connection")
    is_server = module is not None and isinstance(connection, module.ServerConnection)
    return cast("ServerConnection", connection) if is_server else None
