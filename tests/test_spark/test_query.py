"""Saved views of a lake come out of Spark as out of DuckDB."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from oomdb import cli, databases
from oomdb.errors import OomdbError, UsageError
from oomdb.spark.query import spark_query
from oomdb.spark.session import settings
from oomdb.views import load_views
from tests.test_lake.lakes import lake_in, read, write_fleet
from tests.test_spark.clusters import LOCAL

if TYPE_CHECKING:
    from pathlib import Path

#: Run by themselves: one Spark takes all processors.
pytestmark = pytest.mark.spark


def test_a_view_has_the_rows_that_duckdb_finds(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "odd [1] {a} 50%20")
    read(write_fleet(tmp_path / "logs", hosts=1, days=2), lake)
    view = next(view for view in load_views() if view.name == "gfp_flags")
    found = spark_query(view, lake, master="local[2]", conf=LOCAL)
    names = ", ".join(name for name, _ in view.columns)
    with databases.open_for_reading(lake) as reader:
        expected = reader.query(f"SELECT {names} FROM {view.name}")
    assert found.column_names == expected.column_names
    assert sorted(map(_as_text, found.to_pylist())) == sorted(map(_as_text, expected.to_pylist()))
    assert found.num_rows == 2 * 9  # bits of two requests


def _as_text(row: dict[str, object]) -> str:
    return json.dumps(row, default=str)


def test_what_is_wrong_is_said_before_spark_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="is not KEY=VALUE"):
        settings(["spark.cores.max"])
    assert settings(["a.b=c=d"]) == {"a.b": "c=d"}
    view = load_views()[0]
    with pytest.raises(OomdbError, match="no lake at"):
        spark_query(view, lake_in(tmp_path), master="local[2]")
    monkeypatch.setattr(sys, "argv", ["oomdb", "spark", "query", "no_such", "--db", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "no view is called" in capsys.readouterr().err


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(write_fleet(tmp_path / "logs", hosts=1, days=1), lake_in(tmp_path))
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(OomdbError, match=r"pip install 'oomdb\[spark\]'"):
        spark_query(load_views()[0], lake_in(tmp_path), master="local[2]")
