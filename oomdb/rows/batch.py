"""Rows on their way to the store, by table: single rows and blocks of columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oomdb.tables import Table


@dataclass
class RowBatch:
    """Rows of several tables.

    `rows` holds one dict per row, where a missing column is NULL. `blocks` holds
    whole columns of equal length for tables with many rows, which saves building a
    dict per row.
    """

    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    blocks: dict[str, list[dict[str, list[object]]]] = field(default_factory=dict)

    def add(self, table: str, **values: object) -> None:
        """Add one row to the table."""
        self.rows.setdefault(table, []).append(values)

    def add_block(self, table: str, columns: dict[str, list[object]]) -> None:
        """Add rows given as columns of equal length."""
        self.blocks.setdefault(table, []).append(columns)

    def extend(self, other: RowBatch) -> None:
        """Add all rows of `other`."""
        for table, rows in other.rows.items():
            self.rows.setdefault(table, []).extend(rows)
        for table, blocks in other.blocks.items():
            self.blocks.setdefault(table, []).extend(blocks)

    def stamp(self, column: str, value: object, tables: Iterable[Table]) -> None:
        """Set `column` to `value` in every row of `tables`."""
        for table in tables:
            for row in self.rows.get(table.name, ()):
                row[column] = value
            for block in self.blocks.get(table.name, ()):
                block[column] = [value] * len(next(iter(block.values())))
