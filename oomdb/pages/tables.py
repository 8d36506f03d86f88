"""Tables that a reader can sort, each with the query that gives its rows."""

from __future__ import annotations

from dataclasses import dataclass

#: What stands for a value that is not known, or was not printed.
ABSENT = "\N{EN DASH}"
#: Rows that a page shows of a long table.
SHOWN_ROWS = 100


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers come from: the view's name, and the SQL that gives all of them."""

    view: str
    sql: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and unit as a reader sees it.

    Numbers stand on the right and are sorted as numbers, the largest first. What is
    `is_whole` is never broken into lines, as numbers are not.
    """

    label: str
    is_number: bool = False
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that is more than text.

    `href` is a link, a fragment such as `#L12` or a relative path; `swatch` the name of a
    colour in the palette shown before it; `tone` (`bad`, `warn`, `good`) its meaning.
    """

    text: str
    href: str | None = None
    swatch: str | None = None
    tone: str | None = None


#: None is shown as a dash: not printed. Whole numbers get thousands separators.
Value = Cell | str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns.

    `name` is unique in the page. `sorted_by` is the index of the column by which the rows
    come sorted, `is_descending` in what direction; None for an order that is in no column.
    `left_out` counts rows that are only in the source's answer. `marked` are the indexes of
    rows that stand out.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    source: Source
    sorted_by: int | None = None
    is_descending: bool = False
    left_out: int = 0
    marked: frozenset[int] = frozenset()


def as_cell(value: Value) -> Cell:
    """The value as a cell."""
    match value:
        case Cell():
            return value
        case None:
            return Cell(ABSENT)
        case int():
            return Cell(f"{value:,}")
        case _:
            return Cell(value)
