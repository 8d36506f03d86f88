"""The SQLAlchemy models, built from `oomdb.tables`.

Foreign keys and indexes exist on PostgreSQL only: on DuckDB keys break later ALTERs, and
`oomdb verify` looks for orphans instead; and it reads columns faster than indexes. Keys are
checked at the end of a transaction, as events and their rows are replaced within one. Text
is compared byte by byte there, as everywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn

from oomdb import tables

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.types import TypeEngine

NAMING_CONVENTION = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}

_POSTGRESQL = "postgresql"

_TYPES: dict[tables.Type, TypeEngine[Any]] = {
    tables.Type.TEXT: String().with_variant(String(collation="C"), _POSTGRESQL),
    tables.Type.INTEGER: BigInteger(),
    tables.Type.REAL: Double(),
    tables.Type.BOOLEAN: Boolean(),
    tables.Type.TIMESTAMP: TIMESTAMP(),
    tables.Type.BLOB: LargeBinary(),
}

#: Columns by which rows are looked for, beside the event of each row of a table of events.
_INDEXED: dict[str, tuple[str, ...]] = {
    "host_names": ("host_id", "name"),
    "host_labels": ("host_id",),
    "budget_hosts": ("host_id",),
    "events": ("host_id", "occurred_at", "printed_hostname"),
    "sightings": (
        "source_id",
        "copy_hostname",
        "copy_digest",
        "victim_key",
        "body_key",
        "head_uptime_key",
        "head_wall_key",
    ),
    "sources": ("path", "head_digest", "sha256"),
    "custody_sources": ("entry_no",),
    "inputs": ("path",),
}


def _table(declared: tables.Table, metadata: MetaData, *, for_server: bool) -> Table:
    columns = [
        Column(
            column.name,
            _TYPES[column.type],
            nullable=not column.required,
            comment=column.comment,
            autoincrement=False,
        )
        for column in declared.columns
    ]
    table = Table(declared.name, metadata, *columns, comment=declared.row)
    if declared.key:
        table.append_constraint(PrimaryKeyConstraint(*declared.key))
    if for_server:
        _refer(table, declared)
    return table


def _refer(table: Table, declared: tables.Table) -> None:
    """Add what only a server has: the key of the table's parent, and indexes."""
    indexed = list(_INDEXED.get(declared.name, ()))
    if declared.parent is not None:
        parent = tables.BY_NAME[declared.parent]
        reference = ForeignKeyConstraint(
            parent.key,
            [f"{parent.name}.{column}" for column in parent.key],
            deferrable=True,
            initially="DEFERRED",
        )
        table.append_constraint(reference.ddl_if(dialect=_POSTGRESQL))
        indexed += parent.key
    for column in indexed:
        Index(None, table.c[column]).ddl_if(dialect=_POSTGRESQL)


def build_metadata(*, for_server: bool = True) -> MetaData:
    """Every table of `oomdb.tables` as SQLAlchemy models.

    `for_server`: with the keys and indexes that are made on PostgreSQL alone.
    """
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    for declared in tables.TABLES:
        _table(declared, metadata, for_server=for_server)
    return metadata


@compiles(CreateColumn, "duckdb")
def _create_column(creating: CreateColumn, compiler: DDLCompiler, **options: Any) -> str:
    """A column's definition; DuckDB takes 0.5 ms a report to find that zstd left nothing."""
    column = creating.element
    text = str(compiler.visit_create_column(creating, **options))  # type: ignore[no-untyped-call]
    table = tables.BY_NAME.get(str(column.table.name))
    declared = {one.name: one for one in table.columns} if table is not None else {}
    if column.name in declared and declared[column.name].is_compressed:
        return f"{text} USING COMPRESSION uncompressed"
    return text


METADATA = build_metadata()
