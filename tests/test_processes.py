"""Rows of the process table: the name is what follows the numbers, whatever it is."""

from __future__ import annotations

import pytest

from oomdb.lines import classify
from oomdb.rows.batch import RowBatch
from oomdb.rows.processes import ProcessTable, Unfinished, finish_all
from tests.printed import TASK_HEADER_6_1


def read(row: str, header: str = TASK_HEADER_6_1) -> tuple[dict[str, object], set[str]]:
    """The columns of one printed row, and the damage words."""
    understood = classify(row)
    assert understood is not None
    table, batch, damage = ProcessTable(), RowBatch(), set[str]()
    table.add_all([understood.match], [1])
    finish_all([Unfinished(table, header, batch, damage, lambda *_: None)])
    [found] = batch.of("processes")
    return found, damage


@pytest.mark.parametrize(
    "name",
    ["java", "", " ", " lead", "trail ", "12345", "12345 ", "0 -1000 init", "-1", "1  2", "[1] 2"],
)
def test_a_name_is_kept_to_the_last_blank(name: str) -> None:
    row, damage = read(
        f"[    133]     7   133      757      377    40960        0             5 {name}"
    )
    assert (row["uid"], row["pgtables_bytes"], row["oom_score_adj"]) == (7, 40960, 5)
    assert row["comm"] == name
    assert damage == set()


def test_a_row_that_lost_numbers_keeps_those_it_has() -> None:
    row, damage = read("[    133]     7   133      757      377    40960 7z")
    assert (row["rss_pages"], row["pgtables_bytes"], row["swapents"]) == (377, 40960, None)
    assert row["comm"] == "7z"
    assert damage == {"lost_lines"}


ROW = "[    133]     7   133      757      377    40960        0             5 java"
ODD_ROWS = [
    ROW,
    "[    134]     7   134      757      377    40960        0             5 caf\xc3\xa9",
    "[    135]     7   135      757      377    40960 7z",
    "[    136]     7   136      757      377    40960        0          5000 sh",
    f"[    137]     7   137      {'9' * 30}      377    40960        0             5 sh",
    "[    138]     7   138      757      377    40960        0             5 0 -1000 init",
    "[9999999]     7   139      757      377    40960        0             5 sh",
]


def tables_of(groups: list[list[str]], *, together: bool) -> list[tuple[object, ...]]:
    """Rows, set aside values and damage of process tables that are finished at once or not."""
    unfinished = []
    kept: list[list[tuple[object, ...]]] = [[] for _ in groups]
    for rows, extra in zip(groups, kept, strict=True):
        matches = [understood.match for row in rows if (understood := classify(row))]
        table = ProcessTable()
        table.add_all(matches, range(1, len(matches) + 1))
        unfinished.append(
            Unfinished(
                table,
                TASK_HEADER_6_1,
                RowBatch(),
                set(),
                lambda *values, extra=extra: extra.append(values),
            )
        )
    for some in [unfinished] if together else [[one] for one in unfinished]:
        finish_all(some)
    return [
        (one.batch.of("processes"), extra, one.damage)
        for one, extra in zip(unfinished, kept, strict=True)
    ]


@pytest.mark.parametrize("odd", range(len(ODD_ROWS)))
def test_a_table_of_many_is_read_as_it_is_alone(odd: int) -> None:
    groups = [[ROW] * 3, [ROW, ODD_ROWS[odd], ROW], [ROW], [*ODD_ROWS]]
    assert tables_of(groups, together=True) == tables_of(groups, together=False)
    assert tables_of(groups, together=True)[0] == tables_of(groups[:1], together=True)[0]
