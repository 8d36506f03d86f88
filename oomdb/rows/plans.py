"""How the values of a line become rows, worked out once for each form of line.

A plan takes the common case: every number can be true of its column, and every key has
one. For any other it gives None, and the values are looked at one by one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from oomdb import tables
from oomdb.grammar import PAIR
from oomdb.rows.columns import names, place
from oomdb.rows.values import NONSENSE, bounds, reader, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from oomdb.grammar import LineKind
    from oomdb.rows.batch import Row
    from oomdb.rows.values import Read

#: Columns that a line sets for the lines after it.
CONTEXT = ("node", "zone", "cpu")


class Place(NamedTuple):
    """What `CONTEXT` holds for a line, typed; None where no line told."""

    node: object = None
    zone: object = None
    cpu: object = None

    @property
    def is_known(self) -> bool:
        """Whether its numbers can be true."""
        return self.node is not NONSENSE and self.cpu is not NONSENSE

    def of(self, table: str) -> Place:
        """The place of a row: node 0 where the kernel prints none."""
        if self.node is None and (self.zone is not None or table not in _ZONED):
            return Place(0, self.zone, self.cpu)
        return self


@lru_cache(maxsize=4096)
def place_of(node: str | None, zone: str | None, cpu: str | None) -> Place:
    """What the printed `CONTEXT` comes to."""
    printed = (node, zone, cpu)
    reads = [reader("per_cpu_pages", name) for name in CONTEXT]
    return Place(
        *(None if text is None else read(text) for read, text in zip(reads, printed, strict=True))
    )


_ZONED = frozenset(
    table.name for table in tables.TABLES if any(column.name == "zone" for column in table.columns)
)


class PlainRow:
    """The row of a line whose groups are columns of its kind's table."""

    def __init__(self, kind: LineKind) -> None:
        assert kind.table is not None
        self._table = kind.table
        columns = names(kind.table)
        groups = kind.regex.groupindex
        self._constants = [
            reader(kind.table, name)(kind.constants[name]) if name in kind.constants else None
            for name in columns
        ]
        self._context = [
            (at, CONTEXT.index(name)) for at, name in enumerate(columns) if name in CONTEXT
        ]
        self._fields: list[tuple[int, int, Read]] = [
            (groups[name] - 1, at, reader(kind.table, name))
            for at, name in enumerate(columns)
            if name in groups
        ]

    def row(self, groups: tuple[str | None, ...], here: Place) -> Row | None:
        """The row of a match's groups."""
        values = list(self._constants)
        if self._context:
            here = here.of(self._table)
            for at, source in self._context:
                values[at] = here[source]
        for group, at, read in self._fields:
            printed = groups[group]
            if printed is not None:
                value = read(printed)
                if value is NONSENSE:
                    return None
                values[at] = value
        return tuple(values)


class ItemRows:
    """The rows of a line that repeats a piece, one for each."""

    def __init__(self, kind: LineKind) -> None:
        assert kind.items is not None
        assert kind.table is not None
        self._table = kind.table
        self._find = kind.items.regex.findall
        groups = kind.items.regex.groupindex
        self._is_single = kind.items.regex.groups == 1
        self._columns: list[Iterable[object]] = [repeat(None) for _ in names(kind.table)]
        self._integers: list[tuple[int, int, int, int]] = []
        self._texts: list[tuple[int, int]] = []
        self._context: list[tuple[int, int]] = []
        self._index = place(kind.table, kind.items.index) if kind.items.index else None
        for at, name in enumerate(names(kind.table)):
            column = tables.BY_NAME[kind.table].column(name)
            if name in groups and column.type is tables.Type.INTEGER:
                self._integers.append((groups[name] - 1, at, *bounds(column)))
            elif name in groups:
                self._texts.append((groups[name] - 1, at))
            elif name in kind.constants:
                self._columns[at] = repeat(reader(kind.table, name)(kind.constants[name]))
            elif name in CONTEXT:
                self._context.append((at, CONTEXT.index(name)))

    def rows(self, text: str, here: Place) -> list[Row] | None:
        """The rows of the repeated text."""
        pieces = self._find(text)
        if not pieces or not (text.isascii() and text.isprintable()):
            return None
        printed = [pieces] if self._is_single else list(zip(*pieces, strict=True))
        columns = list(self._columns)
        here = here.of(self._table)
        for at, source in self._context:
            columns[at] = repeat(here[source])
        for group, at, low, high in self._integers:
            try:
                numbers = list(map(int, printed[group]))
            except ValueError:  # a piece without this number
                return None
            if min(numbers) < low or max(numbers) > high:
                return None
            columns[at] = numbers
        for group, at in self._texts:
            columns[at] = [value or None for value in printed[group]]
        if self._index is not None:
            columns[self._index] = count()
        return list(zip(*columns, strict=False))


#: A printed number in a line of `key:value` fields.
_NUMBER = re.compile(r":\s?(-?\d+)")


class PairRow(NamedTuple):
    """How the numbers of a line of pairs make the row of one table."""

    table: str
    pick: Callable[[tuple[object, ...]], Row]
    printed: frozenset[str]


