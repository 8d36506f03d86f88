"""The process table of one report: rows read by the printed header's columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from oomdb import tables
from oomdb.grammar import expand
from oomdb.lines.tasks import TASK_COLUMNS
from oomdb.rows.values import convert_all
from oomdb.text import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oomdb.rows.batch import RowBatch

_NAMES = frozenset(column.name for column in tables.PROCESSES.columns)
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

    line_no: int
    pid: str
    numbers: str
    comm: str
    text: str


class ProcessTable:
    """Collects the rows of a process table until its columns are known."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []

    def add(self, match: re.Match[str], line_no: int) -> None:
        """Keep one matched row."""
        self._rows.append(
            _Row(line_no, match["pid"], match["numbers"], match["comm"], match.string)
        )

    def finish(self, header: str, batch: RowBatch, damage: set[str], extra: Extra) -> None:
        """Write the rows to `batch` by the header; without one, what is certain."""
        titles = header.replace("[", "").replace("]", "").split()[1:-1]
        if titles:
            self._set_spliced_aside(len(titles), batch, damage)
        if not self._rows:
            return
        numbers = [row.numbers.split() for row in self._rows]
        if not titles:
            titles = _titles_without_header(numbers)
            damage.add("lost_lines")
        width = len(titles)
        if any(len(printed) < width for printed in numbers):
            damage.add("lost_lines")
        block: dict[str, list[object]] = {
            "row_no": list(range(1, len(self._rows) + 1)),
        }
        self._column("pid", [row.pid for row in self._rows], block, extra)
        self._names(block, numbers, width)
        for at, title in enumerate(titles):
            printed = [row[at] if at < len(row) else None for row in numbers]
            self._column(title, printed, block, extra)
        batch.add_block("processes", block)

    def _set_spliced_aside(self, width: int, batch: RowBatch, damage: set[str]) -> None:
        """Take out rows with more numbers than columns where they are no name: bytes are lost."""
        whole = []
        for row in self._rows:
            too_many = len(row.numbers.split()) > width
            if too_many and not _COMM.fullmatch(_name(row.numbers, row.comm, width)):
                text, _ = stored(row.text)
                batch.add("unparsed_lines", line_no=row.line_no, text=text, reason="spliced")
                damage.add("spliced")
            else:
                whole.append(row)
        self._rows = whole

    def _names(self, block: dict[str, list[object]], numbers: list[list[str]], width: int) -> None:
        """The names; numbers beyond the header's columns belong to them, blanks and all."""
        names = [
            row.comm[1:] if len(printed) <= width else _name(row.numbers, row.comm, width)
            for row, printed in zip(self._rows, numbers, strict=True)
        ]
        known = {name: stored(name) for name in set(names)}
        block["comm"] = [known[name][0] for name in names]
        block["comm_bytes"] = [known[name][1] for name in names]

    def _column(
        self, title: str, printed: list[str | None], block: dict[str, list[object]], extra: Extra
    ) -> None:
        """One column of the table; what has no place in it or cannot be true goes to `extra`."""
        column = _column(title)
        if column is None:
            for row_no, value in enumerate(printed, 1):
                if value is not None:
                    kept = {"value": value}
                    extra(
                        self._rows[row_no - 1].line_no,
                        "processes",
                        title,
                        kept,
                        "unknown_key",
                        row_no,
                    )
            return
        values, insane = convert_all(column, printed)
        block[column.name] = values
        for at in insane:
            line_no = self._rows[at].line_no
            extra(line_no, "processes", title, {"value": printed[at]}, "nonsense_value", at + 1)


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
        middle = [int(row[4]) for row in rows if row[4].isdecimal()]
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
