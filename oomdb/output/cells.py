"""Arrow columns as plain values and as text: one spelling for each type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.output import terminal, values

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
    return [values.of_array(column) for column in batch.columns]


def text_columns(batch: pa.RecordBatch) -> list[list[str]]:
    """The columns of `batch` as printable text: NULL is empty, an empty text is `""`."""
    return [[_cell(value) for value in column] for column in plain_columns(batch)]


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
