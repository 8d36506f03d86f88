"""One Spark of the tests' own, in this process's Java machine, with two threads.

Where pyspark or Java is missing such tests are skipped, or fail when
OOMDB_SPARK_TESTS is `required`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

#: Java is not to compile for a long run, nor to have threads for much memory.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# The Java machine of a process is started with what is there at its first session.
os.environ.setdefault("SPARK_SUBMIT_OPTS", JAVA_OPTIONS)

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Few rows: what takes time is to plan, to compile and to hand out tasks.
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """The session; it is started when the first test asks for it, and makes room for others."""
    reason = missing()
    if reason:
        if os.environ.get("OOMDB_SPARK_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with running() as session:
        yield session


@contextmanager
def running() -> Iterator[SparkSession]:
    """A session, which is stopped at the end of the block."""
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory(prefix="oomdb-spark-") as folder:
        builder = SparkSession.builder.master("local[2]")
        for name, value in {**_SETTINGS, "spark.local.dir": folder}.items():
            builder = builder.config(name, value)
        session = builder.config("spark.sql.warehouse.dir", f"{folder}/warehouse").getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        try:
            yield session
        finally:
            session.stop()


def missing() -> str:
    """Why there is no Spark; empty where there is one."""
    if importlib.util.find_spec("pyspark") is None:
        return "no pyspark here (pip install --group dev)"
    home = os.environ.get("JAVA_HOME")
    if not (home and Path(home, "bin/java").exists()) and shutil.which("java") is None:
        return "no Java here (on Debian: apt install default-jre-headless)"
    return ""
