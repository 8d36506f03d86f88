"""Rows of the process table: the name is what follows the numbers, whatever it is."""

from __future__ import annotations

import pytest

from oomdb.lines import classify
from oomdb.rows.batch import RowBatch
from oomdb.rows.processes import ProcessTable
from tests.printed import TASK_HEADER_6_1


def read(row: str, header: str = TASK_HEADER_6_1) -> tuple[dict[str, object], set[str]]:
    """The columns of one printed row, and the damage words."""
    understood = classify(row)
    assert understood is not None
    table, batch, damage = ProcessTable(), RowBatch(), set[str]()
    table.add(understood.match, 1)
    table.finish(header, batch, damage, lambda *_: None)
    [block] = batch.blocks["processes"]
    return {name: values[0] for name, values in block.items()}, damage


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
