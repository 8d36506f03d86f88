"""Tests that start Spark are skipped where it cannot be, unless OOMDB_SPARK_TESTS=required."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.test_spark.clusters import Cluster, Fleet

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def spark_there() -> None:
    missing = [name for name in ("pyspark",) if importlib.util.find_spec(name) is None]
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        missing.append("java")
    if missing and os.environ.get("OOMDB_SPARK_TESTS") == "required":
        pytest.fail(f"missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")


@pytest.fixture(scope="session")
def cluster(spark_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A standalone master with two workers."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """The logs of a generated fleet, and what a database holds of them."""
    return Fleet.written(tmp_path_factory.mktemp("fleet"))
