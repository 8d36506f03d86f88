"""The process table of one report: rows read by the printed header's columns."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from oomdb import tables
from oomdb.grammar import expand
from oomdb.lines.tasks import TASK_COLUMNS
from oomdb.rows.columns import leaf_schema
from oomdb.rows.values import bounds, convert_all, whole
from oomdb.text import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oomdb.rows.batch import RowBatch

    Values = pa.Array[Any]

_SCHEMA = leaf_schema("processes")
#: What a title may name: numbers that are printed.
_NAMES = frozenset(
    column.name for column in tables.PROCESSES.columns if column.type is tables.Type.INTEGER
) - {"row_no"}
_PID = tables.PROCESSES.column("pid")
_COMM = re.compile(expand("{{COMM}}"))
#: Columns that every form of the table begins with.
_LEADING = ("uid", "tgid", "total_vm", "rss")


class Extra(Protocol):
    """Where values without a column go."""

    def __call__(
        self,
        line_no: int,
        scope: str,
        name: str,
        pair: Mapping[str, str | None],
        reason: str,
        row_no: int | None = None,
    ) -> None:
        """Keep one printed value; `row_no` is its row of the process table."""


class _Row(NamedTuple):
    """One matched row: its pid, the other numbers, and the name with the blank before it."""

    pid: str
    numbers: str
    comm: str
    line_no: int
    text: str


class ProcessTable:
    """The rows of a process table in columns, until those of its header are known."""

    def __init__(self) -> None:
        self.pids: list[str] = []
        self.numbers: list[str] = []
        self.comms: list[str] = []
        self.line_nos: list[int] = []
        self._texts: list[Callable[[], Sequence[str]]] = []

    def add_all(self, matches: Sequence[re.Match[str]], line_nos: Sequence[int]) -> None:
        """Keep matched rows and their lines of the report."""
        if matches:
            pids, numbers, comms = zip(*[match.groups() for match in matches], strict=True)
            self.add_block(
                pids, numbers, comms, line_nos, lambda: [match.string for match in matches]
            )

    def add_block(
        self,
        pids: Sequence[str],
        numbers: Sequence[str],
        comms: Sequence[str],
        line_nos: Sequence[int],
        texts: Callable[[], Sequence[str]],
    ) -> None:
        """Keep rows given in columns of equal length.

        The first three are the groups of the line's kind, `numbers` and `comms` with the
        blanks before them; `line_nos` are lines of the report. `texts` gives the whole rows,
        and is asked for them when one of them needs a look.
        """
        self.pids += pids
        self.numbers += numbers
        self.comms += comms
        self.line_nos += line_nos
        self._texts.append(texts)

    def finish(self, header: str, batch: RowBatch, damage: set[str], extra: Extra) -> None:
        """Write the rows to `batch` by the header; without one, what is certain."""
        texts = [text for some in self._texts for text in some()]
        columns = (self.pids, self.numbers, self.comms, self.line_nos, texts)
        rows = [_Row(*row) for row in zip(*columns, strict=True)]
        titles = _titles(header)
        if titles:
            rows = _set_spliced_aside(rows, len(titles), batch, damage)
        if not rows:
            return
        numbers = [row.numbers.split() for row in rows]
        if not titles:
            titles = _titles_without_header(numbers)
            damage.add("lost_lines")
        width = len(titles)
        if any(len(printed) < width for printed in numbers):
            damage.add("lost_lines")
        names = [
            stored(row.comm[1:] if len(printed) <= width else _name(row.numbers, row.comm, width))
            for row, printed in zip(rows, numbers, strict=True)
        ]
        block: dict[str, list[object]] = {
            "row_no": list(range(1, len(rows) + 1)),
            "comm": [text for text, _ in names],
            "comm_bytes": [raw for _, raw in names],
        }
        _column_of(rows, "pid", [row.pid for row in rows], block, extra)
        for at, title in enumerate(titles):
            printed = [row[at] if at < len(row) else None for row in numbers]
            _column_of(rows, title, printed, block, extra)
        arrays = {name: pa.array(block[name], _SCHEMA.field(name).type) for name in block}
        batch.processes = _record_batch(arrays)


class Unfinished(NamedTuple):
    """A process table that was read to its end, with what `ProcessTable.finish` needs."""

    table: ProcessTable
    header: str
    batch: RowBatch
    damage: set[str]
    extra: Extra


def finish_all(unfinished: Sequence[Unfinished]) -> None:
    """Write the rows of many process tables; those of one header are converted at once."""
    by_header: dict[str, list[Unfinished]] = {}
    for one in unfinished:
        if one.table.pids:
            by_header.setdefault(one.header, []).append(one)
    for header, group in by_header.items():
        for one in _irregular(_titles(header), group):
            one.table.finish(one.header, one.batch, one.damage, one.extra)


def _irregular(titles: Sequence[str], group: list[Unfinished]) -> list[Unfinished]:
    """The tables that need a look at each row; the rows of the others are written.

    Rows are regular that have a number that can be true for each of the header's columns.
    """
    columns = [column for column in map(_column, titles) if column is not None]
    if not group or not titles or len({column.name for column in columns}) < len(titles):
        return group
    numbers = pa.array(chain.from_iterable(one.table.numbers for one in group), pa.string())
    printed = pc.ascii_split_whitespace(pc.ascii_ltrim_whitespace(numbers))
    odd = pc.not_equal(pc.list_value_length(printed), pa.scalar(len(titles)))
    arrays: dict[str, Values] = {}
    if not pc.any(odd).as_py():
        try:
            arrays = _numbers(columns, printed.flatten(), group)
        except pa.ArrowInvalid:  # a number of more than 64 bits
            return group
        odd = _beyond(columns, arrays)
    rows = pc.indices_nonzero(odd).to_pylist()
    ends = list(accumulate(len(one.table.pids) for one in group))
    if rows:
        at = {bisect_right(ends, row) for row in rows if row is not None}
        regular = [one for number, one in enumerate(group) if number not in at]
        return [group[number] for number in sorted(at)] + _irregular(titles, regular)
    arrays |= _names(group)
    counts = [len(one.table.pids) for one in group]
    row_nos = (range(1, count + 1) for count in counts)
    arrays["row_no"] = pa.array(chain.from_iterable(row_nos), pa.int64())
    whole = _record_batch(arrays)
    for one, end, count in zip(group, ends, counts, strict=True):
        one.batch.processes = whole.slice(end - count, count)
    return []


def _numbers(
    columns: Sequence[tables.Column], printed: Values, group: Sequence[Unfinished]
) -> dict[str, Values]:
    """The columns of numbers, out of those of all rows; ArrowInvalid for one beyond int64."""
    values = array("q")
    _, buffer = printed.cast(pa.int64()).buffers()
    assert buffer is not None
    values.frombytes(memoryview(buffer)[: 8 * len(printed)])
    arrays = {column.name: _int64(values[at :: len(columns)]) for at, column in enumerate(columns)}
    pids = pa.array(chain.from_iterable(one.table.pids for one in group), pa.string())
    arrays[_PID.name] = pids.cast(pa.int64())
    return arrays


def _int64(values: array[int]) -> Values:
    """An array of these integers, which shares their memory."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def _beyond(columns: Sequence[tables.Column], arrays: dict[str, Values]) -> pa.BooleanArray:
    """Which rows hold a number that cannot be true of its column."""
    odd = pa.repeat(False, len(arrays[_PID.name]))
    for column in (_PID, *columns):
        values = arrays[column.name]
        low, high = bounds(column)
        found = pc.min_max(values)
        if found["min"].as_py() < low or found["max"].as_py() > high:
            here = pc.or_(pc.less(values, pa.scalar(low)), pc.greater(values, pa.scalar(high)))
            odd = pc.or_(odd, here)
    return odd


