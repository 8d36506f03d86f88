"""A PostgreSQL session that is asked as DuckDB's connections are.

Statements are as this program writes them for both: `?` stands for a parameter. Every failure
comes out as an OomdbError that names the server.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from oomdb.errors import DatabaseBusyError, OomdbError, UsageError
from oomdb.store.server import arrow
from oomdb.store.trouble import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg as driver
    import pyarrow as pa

    from oomdb.store.places import Server

#: The first release with all that the views need.
_LEAST_VERSION = 15_00_00
#: Text in quotes, where nothing stands for a parameter, or what psycopg takes for its own.
_QUOTED_OR_MARK = re.compile(r"'[^']*'|\"[^\"]*\"|\?|%")
#: What every session has beside what its URL says: times as text are ISO 8601, in UTC. The
#: planner knows nothing of how many rows a CTE has, and loops over two of them: a view took 7 s
#: at 544 events, and 0.3 s without loops and without compiling its plan (15.18). A writer that
#: waited for its lock has to see what was added meanwhile, whatever isolation is the default.
_SETTINGS = (
    "-c DateStyle=ISO -c TimeZone=UTC -c standard_conforming_strings=on"
    " -c enable_nestloop=off -c jit=off -c default_transaction_isolation=read\\ committed"
)
_CONNECT_S = 20
_FETCHED_ROWS = 10_000


def psycopg_module() -> Any:
    """The driver; OomdbError says how to install it."""
    try:
        import psycopg
    except ImportError:
        raise OomdbError(
            "PostgreSQL needs what the extra brings: pip install 'oomdb[postgresql]'"
        ) from None
    return psycopg


def session(server: Server, *, autocommit: bool) -> driver.Connection[Any]:
    """A session of the driver's own, as all of oomdb's are; psycopg.Error where there is none."""
    psycopg = psycopg_module()
    try:
        told = psycopg.conninfo.conninfo_to_dict(server.url)
    except psycopg.Error:  # its text may cite a password
        raise UsageError(
            f"{server} is no URL that PostgreSQL's library takes: write"
            " postgresql://USER@HOST:PORT/NAME, and special characters as %XX"
        ) from None
    own = {
        "options": f"{told.get('options', '')} {_SETTINGS}".strip(),
        "connect_timeout": told.get("connect_timeout", _CONNECT_S),
        "application_name": "oomdb",
        "client_encoding": "utf8",
    }
    found: driver.Connection[Any] = psycopg.connect(**{**told, **own}, autocommit=autocommit)
    return found


class ServerConnection:
    """One session; statements outside of `begin` and `commit` are each a transaction."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._depth = 0
        self._names = count()
        with told_of(server):
            self.session = session(server, autocommit=True)
        version = self.session.info.server_version
        if version < _LEAST_VERSION:
            self.close()
            raise OomdbError(
                f"{server} is PostgreSQL {version // 10_000}; oomdb needs"
                f" {_LEAST_VERSION // 10_000} or newer"
            )

    def execute(self, query: str, parameters: Sequence[object] = ()) -> ServerResult:
        """Run one statement; its rows come to this process at once."""
        with told_of(self.server):
            cursor = self.session.cursor()
            cursor.execute(_marked(query, parameters), tuple(parameters))
        return ServerResult(cursor, self.server)

    def execute_only(self, query: str) -> ServerResult:
        """Run one statement; the server refuses several, which it takes from `execute`."""
        with told_of(self.server):
            cursor = self.session.cursor()
            cursor.execute(query.encode(), prepare=True)
        return ServerResult(cursor, self.server)

    def script(self, text: str) -> None:
        """Run statements without parameters, several at once."""
        with told_of(self.server):
            self.session.execute(text)

    def cursor(self) -> Streaming:
        """Asks for rows that stay on the server until they are fetched, in a transaction."""
        return Streaming(self, next(self._names))

    def begin(self) -> None:
        """Begin a transaction, or a part of the one that has begun."""
        if self._depth == 0:
            self.execute("BEGIN")
        self._depth += 1

    def commit(self) -> None:
        """End what was begun last; the whole transaction with its first part."""
        self._depth -= 1
        if self._depth == 0:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the whole transaction, of which a part has failed."""
        if self._depth:
            self._depth = 0
            self.execute("ROLLBACK")

    @property
    def is_in_transaction(self) -> bool:
        """Whether `begin` was called and neither `commit` nor `rollback` since."""
        return self._depth > 0

    def close(self) -> None:
        """End the session; what was not committed is undone."""
        self.session.close()


class Streaming:
    """Asks with cursors of the server's own."""

    def __init__(self, connection: ServerConnection, number: int) -> None:
        self._connection = connection
        self._number = number

    def execute(self, query: str, parameters: Sequence[object] = ()) -> ServerResult:
        """Begin one question; rows are fetched as they are asked for."""
        with told_of(self._connection.server):
            cursor = self._declared(query, parameters)
            if arrow.are_open(arrow.columns(_described(cursor))):
                # Its rows may have to be gone through twice.
                cursor.close()
                cursor = self._declared(query, parameters, scrollable=True)
        return ServerResult(cursor, self._connection.server)

    def _declared(
        self, query: str, parameters: Sequence[object], *, scrollable: bool | None = None
    ) -> driver.ServerCursor[Any]:
        connection = self._connection
        cursor = connection.session.cursor(
            f"oomdb_{self._number}",
            scrollable=scrollable,
            withhold=not connection.is_in_transaction,
        )
        cursor.execute(_marked(query, parameters), tuple(parameters))
        return cursor


