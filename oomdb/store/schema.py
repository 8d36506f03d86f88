"""The SQLAlchemy models, built from `oomdb.tables`.

Foreign keys exist on PostgreSQL only: on DuckDB they break later ALTERs, and
`oomdb verify` looks for orphans instead.
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
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)

from oomdb import tables

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

NAMING_CONVENTION = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}

_TYPES: dict[tables.Type, type[TypeEngine[Any]]] = {
    tables.Type.TEXT: String,
    tables.Type.INTEGER: BigInteger,
    tables.Type.REAL: Double,
    tables.Type.BOOLEAN: Boolean,
    tables.Type.TIMESTAMP: TIMESTAMP,
    tables.Type.BLOB: LargeBinary,
}


def _table(declared: tables.Table, metadata: MetaData, *, foreign_keys: bool) -> Table:
    columns = [
        Column(
            column.name,
            _TYPES[column.type](),
            nullable=not column.required,
            comment=column.comment,
            autoincrement=False,
        )
        for column in declared.columns
    ]
    table = Table(declared.name, metadata, *columns, comment=declared.row)
    if declared.key:
        table.append_constraint(PrimaryKeyConstraint(*declared.key))
    if declared.parent is not None and foreign_keys:
        parent = tables.BY_NAME[declared.parent]
        reference = ForeignKeyConstraint(
            parent.key, [f"{parent.name}.{column}" for column in parent.key]
        )
        table.append_constraint(reference.ddl_if(dialect="postgresql"))
    return table


def build_metadata(*, foreign_keys: bool = True) -> MetaData:
    """Every table of `oomdb.tables` as SQLAlchemy models, with foreign keys or without."""
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    for declared in tables.TABLES:
        _table(declared, metadata, foreign_keys=foreign_keys)
    return metadata


METADATA = build_metadata()
