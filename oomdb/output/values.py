"""Values of any type as values that JSON has, in one spelling for each type."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pyarrow as pa

_DAY_S = 86_400
#: The calendar repeats itself after 400 years.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_UNITS_IN_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: How Arrow writes a date, time or timestamp that it has no text for.
_BEYOND = re.compile(r"<value out of range: (-?\d+)>")
#: What DuckDB has for infinity, by the bits of the type; the lesser one is its negative.
_INFINITY = {bits: 2 ** (bits - 1) - 1 for bits in (32, 64)}


def plain(value: object) -> object:
    """Any Python value as a value that JSON has; floats that are no number are None."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return _number(value)
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


def _number(value: Decimal) -> object:
    """A decimal as a number; as text where no float has all of its digits."""
    if value == value.to_integral_value():
        return int(value)
    as_float = float(value)
    return as_float if Decimal(repr(as_float)) == value else str(value)


def _interval(value: tuple[object, ...]) -> str:
    """An interval as an ISO 8601 duration in months, days and seconds."""
    months, days, nanoseconds = (int(str(part)) for part in value)
    seconds = Decimal(nanoseconds) / 10**9
    return f"P{months}M{days}DT{seconds.normalize():f}S"


def of_array(array: pa.Array[Any]) -> list[object]:
    """The values of an Arrow array, those inside lists, structs, maps and unions like others.

    Structs are dicts, those without names lists; maps are lists of pairs.
    """
    import pyarrow.types as types

    kind = array.type
    if types.is_timestamp(kind) or types.is_date(kind) or types.is_time(kind):
        return _moments(array)
    if types.is_dictionary(kind):
        return of_array(cast("Any", array).dictionary_decode())
    if types.is_map(kind):
        return _maps(array)
    if types.is_list(kind) or types.is_fixed_size_list(kind):
        return _lists(array)
    if types.is_struct(kind):
        return _structs(array)
    if types.is_union(kind):
        return _unions(array)
    values: list[object] = array.to_pylist()
    if types.is_integer(kind) or types.is_string(kind) or types.is_boolean(kind):
        return values
    return [plain(value) for value in values]


def _lists(array: Any) -> list[object]:
    import pyarrow.compute as pc

    inside = iter(of_array(array.flatten()))
    lengths = pc.list_value_length(array).to_pylist()
    return [None if length is None else list(islice(inside, length)) for length in lengths]


def _maps(array: Any) -> list[object]:
    offsets = array.offsets.to_pylist()
    first, length = offsets[0], offsets[-1] - offsets[0]
    keys, items = (of_array(each.slice(first, length)) for each in (array.keys, array.items))
    pairs = [list(pair) for pair in zip(keys, items, strict=True)]
    return [
        pairs[start - first : end - first] if is_there else None
        for is_there, start, end in zip(
            array.is_valid().to_pylist(), offsets, offsets[1:], strict=False
        )
    ]


def _structs(array: Any) -> list[object]:
    names = [field.name for field in array.type]
    # Arrow's flatten ends the process where a union is inside.
    rows = zip(*(of_array(array.field(at)) for at in range(len(names))), strict=True)
    return [
        None if not is_there else dict(zip(names, row, strict=True)) if any(names) else list(row)
        for is_there, row in zip(array.is_valid().to_pylist(), rows, strict=True)
    ]


def _unions(array: Any) -> list[object]:
    members = [of_array(array.field(at)) for at in range(array.type.num_fields)]
    # The array's own type_codes are those from before it was sliced.
    return [members[scalar.type_code][at] for at, scalar in enumerate(array)]


def _moments(array: pa.Array[Any]) -> list[object]:
    """Dates, times and timestamps in ISO 8601, the last in UTC; `infinity` as DuckDB has it.

    A fraction of a second only where there is one. Years after 9999 have more digits, the
    year before 1 is 0000 and the one before it -0001.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    kind = array.type
    is_timestamp = types.is_timestamp(kind)
    wall_clock = array.cast(pa.timestamp(kind.unit)) if is_timestamp else array
    texts = pc.replace_substring_regex(
        wall_clock.cast(pa.string()),
        pattern=r"^(?:(\S+) )?([\d:]+)(?:\.0+|(\.\d*[1-9])0*)?$",
        replacement=r"\1T\2\3Z" if is_timestamp else r"\2\3",
    ).to_pylist()
    if types.is_date(kind):
        return [_beyond(text, kind.bit_width, None) for text in texts]
    if is_timestamp and kind.unit == "ns":
        endless = {_INFINITY[64]: "infinity", -_INFINITY[64]: "-infinity"}
        raw = wall_clock.cast(pa.int64()).to_pylist()
        return [endless.get(number, text) for number, text in zip(raw, texts, strict=True)]
    units = _UNITS_IN_S[kind.unit]
    return [_beyond(text, kind.bit_width if is_timestamp else None, units) for text in texts]


def _beyond(text: str | None, bits: int | None, units_in_s: int | None) -> str | None:
    """A text of Arrow, or what it should have been where Arrow has none.

    `bits` is the width of a type with dates, `units_in_s` the unit of one with a clock; None
    where a type has none.
    """
    found = _BEYOND.fullmatch(text) if text is not None else None
    if found is None:
        return text
    number = int(found[1])
    if bits is not None and abs(number) == _INFINITY[bits]:
        return "infinity" if number > 0 else "-infinity"
    if units_in_s is None:
        return _date_text(number)
    if bits is None:
        return _clock_text(number, units_in_s)
    days, rest = divmod(number, _DAY_S * units_in_s)
    return f"{_date_text(days)}T{_clock_text(rest, units_in_s)}Z"


def _date_text(days: int) -> str:
    """The date so many days after 1970-01-01."""
    cycles, days = divmod(days, _CYCLE_DAYS)
    within = date.fromordinal(_EPOCH_DAY + days)
    year = within.year + cycles * _CYCLE_YEARS
    return f"{'-' if year < 0 else ''}{abs(year):04}-{within:%m-%d}"


def _clock_text(number: int, units_in_s: int) -> str:
    """The time of day after so many units; 24:00:00 is one."""
    seconds, fraction = divmod(number, units_in_s)
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
    digits = f"{fraction:0{len(str(units_in_s)) - 1}}".rstrip("0") if fraction else ""
    return f"{text}.{digits}" if digits else text