class PairRows(NamedTuple):
    """The plan for lines of pairs that differ in nothing but their numbers.

    `names` are the keys where each pair is a row of its own, and empty elsewhere.
    """

    low: int
    high: int
    rows: tuple[PairRow, ...]
    names: tuple[str, ...] = ()

    def fits(self, numbers: list[int]) -> bool:
        """Whether every number can be true of its column."""
        return min(numbers) >= self.low and max(numbers) <= self.high


def split_pairs(text: str) -> tuple[tuple[str, ...], list[int]]:
    """What a line of pairs prints between its numbers, and the numbers."""
    parts = _NUMBER.split(text)
    return tuple(parts[::2]), list(map(whole, parts[1::2]))


#: What follows the numbers in the values that `PairRow.pick` picks from.
AFTER_NUMBERS = ("none", "yes", "no", "node", "zone", "node_basis", "zone_no")


def pair_rows(kind: LineKind, text: str, numbers: list[int]) -> PairRows | None:
    """The plan for lines like `text`; None where a key is unknown or comes twice."""
    assert kind.pairs is not None
    assert kind.table is not None
    found = PAIR.findall(text)
    values = [(key, value, unit) for key, answer, value, unit in found if not answer]
    if not numbers or [whole(value) for _, value, _ in values] != numbers:
        return None
    if kind.pairs.name_column:
        if len(values) < len(found) or any(unit for _, _, unit in values):
            return None
        low, high = bounds(tables.BY_NAME[kind.table].column(kind.pairs.value_column))
        read = reader(kind.table, kind.pairs.name_column)
        assert names(kind.table) == (kind.pairs.name_column, kind.pairs.value_column)
        return PairRows(low, high, (), tuple(str(read(key.lower())) for key, _, _ in values))
    sources: dict[str, dict[str, int]] = {kind.table: {}}
    low, high = -tables.Magnitude.ANY.value, tables.Magnitude.ANY.value
    number = 0
    for key, answer, _, _ in found:
        target = column_of(kind, key)
        if target is None:
            return None
        table, name = target
        column = tables.BY_NAME[table].column(name)
        row = sources.setdefault(table, {})
        fitting = tables.Type.BOOLEAN if answer else tables.Type.INTEGER
        if name in row or column.type is not fitting:
            return None
        if answer:
            row[name] = len(numbers) + AFTER_NUMBERS.index(answer)
        else:
            row[name] = number
            number += 1
            least, most = bounds(column)
            low, high = max(low, least), min(high, most)
    return PairRows(
        low,
        high,
        tuple(_pair_row(table, row, len(numbers)) for table, row in sources.items() if row),
    )


def _pair_row(table: str, row: dict[str, int], after: int) -> PairRow:
    fallback = {name: after + at for at, name in enumerate(AFTER_NUMBERS)}
    at = [row.get(name, fallback.get(name, after)) for name in names(table)]
    return PairRow(table, itemgetter(*at), frozenset(row))


def column_of(kind: LineKind, key: str) -> tuple[str, str] | None:
    """The table and column that a printed key names.

    Itself or with `_kb`, parentheses as underscores, where the kind names none.
    """
    assert kind.pairs is not None
    assert kind.table is not None
    named = kind.pairs.columns.get(key)
    if named is not None:
        table, column = named.split(".")
        return table, column
    plain = key.lower().replace("(", "_").replace(")", "")
    for column in (f"{plain}_kb", plain):
        if column in names(kind.table):
            return kind.table, column
    return None


class Plans:
    """The plans of all kinds, made when the first line of a form is seen."""

    #: Texts between numbers are as many as zones and kernels; beyond these they are no plan.
    MOST = 4096

    def __init__(self) -> None:
        self._plain: dict[tuple[str, str], PlainRow] = {}
        self._items: dict[tuple[str, str], ItemRows] = {}
        self._pairs: dict[tuple[str, tuple[str, ...]], PairRows | None] = {}

    def plain(self, kind: LineKind) -> PlainRow:
        """The plan of a kind whose line is a row."""
        plan = self._plain.get((kind.name, kind.pattern))
        if plan is None:
            plan = self._plain[kind.name, kind.pattern] = PlainRow(kind)
        return plan

    def items(self, kind: LineKind) -> ItemRows:
        """The plan of a kind with a repeated piece."""
        plan = self._items.get((kind.name, kind.pattern))
        if plan is None:
            plan = self._items[kind.name, kind.pattern] = ItemRows(kind)
        return plan

    def pairs(self, kind: LineKind, text: str) -> tuple[PairRows, list[int]] | None:
        """The plan for a line of pairs and its numbers; None where they need a look each."""
        between, numbers = split_pairs(text)
        key = (kind.name, between)
        try:
            plan = self._pairs[key]
        except KeyError:
            if len(self._pairs) >= self.MOST:
                self._pairs.clear()
            plan = self._pairs[key] = pair_rows(kind, text, numbers)
        return (plan, numbers) if plan is not None and plan.fits(numbers) else None


PLANS = Plans()
