"""Arrow columns as plain values and as text: one spelling for each type."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from oomdb.output import terminal

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """The name of a result's column, unique among its columns, and whether it holds numbers."""

    name: str
    is_number: bool


def columns_of(schema: pa.Schema) -> list[Column]:
    """The columns of `schema`; a name that comes again gets `_2`, `_3` and so on."""
    import pyarrow.types as types

    taken: set[str] = set()
    columns = []
    for field in schema:
        name, again = field.name, 1
        while name in taken:
            again += 1
            name = f"{field.name}_{again}"
        taken.add(name)
        kind = field.type
        is_number = (
            types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        )  # NULLs alone have no type of their own and stand on the left
        columns.append(Column(name, is_number))
    return columns


def plain_columns(batch: pa.RecordBatch) -> list[list[object]]:
    """The columns of `batch` as values that JSON has, lists and dicts among them."""
    return [_plain_column(column) for column in batch.columns]


def text_columns(batch: pa.RecordBatch) -> list[list[str]]:
    """The columns of `batch` as printable text: NULL is empty, an empty text is `""`."""
    return [
        [_cell(value) for value in values] for values in (_plain_column(c) for c in batch.columns)
    ]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if value == "":
        return '""'
    return terminal.printable(text_of(value))


def text_of(value: object) -> str:
    """A plain value other than None as text; lists and dicts as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _plain_column(column: pa.Array[Any]) -> list[object]:
    import pyarrow.types as types

    kind = column.type
    if types.is_timestamp(kind):
        return _timestamps(column)
    if types.is_date(kind) or types.is_time(kind):
        import pyarrow as pa

        return list(column.cast(pa.string()).to_pylist())
    values: list[object] = column.to_pylist()
    if types.is_integer(kind) or types.is_string(kind) or types.is_boolean(kind):
        return values
    return [plain(value) for value in values]


def _timestamps(column: pa.Array[Any]) -> list[object]:
    """ISO 8601 in UTC; a fraction of a second only where there is one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wall_clock = column.cast(pa.timestamp(column.type.unit))
    texts = pc.replace_substring_regex(
        wall_clock.cast(pa.string()),
        pattern=r"^(\S+) ([\d:]+)(?:\.0+|(\.\d*[1-9])0*)?$",
        replacement=r"\1T\2\3Z",
    )
    return list(texts.to_pylist())


def plain(value: object) -> object:
    """Any value of a row as a value that JSON has."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.isoformat() + "Z"
        case bytes():
            return value.hex()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case tuple():
            return _interval(value) if hasattr(value, "months") else [plain(v) for v in value]
        case _:
            return str(value)


def _interval(value: tuple[object, ...]) -> str:
    """An interval as an ISO 8601 duration in months, days and seconds."""
    months, days, nanoseconds = (int(str(part)) for part in value)
    seconds = Decimal(nanoseconds) / 10**9
    return f"P{months}M{days}DT{seconds.normalize():f}S"
