"""The saved views of a lake as Spark answers them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb import tables
from oomdb.lake.files import files_of
from oomdb.lake.reading import current, no_lake
from oomdb.spark.session import session
from oomdb.tables import Type
from oomdb.views import load_views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import SparkSession
    from pyspark.sql.types import DataType

    from oomdb.lake.manifest import Manifest
    from oomdb.store.places import Lake
    from oomdb.views import View

#: What Spark calls the types of tables.
TYPES = {
    Type.TEXT: "STRING",
    Type.INTEGER: "BIGINT",
    Type.REAL: "DOUBLE",
    Type.BOOLEAN: "BOOLEAN",
    Type.TIMESTAMP: "TIMESTAMP_NTZ",
    Type.BLOB: "BINARY",
}
#: Schemes that Hadoop, which reads files for Spark, calls otherwise than fsspec.
_SCHEMES = {"s3": "s3a", "gs": "gs", "gcs": "gs", "abfs": "abfss"}
#: A view that says in what order its rows come.
_ORDERED = re.compile(r"\bORDER BY\b(?!.*\))", re.IGNORECASE | re.DOTALL)


def spark_query(
    view: View, lake: Lake, *, master: str, conf: Mapping[str, str] | None = None
) -> pa.Table:
    """The rows of a saved view of a lake, in the view's order, else in that of its columns.

    The executors must reach the lake under the name that is given. OomdbError when there is
    no lake, or Spark fails.
    """
    manifest = current(files_of(lake), lake)
    if manifest is None:
        raise no_lake(lake)
    with session(master, conf or {}) as spark:
        for each in _read_by(view):
            if isinstance(each, tables.Table):
                _make_table(spark, lake, manifest, each)
            else:
                spark.sql(each.sql).createOrReplaceTempView(each.name)
        names = [name for name, _ in view.columns]
        rows = spark.table(view.name).select(names)
        if not _ORDERED.search(view.code):
            rows = rows.orderBy(names)
        kinds = pa.schema([(field.name, _arrow_type(field.dataType)) for field in rows.schema])
        found = [row.asDict() for row in rows.collect()]
        return pa.Table.from_pylist(found, kinds)


def _arrow_type(kind: DataType) -> pa.DataType:
    """The type of a column in Arrow; Spark itself would need pandas to tell."""
    from pyspark.sql import types

    known: dict[type[DataType], pa.DataType] = {
        types.StringType: pa.string(),
        types.LongType: pa.int64(),
        types.IntegerType: pa.int32(),
        types.DoubleType: pa.float64(),
        types.BooleanType: pa.bool_(),
        types.TimestampNTZType: pa.timestamp("us"),
        types.DateType: pa.date32(),
        types.BinaryType: pa.binary(),
    }
    if isinstance(kind, types.DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    return known[type(kind)]


def _read_by(view: View) -> Iterator[tables.Table | View]:
    """The tables and views that a view reads, directly or not, what others read first."""
    views = {each.name: each for each in load_views()}
    seen, waiting = set[str](), [view.name]
    while waiting:
        name = waiting.pop()
        if name not in seen and (name in views or name in tables.BY_NAME):
            seen.add(name)
            if name in views:
                waiting += re.findall(r"\w+", views[name].code)
    yield from (table for table in tables.TABLES if table.name in seen)
    yield from (each for each in load_views() if each.name in seen)


def _make_table(spark: SparkSession, lake: Lake, manifest: Manifest, table: tables.Table) -> None:
    """Have a table of the lake under its name."""
    schema = ", ".join(f"{column.name} {TYPES[column.type]}" for column in table.columns)
    names = manifest.of(table.name)
    if names:
        urls = [f"{_url(lake)}/{name}" for name in names]
        rows = spark.read.schema(schema).parquet(*urls)
    else:
        rows = spark.createDataFrame([], schema)
    rows.createOrReplaceTempView(table.name)


def _url(lake: Lake) -> str:
    """The lake as Hadoop names it."""
    if lake.folder is not None:
        # Hadoop decodes no %20, and takes these characters for patterns.
        return "file://" + re.sub(r"[\\{}\[\]*?]", r"\\\g<0>", str(lake.folder))
    scheme, _, rest = lake.where.partition("://")
    return f"{_SCHEMES.get(scheme, scheme)}://{rest}"
