"""Printed values to typed ones, and what can be true of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.tables import Magnitude, Type
from oomdb.text import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oomdb.tables import Column

#: Statistics of a memory cgroup that count events; the others are bytes
#: (memory_stats[] and vm_event names, mm/memcontrol.c).
_COUNT_PREFIXES = (
    "pg",
    "workingset_",
    "thp_fault",
    "thp_collapse",
    "thp_swpout",
    "zswpin",
    "zswpout",
    "zswpwb",
    "swpin",
    "swpout",
    "pswp",
    "numa_",
)
#: PAGE_COUNTER_MAX and RESOURCE_MAX in kB, by page size and word size, less the
#: rounding to a page (mm/page_counter.c, kernel/res_counter.c).
_UNLIMITED_KB = 2**53 - 256
_UNLIMITED_32BIT_KB = frozenset(2**33 - page_kb for page_kb in (4, 8, 16, 64)) | {2**32 - 4}
_CGROUP_MAGNITUDES = {"kB": Magnitude.VIRTUAL_KB, "bytes": Magnitude.RAM_BYTES}


#: Python converts no number of thousands of digits.
_MOST_DIGITS = 64
_BEYOND: int = 10**_MOST_DIGITS
#: What a reader gives for a number that cannot be true.
NONSENSE = object()
Read = Callable[[str], object]


@cache
def reader(table: str, name: str) -> Read:
    """What turns printed text into a column's type; `NONSENSE` beyond the column's magnitude.

    Memory sizes are never negative.
    """
    column = tables.BY_NAME[table].column(name)
    if column.type is Type.BOOLEAN:
        return lambda printed: printed == "yes"
    if column.type is Type.REAL:
        return float
    if column.type is not Type.INTEGER:
        return _text
    low, high = bounds(column)

    def read(printed: str) -> object:
        try:
            value = int(printed, 16) if printed.startswith("0x") else int(printed)
        except ValueError:  # more digits than any number has
            return NONSENSE
        return value if low <= value <= high else NONSENSE

    return read


def sane(table: str, name: str, printed: str) -> object:
    """The printed value as the column's type; None when it cannot be true."""
    value = reader(table, name)(printed)
    return None if value is NONSENSE else value


@cache
def readers(table: str) -> Mapping[str, Read]:
    """The readers of all columns of a table of events, by the column's name."""
    columns = tables.BY_NAME[table].columns
    return {one.name: reader(table, one.name) for one in columns if one.name != "event_id"}


def whole(printed: str) -> int:
    """A printed decimal integer; of more digits than any number has, one beyond all bounds."""
    if len(printed) <= _MOST_DIGITS:
        return int(printed)
    return -_BEYOND if printed.startswith("-") else _BEYOND


def _text(printed: str) -> str:
    return stored(printed)[0]


def bounds(column: Column) -> tuple[int, int]:
    """The least and the largest value that can be true of a column of integers."""
    most = column.magnitude.value
    return (-most if _is_signed(column) else 0), most


def convert_all(column: Column, printed: list[str | None]) -> tuple[list[int | None], list[int]]:
    """A whole column of printed decimal integers, and where they cannot be true.

    None stays None; a number that cannot be true comes back as None.
    """
    low, high = bounds(column)
    values = [whole(text) if text is not None else None for text in printed]
    insane = [
        at for at, value in enumerate(values) if value is not None and not low <= value <= high
    ]
    for at in insane:
        values[at] = None
    return values, insane


def _is_signed(column: Column) -> bool:
    """Whether a value of the column may be negative; sizes of memory are not."""
    return not column.name.endswith(("_kb", "_pages", "_bytes", "_blocks"))


def convert_cgroup(name: str, unit: str, printed: str) -> tuple[int | None, bool]:
    """A cgroup's number, and whether it can be true; None where a limit is none.

    A limit that someone set may be any number, the others are memory or events.
    """
    value = whole(printed)
    if name.endswith(("_limit", ".limit")):
        limit_kb = value // 1024 if unit == "bytes" else value
        unlimited = limit_kb >= _UNLIMITED_KB or limit_kb in _UNLIMITED_32BIT_KB
        return (None if unlimited else value), True
    most = _CGROUP_MAGNITUDES.get(unit, Magnitude.ANY).value
    return (value, True) if 0 <= value <= most else (None, False)


def is_cgroup_count(name: str) -> bool:
    """Whether a memory.stat key counts events rather than bytes."""
    return name.startswith(_COUNT_PREFIXES)
