"""Questions to an open database: rows in Arrow for output, records for code.

Every failure of the database comes out as an OomdbError with the database's own message.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from oomdb.errors import MemoryLimitError, OomdbError, UsageError
from oomdb.output.writer import Rows
from oomdb.store.connection import server_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import pyarrow as pa
    from _typeshed import DataclassInstance

    from oomdb.store.connection import Asks, Connection, Result

    Row = TypeVar("Row", bound=DataclassInstance)

#: One row as a mapping of column names to Python values.
Record = dict[str, Any]

_BATCH_ROWS = 20_000
#: Types whose zone, sign or bits are lost on the way through Arrow.
_UNREADABLE = frozenset({"time with time zone", "uhugeint", "bit", "bignum"})
_NESTED = frozenset({"list", "array", "struct", "map", "union"})
_NO_STATEMENT = "there is no statement in the query"
_SURROGATE = re.compile("[\ud800-\udfff]")
_Value = TypeVar("_Value")


@contextmanager
def _database_errors() -> Iterator[None]:
    import duckdb
    import pyarrow as pa

    from oomdb.store.trouble import message_of

    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except (duckdb.OutOfMemoryException, pa.ArrowMemoryError) as error:
        raise MemoryLimitError(str(error).strip()) from error
    except (duckdb.Error, pa.ArrowException) as error:
        raise OomdbError(message_of(error)) from error


def statements(connection: Connection, text: str) -> list[duckdb.Statement]:
    """DuckDB's statements of `text`, at least one; OomdbError where there is none, or no SQL."""
    database = cast("duckdb.DuckDBPyConnection", connection)
    with _database_errors():
        found = database.extract_statements(str(_as_utf8(text)))
    if not found:
        raise OomdbError(_NO_STATEMENT)
    return found


def execute(connection: Connection, *sql: str | duckdb.Statement) -> None:
    """Run statements whose rows nobody wants. OomdbError when the database refuses one."""
    with _database_errors():
        for each in sql:
            _execute(connection, each, ())


def _execute(asked: Asks, sql: str | duckdb.Statement, parameters: Sequence[object]) -> Result:
    # A statement that DuckDB has read already stands for its text.
    return asked.execute(cast("str", _as_utf8(sql)), list(map(_as_utf8, parameters)))


def _as_utf8(value: _Value) -> _Value | str:
    """Text whose bytes the locale could not read, read as UTF-8; UsageError when it is not."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        return os.fsencode(value).decode() if _SURROGATE.search(value) else value
    except UnicodeError:
        raise UsageError(f"not UTF-8: {value!r}") from None


def rows(
    connection: Connection,
    sql: str | duckdb.Statement,
    parameters: Sequence[object] = (),
) -> Rows:
    """The result of `sql`, fetched as it is read. OomdbError when the database refuses."""
    with _database_errors():
        server = server_session(connection)
        result = _execute(connection if server is None else server.cursor(), sql, parameters)
        # DuckDB gives None, against its own type, for text without a statement.
        if result is None:
            raise OomdbError(_NO_STATEMENT)
        if server is None:
            _refuse_unreadable(result)
        reader = result.to_arrow_reader(_BATCH_ROWS)
    return Rows(reader.schema, _batches(reader))


def _refuse_unreadable(result: Result) -> None:
    """UsageError for a column of which Arrow gets other values than DuckDB has."""
    for name, kind, *_ in result.description or ():
        found = _unreadable_in(kind)
        if found is not None:
            raise UsageError(
                f"column {name}: values of type {found} cannot be written; make it text:"
                f" CAST({name if name.isidentifier() else '...'} AS VARCHAR)"
            )


def _unreadable_in(kind: Any) -> str | None:
    """The first type of that kind in a type of DuckDB's; None when there is none."""
    if kind.id in _UNREADABLE:
        return str(kind)
    if kind.id not in _NESTED:
        return None
    inside = (_unreadable_in(child) for _, child in kind.children if not isinstance(child, int))
    return next((found for found in inside if found is not None), None)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    while True:
        with _database_errors():
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
        yield batch


def records(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> list[Record]:
    """All rows of `sql` as mappings; for small results."""
    with _database_errors():
        result = _execute(connection, sql, parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def second_text(moment: str) -> str:
    """The SQL of a point in time as text: 2026-05-31T14:00:00Z."""
    text = f"CAST({moment} AS VARCHAR)"
    return f"SUBSTR({text}, 1, 10) || 'T' || SUBSTR({text}, 12, 8) || 'Z'"


def quoted(identifier: str) -> str:
    """`identifier` as SQL takes it whatever is in it."""
    return '"' + identifier.replace('"', '""') + '"'


def column_names(connection: Connection, relation: str) -> list[str]:
    """The columns of a table or view, in order; empty when there is none of that name."""
    found = records(
        connection,
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = ? AND table_schema = CURRENT_SCHEMA() ORDER BY ordinal_position",
        [relation],
    )
    return [record["column_name"] for record in found]


def typed(
    connection: Connection,
    relation: str,
    row_type: type[Row],
    event_id: str,
    order_by: str | None = None,
) -> tuple[Row, ...]:
    """The rows of one event in a table or view that has the fields of `row_type` as columns."""
    names = ", ".join(field.name for field in fields(row_type))
    sql = f"SELECT {names} FROM {relation} WHERE event_id = ?"
    if order_by is not None:
        sql += f" ORDER BY {order_by}"
    return tuple(row_type(**record) for record in records(connection, sql, [event_id]))
