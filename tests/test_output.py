from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.errors import OomdbError, UsageError
from oomdb.output import writer
from oomdb.output.formats import Format
from oomdb.output.spreadsheet import guarded, unguarded
from oomdb.output.writer import Rows

ESCAPE = "\x1b[31mred\x07\nnext\x9b"

TABLE = pa.table(
    {
        "event_id": pa.array(["a1", "b2"]),
        "occurred_at": pa.array([datetime(2026, 5, 31, 14, 7, 2), None], pa.timestamp("us")),
        "free_kb": pa.array([43500, None], pa.int64()),
        "share": pa.array([0.5, float("nan")]),
        "comm_bytes": pa.array([b"\xff\x00", None]),
        "whole": pa.array([True, None]),
        "comm": pa.array(["[bold]x[/bold]", ""]),
    }
)


def written(table: pa.Table, chosen: Format, capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    writer.write(Rows.of(table), chosen)
    return capfdbinary.readouterr().out


def test_json(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = json.loads(written(TABLE, Format.JSON, capfdbinary))
    assert rows == [
        {
            "event_id": "a1",
            "occurred_at": "2026-05-31T14:07:02Z",
            "free_kb": 43500,
            "share": 0.5,
            "comm_bytes": "ff00",
            "whole": True,
            "comm": "[bold]x[/bold]",
        },
        dict.fromkeys(TABLE.column_names) | {"event_id": "b2", "comm": ""},
    ]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_json_is_an_array_however_many_rows(
    rows: int, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert len(json.loads(written(TABLE[:rows], Format.JSON, capfdbinary))) == rows


def test_ndjson_is_one_object_a_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = written(TABLE, Format.NDJSON, capfdbinary).decode().splitlines()
    assert [json.loads(line)["event_id"] for line in lines] == ["a1", "b2"]


def test_csv(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert written(TABLE, Format.CSV, capfdbinary).decode() == (
        "event_id,occurred_at,free_kb,share,comm_bytes,whole,comm\n"
        "a1,2026-05-31T14:07:02Z,43500,0.5,ff00,true,[bold]x[/bold]\n"
        'b2,,,,,,""\n'
    )


def test_csv_gives_any_text_back(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    texts = ['a "quoted", b', "two\nlines", ESCAPE, "  blanks ", "\r", "=1+1", "'=1", "it's", "'"]
    text = written(pa.table({"t": texts}), Format.CSV, capfdbinary).decode()
    read = [unguarded(row[0]) for row in csv.reader(io.StringIO(text, newline=""))]
    assert read == ["t", *texts]


@pytest.mark.parametrize(
    "comm",
    [
        "=cmd|' /C calc'!A0",
        "+1+cmd",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\ufeff=1",
        "\uff1d1",
        "-",
        "\x01=1",
    ],
)
def test_no_cell_of_csv_is_a_formula(comm: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    written_text = written(pa.table({"comm": [comm]}), Format.CSV, capfdbinary).decode()
    cell = next(islice(csv.reader(io.StringIO(written_text, newline="")), 1, None))[0]
    assert cell == f"'{comm}"
    assert unguarded(cell) == comm
    text = written(pa.table({"comm": [comm]}), Format.JSON, capfdbinary).decode()
    assert json.loads(text) == [{"comm": comm}]


def test_numbers_in_csv_stay_numbers(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.table({"n": [-5, 3], "share": [-0.5, 1e-9], "printed": ["-1000", "+2.5"]})
    lines = written(table, Format.CSV, capfdbinary).decode().splitlines()
    assert lines == ["n,share,printed", "-5,-0.5,-1000", "3,1e-09,+2.5"]


@given(st.text())
def test_what_is_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "@", "\t", "\r"))


def test_markdown_escapes_what_markdown_obeys(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.table({"comm": ["a|b", "*x*", "oom_kill", "_x_", "<b>"], "n": [1, 2, 3, 4, 5]})
    lines = written(table, Format.MD, capfdbinary).decode().splitlines()
    assert lines[:2] == ["| comm | n |", "| --- | ---: |"]
    assert lines[2:] == [
        r"| a\|b | 1 |",
        r"| \*x\* | 2 |",
        "| oom_kill | 3 |",
        r"| \_x\_ | 4 |",
        r"| \<b\> | 5 |",
    ]


@pytest.mark.parametrize("chosen", [Format.TABLE, Format.MD, Format.JSON, Format.NDJSON])
def test_no_control_character_leaves(
    chosen: Format, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = written(pa.table({ESCAPE: [ESCAPE]}), chosen, capfdbinary).decode()
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) is None
    assert "red" in text


def test_csv_on_a_terminal_is_escaped_too(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oomdb.output.terminal.is_terminal", lambda _: True)
    assert b"\x1b" not in written(pa.table({"t": [ESCAPE]}), Format.CSV, capfdbinary)


def test_table_fits_eighty_columns_side_by_side(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = pa.table(
        {
            "zone": ["DMA32", "Normal"],
            "free_kb": [43500, 36200],
            "verdict": ["its own watermark held, the reserve refused it " * 2, "no"],
        }
    )
    assert written(table, Format.TABLE, capfdbinary).decode() == (
        "zone    free_kb  verdict\n"
        "------  -------  ---------------------------------------------------------------\n"
        "DMA32     43500  its own watermark held, the reserve refused it its own\n"
        "                 watermark held, the reserve refused it\n"
        "Normal    36200  no\n"
    )


def test_names_are_stacked_before_columns_are_given_up(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    table = pa.table({"total_vm_pages": [1], "needed_min_kb": [2], "oom_score_adj": [-1000]})
    assert written(table, Format.TABLE, capfdbinary).decode() == (
        "                          oom_\n"
        "total_vm_    needed_    score_\n"
        "    pages     min_kb       adj\n"
        "---------  ---------  --------\n"
        "        1          2     -1000\n"
    )


def test_wide_rows_become_records(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    table = pa.table({f"column_{n}": [f"value {n} " * 4] for n in range(6)})
    lines = written(table, Format.TABLE, capfdbinary).decode().splitlines()
    assert lines[0].startswith("-- row 1 ---")
    assert lines[1:3] == ["column_0  value 0 value 0 value 0 value", "          0"]
    assert max(map(len, lines)) <= 40


def test_a_table_without_rows_still_names_its_columns(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    text = written(TABLE[:0].select(["event_id"]), Format.TABLE, capfdbinary)
    assert text.splitlines()[0] == b"event_id"


def test_equal_names_are_told_apart(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    assert json.loads(written(table, Format.JSON, capfdbinary)) == [{"n": 1, "n_2": 2}]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SUM(n)", 3),
        (
            "170141183460469231731687303715884105727::HUGEINT // 100",
            1701411834604692317316873037158841057,
        ),
        ("1.25::DECIMAL(9, 2)", 1.25),
        ("'infinity'::DOUBLE", None),
        ("INTERVAL 90 SECOND", "P0M0DT90S"),
        ("DATE '2026-05-31'", "2026-05-31"),
        ("TIMESTAMPTZ '2026-05-31 14:07:02.5+02'", "2026-05-31T12:07:02.5Z"),
        ("[1, NULL]", [1, None]),
        ("{'at': TIMESTAMP '2026-05-31 14:00:00'}", {"at": "2026-05-31T14:00:00Z"}),
        ("'ab'::BLOB", "6162"),
        ("NULL", None),
    ],
)
def test_every_type_of_the_database_has_a_json_value(
    sql: str, expected: object, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    query = f"SELECT {sql} AS v FROM (VALUES (1), (2)) AS t(n) GROUP BY ALL LIMIT 1"
    with duckdb.connect() as connection:
        table = connection.execute(query).to_arrow_table()
    assert json.loads(written(table, Format.JSON, capfdbinary)) == [{"v": expected}]


def test_times_that_no_calendar_has_do_not_fail(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with duckdb.connect() as connection:
        table = connection.execute("SELECT TIMESTAMP 'infinity' AS t").to_arrow_table()
    assert b"t" in written(table, Format.CSV, capfdbinary)


def test_parquet_keeps_types(tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    writer.write(Rows.of(TABLE), None, out)
    assert pq.read_table(out).schema.equals(TABLE.schema)
    assert pq.read_table(out).column("comm_bytes").to_pylist() == [b"\xff\x00", None]


def test_parquet_is_not_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oomdb.output.terminal.is_terminal", lambda _: True)
    with pytest.raises(UsageError, match="--out"):
        writer.write(Rows.of(TABLE), Format.PARQUET)


def test_parquet_goes_to_a_pipe(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    content = written(TABLE, Format.PARQUET, capfdbinary)
    assert pq.read_table(io.BytesIO(content)).num_rows == 2


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("a.csv", Format.CSV),
        ("a.JSONL", Format.NDJSON),
        ("a.txt", Format.TABLE),
        ("a", Format.TABLE),
    ],
)
def test_the_suffix_chooses_where_nothing_was_asked(name: str, chosen: Format) -> None:
    assert writer.chosen_format(None, Path(name)) is chosen
    assert writer.chosen_format(Format.MD, Path(name)) is Format.MD


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    def failing() -> Any:
        yield from TABLE.to_batches()
        raise OomdbError("the database failed")

    out = tmp_path / "rows.csv"
    out.write_text("older")
    with pytest.raises(OomdbError, match="the database failed"):
        writer.write(Rows(TABLE.schema, failing()), None, out)
    assert out.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OomdbError, match="missing"):
        writer.write(Rows.of(TABLE), None, tmp_path / "missing" / "rows.csv")


def test_rows_beyond_the_measured_ones_are_wrapped_too(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    table = pa.table({"name": ["x"] * 1500 + ["y" * 100], "n": list(range(1501))})
    lines = written(table, Format.TABLE, capfdbinary).decode().splitlines()
    assert max(map(len, lines)) <= 40
    assert sum(line.count("y") for line in lines) == 100


def test_decimals_from_arrow(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pa.table({"d": pa.array([Decimal("7"), None], pa.decimal128(38, 0))})
    assert json.loads(written(table, Format.JSON, capfdbinary)) == [{"d": 7}, {"d": None}]
