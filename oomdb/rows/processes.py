"""The process table of one report: rows read by the printed header's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oomdb import tables
from oomdb.lines.tasks import TASK_COLUMNS
from oomdb.rows.values import convert
from oomdb.text import stored

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from oomdb.rows.batch import RowBatch

_NAMES = frozenset(column.name for column in tables.PROCESSES.columns)
#: Columns that every form of the table begins with.
_LEADING = ("uid", "tgid", "total_vm", "rss")


class Extra(Protocol):
    """Where values without a column go."""

    def __call__(
        self, line_no: int, scope: str, name: str, pair: Mapping[str, str | None], reason: str
    ) -> None:
        """Keep one printed value."""


class ProcessTable:
    """Collects the rows of a process table until its columns are known."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, list[str], str]] = []

    def add(self, match: re.Match[str], line_no: int) -> None:
        """Keep one matched row."""
        name = match["comm"]
        self._rows.append((line_no, match["pid"], match["numbers"].split(), name))

    def finish(self, header: str, batch: RowBatch, damage: set[str], extra: Extra) -> None:
        """Write the rows to `batch` by the header; without one, what is certain."""
        if not self._rows:
            return
        titles = header.replace("[", "").replace("]", "").split()[1:-1]
        if not titles:
            titles = _titles_without_header([numbers for _, _, numbers, _ in self._rows])
            damage.add("lost_lines")
        columns = [_column(title) for title in titles]
        block: dict[str, list[object]] = {
            name: []
            for name in (
                "row_no",
                "pid",
                "comm",
                "comm_bytes",
                *(column.name for column in columns if column is not None),
            )
        }
        for row_no, (line_no, pid, numbers, rest) in enumerate(self._rows, 1):
            if len(numbers) < len(titles):
                damage.add("lost_lines")
            name = (
                " ".join([*numbers[len(titles) :], ""]) + rest[1:]
                if len(numbers) > len(titles)
                else rest[1:]
            )
            text, raw = stored(name)
            block["row_no"].append(row_no)
            block["pid"].append(int(pid))
            block["comm"].append(text)
            block["comm_bytes"].append(raw)
            for title, column, printed in zip(
                titles, columns, [*numbers, *[None] * len(titles)], strict=False
            ):
                if column is None:
                    if printed is not None:
                        extra(line_no, "processes", title, {"value": printed}, "unknown_key")
                    continue
                value, sane = convert(column, printed) if printed is not None else (None, True)
                if not sane:
                    extra(line_no, "processes", title, {"value": printed}, "nonsense_value")
                block[column.name].append(value)
        batch.add_block("processes", block)


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
