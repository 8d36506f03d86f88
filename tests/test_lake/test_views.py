"""The saved views of a lake, which DuckDB reads through Arrow, give what a file's give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oomdb import databases
from oomdb.ingest import ingest
from tests import samples
from tests.test_lake.lakes import lake_in, read

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.store.places import Lake, Place


def rows(place: Place, view: str) -> list[str]:
    with databases.open_for_reading(place) as reader:
        return sorted(map(repr, reader.connection.execute(f"FROM {view}").fetchall()))


@pytest.fixture(scope="module")
def two_reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Path]:
    """A lake, and a database of the same two logs, whose joins DuckDB would filter in Arrow."""
    folder = tmp_path_factory.mktemp("views")
    logs = [samples.ROOT / name for name in ("6.1-amd64--global.log", "rocketmq-8g.log")]
    read(logs, lake_in(folder))
    ingest(logs, folder / "file.duckdb", jobs=1)
    return lake_in(folder), folder / "file.duckdb"


@pytest.mark.parametrize(
    "view", ["badness_totals", "held_memory", "process_measures", "process_memory", "score_audit"]
)
def test_views_of_two_reports(two_reports: tuple[Lake, Path], view: str) -> None:
    lake, file = two_reports
    found = rows(lake, view)
    assert found
    assert found == rows(file, view)
