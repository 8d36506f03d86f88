"""An ingest into a lake whose reading and writing is spread over a cluster."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from oomdb.ingest import Options, Summary, ingest
from oomdb.spark.session import session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

    from oomdb.store.places import Lake


def spark_ingest(
    paths: Sequence[Path],
    lake: Lake,
    options: Options | None = None,
    *,
    master: str,
    conf: Mapping[str, str] | None = None,
    wait_s: float = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Summary:
    """Read every log at or below `paths` into the lake, on the executors of a Spark master.

    The lake comes to hold what `ingest` would bring it to. The executors must reach the logs
    and the lake under the names that the driver uses. Raises what `ingest` raises, and
    OomdbError when Spark or its job fails; the lake is as it was then.
    """
    from oomdb.spark.driver import Cluster

    with ExitStack() as open_until_done:

        @cache
        def begin() -> SparkSession:
            return open_until_done.enter_context(session(master, conf or {}))

        cluster = Cluster(begin)
        return ingest(paths, lake, options, wait_s=wait_s, progress=progress, elsewhere=cluster)