def _names(group: Sequence[Unfinished]) -> dict[str, Values]:
    """The names as text, and the bytes where there is one that text cannot give back."""
    printed = pa.array(chain.from_iterable(one.table.comms for one in group), pa.string())
    encoded = printed.dictionary_encode()
    known = [stored(name[1:]) for name in encoded.dictionary.to_pylist() if name is not None]
    texts = pa.array([text for text, _ in known], pa.string())
    columns: dict[str, Values] = {"comm": texts.take(encoded.indices)}
    if any(raw is not None for _, raw in known):
        bytes_of = pa.array([raw for _, raw in known], pa.binary())
        columns["comm_bytes"] = bytes_of.take(encoded.indices)
    return columns


def _record_batch(arrays: Mapping[str, Values]) -> pa.RecordBatch:
    """The columns that were printed, in the order of the table's."""
    fields = [field for field in _SCHEMA if field.name in arrays]
    return pa.RecordBatch.from_arrays(
        [arrays[one.name] for one in fields], schema=pa.schema(fields)
    )


def _set_spliced_aside(
    rows: list[_Row], width: int, batch: RowBatch, damage: set[str]
) -> list[_Row]:
    """Rows without those of more numbers than columns where they are no name: bytes are lost."""
    whole = []
    for row in rows:
        too_many = len(row.numbers.split()) > width
        if too_many and not _COMM.fullmatch(_name(row.numbers, row.comm, width)):
            text, _ = stored(row.text)
            batch.add("unparsed_lines", line_no=row.line_no, text=text, reason="spliced")
            damage.add("spliced")
        else:
            whole.append(row)
    return whole


