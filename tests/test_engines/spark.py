"""The views over a content's rows on Spark SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from oomdb.spark.query import TYPES
from oomdb.tables import TABLES
from oomdb.views import View, load_views

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

    from tests.test_engines.content import Content

VIEWS = {view.name: view for view in load_views()}


class Filled:
    """A session with every table, and the views that were asked for so far."""

    def __init__(self, session: SparkSession, folder: Path, content: Content) -> None:
        self.session = session
        self._folder = folder
        self._found: dict[str, pa.Table] = {}
        for table in TABLES:
            file = folder / f"{table.name}.parquet"
            content.tables.execute(f"COPY {table.name} TO '{file}' (FORMAT parquet)")
            columns = ", ".join(f"{c.name} {TYPES[c.type]}" for c in table.columns)
            self._read(table.name, file, columns)

    def _read(self, name: str, file: Path, schema: StructType | str) -> None:
        self.session.read.schema(schema).parquet(str(file)).createOrReplaceTempView(name)

    def rows(self, view: View) -> pa.Table:
        """The rows of the view's SELECT, over Spark's own rows of the views that it reads."""
        if view.name not in self._found:
            for name in sorted(set(re.findall(r"\w+", view.code)) & VIEWS.keys() - {view.name}):
                self.rows(VIEWS[name])
            self.session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {view.name} AS {view.sql}")
            made = self.session.table(view.name)
            rows = self._found[view.name] = made.toArrow()
            # Views that read it need not work it out again: plans of ten views take minutes.
            file = self._folder / f"{view.name}.parquet"
            pq.write_table(rows, file)
            self._read(view.name, file, made.schema)
        return self._found[view.name]
