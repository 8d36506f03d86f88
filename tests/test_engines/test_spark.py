"""Every saved view gives the same rows on Spark SQL as on DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.test_engines import content
from tests.test_engines.spark import VIEWS, Filled

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from oomdb.views import View

#: Run by themselves: one Spark takes all processors.
pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def filled(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return Filled(spark, tmp_path_factory.mktemp("spark"), content.of_tests())


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_the_view_gives_the_same_rows(filled: Filled, view: View) -> None:
    rows = filled.rows(view)
    assert tuple(rows.column_names) == tuple(name for name, _ in view.columns)
    content.of_tests().assert_expected(view, (tuple(row.values()) for row in rows.to_pylist()))
