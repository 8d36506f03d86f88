"""Every type that DuckDB has, alone and inside others, in every format."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
import pytest

from oomdb import cli, databases, reading
from oomdb.errors import OomdbError, UsageError
from oomdb.output import writer
from oomdb.output.formats import Format
from oomdb.store.custody import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNREADABLE = {"uhugeint", "bignum", "time_tz", "bit"}
#: A value inside another type, and how it is taken out of the JSON of it.
NESTS: list[tuple[str, Callable[[Any], object]]] = [
    ("[NULL, {}]", lambda found: found[1]),
    ("{{'a': 1, 'b': {}}}", lambda found: found["b"]),
    ("row(1, {})", lambda found: found[1]),
    ("array_value({}, NULL)", lambda found: found[0]),
    ("map {{1: {}}}", lambda found: found[0][1]),
    ("union_value(u := {})", lambda found: found),
    ("[[{{'x': {}}}]]", lambda found: found[0][0]["x"]),
    ("[map {{1: [{}]}}]", lambda found: found[0][0][1][0]),
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection


def written(connection: duckdb.DuckDBPyConnection, sql: str, chosen: Format) -> bytes:
    file = io.BytesIO()
    writer.write_to(
        file,
        reading.rows(connection, sql),
        writer.Style(chosen, is_screen=False, is_bold=False, width=80),
    )
    return file.getvalue()


def values(connection: duckdb.DuckDBPyConnection, expression: str, table: str = "t") -> list[Any]:
    sql = f"SELECT {expression} AS c FROM {table}"
    return [row["c"] for row in json.loads(written(connection, sql, Format.JSON))]


def type_names() -> list[str]:
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute("DESCRIBE FROM test_all_types()").fetchall()]


@pytest.mark.parametrize("name", type_names())
def test_a_value_is_the_same_alone_and_inside_others(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    column, table = f'"{name}"', "test_all_types()"
    if name in UNREADABLE:
        for nest in ("{}", *(nest for nest, _ in NESTS)):
            with pytest.raises(UsageError, match="cannot be written; make it text"):
                values(connection, nest.format(column), table)
        return
    alone = values(connection, column, table)
    assert alone[-1] is None
    for nest, taken_out in NESTS:
        found = values(connection, nest.format(column), table)
        assert [taken_out(each) for each in found] == alone, nest
    where = f"{table} WHERE {column} IS NOT NULL"
    if json.dumps(alone[0]) not in ("[]", "{}"):
        keys = [each[0][0] for each in values(connection, f"map {{{column}: 1}}", where)]
        assert keys == alone[:-1]


@pytest.mark.parametrize("name", sorted(set(type_names()) - UNREADABLE))
def test_every_format_takes_every_value(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    for nest in ("{}", *(nest for nest, _ in NESTS)):
        expression = nest.format(f'"{name}"')
        sql = f"SELECT {expression} AS c FROM test_all_types()"
        for chosen in set(Format) - {Format.PARQUET}:
            assert written(connection, sql, chosen).count(b"\n") >= 3
        try:
            raw = written(connection, sql, Format.PARQUET)
        except OomdbError as error:
            assert "do not fit into Parquet" in str(error)
        else:
            assert pq.read_table(io.BytesIO(raw)).num_rows == 3


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("timestamp '290000-01-01'", "290000-01-01T00:00:00Z"),
        ("timestamp '290000-01-01 10:00:00.25'", "290000-01-01T10:00:00.25Z"),
        ("timestamp '12000-01-01'", "12000-01-01T00:00:00Z"),
        ("timestamp '0044-03-15 (BC) 12:00:00'", "-0043-03-15T12:00:00Z"),
        ("timestamp_s '100000-02-29 01:02:03'", "100000-02-29T01:02:03Z"),
        ("timestamp_ms '100000-12-31 23:59:59.999'", "100000-12-31T23:59:59.999Z"),
        ("timestamptz '100000-01-01 02:00:00+02'", "100000-01-01T00:00:00Z"),
        ("timestamp_ns '2026-05-31 14:07:02.123456789'", "2026-05-31T14:07:02.123456789Z"),
        ("date '99999-01-01'", "99999-01-01"),
        ("date '100001-03-01'", "100001-03-01"),
        ("date '2026-05-31'", "2026-05-31"),
        ("date '40000-01-01 (BC)'", "-39999-01-01"),
        ("time '24:00:00'", "24:00:00"),
        ("time '10:00:00'", "10:00:00"),
        ("time '10:00:00.50'", "10:00:00.5"),
        ("time_ns '10:00:00.000000001'", "10:00:00.000000001"),
        ("time_ns '24:00:00'", "24:00:00"),
        ("0.1::DECIMAL(4, 1)", 0.1),
        ("7::DECIMAL(4, 1)", 7),
        ("1234567890123456789.125::DECIMAL(38, 3)", "1234567890123456789.125"),
        ("row(1, 'x')", [1, "x"]),
        ("map {'a': 1, 'b': 2}", [["a", 1], ["b", 2]]),
        *(
            (f"{sign}infinity'::{kind}", f"{sign[1:]}infinity")
            for sign in ("'", "'-")
            for kind in ("date", "timestamp", "timestamptz", "timestamp_s", "timestamp_ns")
        ),
    ],
)
def test_values_at_the_edges(
    connection: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    assert values(connection, expression, "range(1)") == [expected]
    assert values(connection, f"[{expression}]", "range(1)") == [[expected]]


def test_nulls_and_slices_do_not_shift_what_is_inside(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE t AS SELECT i, CASE WHEN i % 3 = 0 THEN NULL"
        " ELSE [i, NULL, i + 1] END AS l, CASE WHEN i % 4 = 0 THEN NULL ELSE map {i: [i]} END AS m,"
        " a, CASE WHEN i % 2 = 0 THEN i::UNION(n BIGINT, s VARCHAR)"
        " ELSE i::VARCHAR::UNION(n BIGINT, s VARCHAR) END AS u FROM range(50000) AS r (i)"
        " LEFT JOIN (SELECT j, [j, j]::BIGINT[2] AS a FROM range(50000) AS r (j)"
        " WHERE j % 5 <> 0) ON j = i"
    )
    sql = "SELECT i, l, m, a, u, [u] AS lu FROM t ORDER BY i OFFSET 7"
    for row in json.loads(written(connection, sql, Format.JSON)):
        i = row["i"]
        u = i if i % 2 == 0 else str(i)
        assert row == {
            "i": i,
            "l": None if i % 3 == 0 else [i, None, i + 1],
            "m": None if i % 4 == 0 else [[i, [i]]],
            "a": None if i % 5 == 0 else [i, i],
            "u": u,
            "lu": [u],
        }


def test_what_cannot_be_written_is_told_on_the_command_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "x.duckdb"
    with databases.open_for_ingest(database, Act("test")):
        pass
    command = ["oomdb", "sql", "--db", str(database), "FROM test_all_types()"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    told = capfd.readouterr().err
    assert told.startswith("oomdb: column uhugeint: values of type UHUGEINT cannot be written")
