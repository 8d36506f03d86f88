"""Printed values to typed ones, and what can be true of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.tables import Magnitude, Type
from oomdb.text import stored

if TYPE_CHECKING:
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


def convert(column: Column, printed: str) -> tuple[object, bool]:
    """The printed text as the column's type, and whether the number can be true.

    A number beyond the column's magnitude comes back as None. Memory sizes are never
    negative.
    """
    if column.type is Type.INTEGER:
        value = int(printed, 16) if printed.startswith("0x") else int(printed)
        sane = abs(value) <= column.magnitude.value and (value >= 0 or _is_signed(column))
        return (value, True) if sane else (None, False)
    if column.type is Type.BOOLEAN:
        return printed == "yes", True
    if column.type is Type.REAL:
        return float(printed), True
    return stored(printed)[0], True


def convert_all(column: Column, printed: list[str | None]) -> tuple[list[object], list[int]]:
    """A whole column of printed decimal integers, and where they cannot be true.

    None stays None; a number that cannot be true comes back as None.
    """
    values: list[int | None] = [int(text) if text is not None else None for text in printed]
    known = [value for value in values if value is not None]
    low = -column.magnitude.value if _is_signed(column) else 0
    if not known or (low <= min(known) and max(known) <= column.magnitude.value):
        return list(values), []
    insane = [
        at
        for at, value in enumerate(values)
        if value is not None and not low <= value <= column.magnitude.value
    ]
    wrong = set(insane)
    return [None if at in wrong else value for at, value in enumerate(values)], insane


def _is_signed(column: Column) -> bool:
    """Whether a value of the column may be negative; sizes of memory are not."""
    return not column.name.endswith(("_kb", "_pages", "_bytes", "_blocks"))


def convert_cgroup(name: str, unit: str, printed: str) -> tuple[int | None, bool]:
    """A cgroup's number, and whether it can be true; None where a limit is none.

    A limit that someone set may be any number, the others are memory or events.
    """
    value = int(printed)
    if name.endswith(("_limit", ".limit")):
        limit_kb = value // 1024 if unit == "bytes" else value
        unlimited = limit_kb >= _UNLIMITED_KB or limit_kb in _UNLIMITED_32BIT_KB
        return (None if unlimited else value), True
    most = _CGROUP_MAGNITUDES.get(unit, Magnitude.ANY).value
    return (value, True) if 0 <= value <= most else (None, False)


def is_cgroup_count(name: str) -> bool:
    """Whether a memory.stat key counts events rather than bytes."""
    return name.startswith(_COUNT_PREFIXES)
