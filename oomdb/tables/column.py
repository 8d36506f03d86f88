"""What a table and a column are, and the columns that many tables have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Type(Enum):
    """The storage class of a column."""

    TEXT = "text"
    INTEGER = "integer"  # 64 bits, signed
    REAL = "real"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # UTC, without a zone marker
    BLOB = "blob"


class Magnitude(Enum):
    """The largest value that can be true of a kind of number; more is nonsense.

    Physical memory is bounded by 52 address bits and virtual memory by 57
    (x86-64 with five-level page tables, arm64 with LPA2 has less). The others are the kernel's
    own limits: PID_MAX_LIMIT, OOM_SCORE_ADJ_MAX and OOM_DISABLE.
    """

    RAM_KB = 2**42
    RAM_PAGES = 2**40
    VIRTUAL_KB = 2**47
    VIRTUAL_PAGES = 2**45
    RAM_BYTES = 2**52
    PID = 2**22
    UID = 2**32 - 1
    OOM_SCORE_ADJ = 1000
    OOM_ADJ = 17
    ANY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name carries the unit, its comment says what it holds.

    `is_compressed`: its values are compressed as they are, so a database does not try.
    """

    name: str
    type: Type
    comment: str
    magnitude: Magnitude = Magnitude.ANY
    required: bool = False
    is_compressed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `key` is set only where the database enforces it."""

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    parent: str | None = None

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


def text(name: str, comment: str, *, required: bool = False) -> Column:
    """A column of text."""
    return Column(name, Type.TEXT, comment, required=required)


def count(name: str, comment: str, *, required: bool = False) -> Column:
    """A column of whole numbers without a unit."""
    return Column(name, Type.INTEGER, comment, required=required)


def kb(name: str, comment: str) -> Column:
    """A column of sizes, whose name gets its unit [kB]."""
    return Column(f"{name}_kb", Type.INTEGER, comment + " [kB]", Magnitude.RAM_KB)


def pages(name: str, comment: str) -> Column:
    """A column of sizes, whose name gets its unit [pages]."""
    return Column(f"{name}_pages", Type.INTEGER, comment + " [pages]", Magnitude.RAM_PAGES)


EVENT_ID = text("event_id", "The event this row belongs to.", required=True)


NODE = count("node", "NUMA node number; 0 on kernels without NUMA, which print none.")


ZONE = text("zone", "Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.")


NODE_BASIS = text("node_basis", "`printed`, or `no_numa` where the line carried no node number.")