class ServerResult:
    """The rows of one statement; a cursor on the server is closed after the last of them."""

    def __init__(
        self, cursor: driver.Cursor[Any] | driver.ServerCursor[Any], server: Server
    ) -> None:
        self._cursor = cursor
        self._server = server
        self._is_on_server = isinstance(cursor, psycopg_module().ServerCursor)
        self._is_at_end = False
        self._described = None if cursor.description is None else _described(cursor)

    @property
    def description(self) -> list[Any] | None:
        """Name and type (its number on the server) of each column; None without rows."""
        return None if self._described is None else [*self._described]

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        return next(iter(self.fetchmany()), None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows = []
        while some := self.fetchmany(_FETCHED_ROWS):
            rows += some
        return rows

    def fetchmany(self, size: int = 1) -> list[Any]:
        """The next rows, so many at most; none after the last."""
        if self._is_at_end:
            return []
        with told_of(self._server):
            rows = self._cursor.fetchmany(size)
            if len(rows) < size and self._is_on_server:
                self._is_at_end = True
                self._cursor.close()
        return rows

    def to_arrow_table(self) -> pa.Table:
        """All rows as an Arrow table."""
        return self.to_arrow_reader().read_all()

    def to_arrow_reader(self, batch_size: int = _FETCHED_ROWS) -> pa.RecordBatchReader:
        """All rows in batches; a type that has no place in Arrow comes as text."""
        import pyarrow as pa

        columns = arrow.columns(self.description or [])
        first: list[Any] = []
        if not arrow.are_open(columns):
            schema = arrow.schema(columns, ())
        elif self._is_on_server:
            schema = arrow.schema(columns, self._looked_ahead(batch_size))
        else:
            first = self.fetchall()  # they are in this process already
            schema = arrow.schema(columns, first)

        def batches() -> Iterator[pa.RecordBatch]:
            rows = first or self.fetchmany(batch_size)
            while rows:
                yield arrow.batch(rows, schema)
                rows = self.fetchmany(batch_size)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def _looked_ahead(self, batch_size: int) -> Iterator[Any]:
        """All rows, which are fetched again afterwards."""
        cursor = cast("driver.ServerCursor[Any]", self._cursor)
        with told_of(self._server):
            while rows := cursor.fetchmany(batch_size):
                yield from rows
            cursor.scroll(0, mode="absolute")


def _described(cursor: driver.Cursor[Any] | driver.ServerCursor[Any]) -> list[tuple[str, int]]:
    return [(column.name, column.type_code) for column in cursor.description or ()]


def _marked(query: str, parameters: Sequence[object]) -> Any:
    """A statement as psycopg takes it; without parameters a `?` may be an operator."""
    if not parameters:
        return query.replace("%", "%%")

    def mark(found: re.Match[str]) -> str:
        return "%s" if found[0] == "?" else found[0].replace("%", "%%")

    return _QUOTED_OR_MARK.sub(mark, query)


@contextmanager
def told_of(server: Server) -> Iterator[None]:
    """Turn what psycopg raises into errors about the server.

    DatabaseBusyError where another session is in the way.
    """
    psycopg = psycopg_module()
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        raise OomdbError(f"{server}: the query was ended: {first_line(error)}") from error
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
        raise DatabaseBusyError(f"{server}: {first_line(error)}") from error
    except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise OomdbError(f"{server}: {first_line(error)}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise OomdbError(f"{server}: {first_line(error)}: ask the owner for that right") from error
    except psycopg.errors.InvalidSchemaName as error:
        raise OomdbError(f"{server}: {first_line(error)}: make the schema first") from error
    except psycopg.Error as error:
        raise OomdbError(f"{server}: {str(error).strip()}") from error
