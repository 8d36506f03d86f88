"""A session of Spark on the master that the user names."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import SparkSession

#: What differs from Spark's own defaults; the user's `--conf` comes after it.
_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # Rows of a lake are stamped in UTC without a zone.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # The driver gets what tells reports apart, half a kB for each.
    "spark.driver.maxResultSize": "0",
    "spark.log.level": "ERROR",
}
_SETTING = re.compile(r"([A-Za-z][\w.-]*)=(.*)", re.DOTALL)
#: How the driver of Java names what went wrong, before the message itself.
_CAUSE = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (.+)", re.MULTILINE)


def settings(given: Sequence[str]) -> dict[str, str]:
    """Settings of Spark as the user gives them, each `KEY=VALUE`; UsageError for another form."""
    found = {}
    for text in given:
        setting = _SETTING.fullmatch(text)
        if setting is None:
            raise UsageError(f"--conf {text!r} is not KEY=VALUE")
        found[setting[1]] = setting[2]
    return found


@contextmanager
def session(master: str, conf: Mapping[str, str]) -> Iterator[SparkSession]:
    """A session on a master, with settings beside ours; it is stopped at the end of the block.

    OomdbError when pyspark or Java are missing, or the master cannot be reached.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise OomdbError(
            f"Spark needs the Python package {error.name}, which is not installed:"
            " pip install 'oomdb[spark]'"
        ) from None
    from py4j.protocol import Py4JError

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        builder = SparkSession.builder.master(master).appName("oomdb")
        made = builder.config(map={**_CONF, **conf}).getOrCreate()
    except (PySparkException, Py4JError) as error:
        if "JAVA_GATEWAY" in str(error):
            raise OomdbError(
                "Spark could not start Java: install a headless JRE 17 or newer"
                " (Debian: apt install default-jre-headless), or set JAVA_HOME"
            ) from error
        raise OomdbError(f"cannot reach the Spark master {master}: {reason_in(error)}") from error
    try:
        yield made
    except (PySparkException, Py4JError) as error:
        raise OomdbError(f"Spark failed: {reason_in(error)}") from error
    finally:
        # Where Java has died this fails too, and would hide why.
        with suppress(Py4JError, OSError):
            made.stop()


def reason_in(error: Exception) -> str:
    """What went wrong at first, out of an error of Spark that holds a trace of Java's."""
    text = str(error)
    causes = _CAUSE.findall(text) or [line for line in text.splitlines() if line.strip()]
    return str(causes[-1]).strip() if causes else type(error).__name__