def _column_of(
    rows: Sequence[_Row],
    title: str,
    printed: list[str | None],
    block: dict[str, list[object]],
    extra: Extra,
) -> None:
    """One column of the table; what has no place in it or cannot be true goes to `extra`."""
    column = _column(title)
    if column is None:
        for row_no, value in enumerate(printed, 1):
            if value is not None:
                line_no = rows[row_no - 1].line_no
                extra(line_no, "processes", title, {"value": value}, "unknown_key", row_no)
        return
    values, insane = convert_all(column, printed)
    block[column.name] = list(values)
    for at in insane:
        line_no = rows[at].line_no
        extra(line_no, "processes", title, {"value": printed[at]}, "nonsense_value", at + 1)


def _titles(header: str) -> list[str]:
    """The columns between the pid and the name; none without a header."""
    return header.replace("[", "").replace("]", "").split()[1:-1]


def _name(numbers: str, rest: str, width: int) -> str:
    """What follows the first `width` numbers of a row, less the blank before it."""
    return re.sub(rf"(?: +-?\d+){{{width}}} ?", "", numbers + rest, count=1)


def _column(title: str) -> tables.Column | None:
    """The column that a title of the header names, or None for one never seen."""
    name = TASK_COLUMNS.get(title, title)
    for candidate in (name, f"{name}_pages"):
        if candidate in _NAMES:
            return tables.PROCESSES.column(candidate)
    return None


def _titles_without_header(rows: list[list[str]]) -> list[str]:
    """The columns that can be told without a header.

    The first four are the same in every kernel, oom_score_adj is the last since
    2.6.36, and pgtables_bytes is a multiple of 1024 in every row; what stays unknown
    is named by its position.
    """
    width = min(len(row) for row in rows)
    titles = [*_LEADING, *(f"column_{number}" for number in range(5, width + 1))]
    if width == 7:
        middle = [whole(row[4]) for row in rows if row[4].isdecimal()]
        if any(middle) and all(value % 1024 == 0 for value in middle):
            titles[4:7] = ["pgtables_bytes", "swapents", "oom_score_adj"]
    elif width == 10:
        titles[4:10] = [
            "rss_anon",
            "rss_file",
            "rss_shmem",
            "pgtables_bytes",
            "swapents",
            "oom_score_adj",
        ]
    elif width == 8:
        titles[4:8] = ["nr_ptes", "nr_pmds", "swapents", "oom_score_adj"]
    if titles[-1].startswith("column_") and width > 6:
        titles[-1] = "oom_score_adj"
    return titles
