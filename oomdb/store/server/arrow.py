"""Rows of a PostgreSQL server as Arrow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TYPES: dict[int, pa.DataType] = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int64(),
    23: pa.int64(),
    26: pa.int64(),  # oid
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}
#: NUMERIC, of which only the values tell what they are: counts or fractions.
_NUMERIC = 1700
#: The first whole number that is too large for Arrow's.
_TOO_LARGE = 2**63


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its type is None where the values have to tell."""

    name: str
    type: pa.DataType | None


def columns(description: Sequence[tuple[str, int]]) -> list[Column]:
    """The columns of a result; types without one of Arrow's come as text."""
    return [
        Column(name, None if kind == _NUMERIC else _TYPES.get(kind, pa.string()))
        for name, kind in description
    ]


def are_open(found: Sequence[Column]) -> bool:
    """Whether the rows have to be known for the types."""
    return any(column.type is None for column in found)


def schema(found: Sequence[Column], rows: Iterable[Sequence[Any]]) -> pa.Schema:
    """The schema of a result; where types are open, all of its rows tell them."""
    open_at = [at for at, column in enumerate(found) if column.type is None]
    fractions = {at for row in rows for at in open_at if _is_no_count(row[at])}
    return pa.schema(
        (column.name, column.type or (pa.float64() if at in fractions else pa.int64()))
        for at, column in enumerate(found)
    )


def _is_no_count(value: Any) -> bool:
    return isinstance(value, Decimal) and (
        not value.is_finite() or value != value.to_integral_value() or abs(value) >= _TOO_LARGE
    )


def batch(rows: Sequence[Sequence[Any]], known: pa.Schema) -> pa.RecordBatch:
    """Rows as Arrow."""
    arrays = [
        pa.array([_value(row[at], field.type) for row in rows], field.type)
        for at, field in enumerate(known)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=known)


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None or isinstance(value, bool | str | bytes | float | datetime | date):
        return value
    if isinstance(value, int | Decimal):
        if pa.types.is_string(kind):
            return str(value)
        return float(value) if pa.types.is_floating(kind) else int(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
