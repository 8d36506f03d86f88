"""Reports of one log, one by one and many in a pack."""

from __future__ import annotations

import pickle
from functools import cache
from typing import TYPE_CHECKING

import pytest

from oomdb import tables
from oomdb.incidents import copies
from oomdb.rows.columns import LEAVES
from oomdb.rows.leaves import pack
from oomdb.store.arrow import to_arrow
from tests import samples

if TYPE_CHECKING:
    from oomdb.incidents.copies import Found

Rows = dict[str, list[dict[str, object]]]


@cache
def whole_folder() -> bytes:
    """All samples as one log."""
    logs = [log for log in samples.logs() if log.suffix == ".log"]
    return b"".join(log.read_bytes() + b"\n" for log in logs)


@pytest.fixture
def found() -> list[Found]:
    return copies.in_blocks([whole_folder()])


def rows_of(found: list[Found]) -> list[Rows]:
    return [{table.name: one.rows.of(table.name) for table in LEAVES} for one in found]


def written(found: list[Found]) -> Rows:
    """What is written of the reports, without the columns that are NULL."""
    ids = [one.copy.digest for one in found]
    return {
        name: sorted(
            ({key: value for key, value in row.items() if value is not None} for row in rows),
            key=lambda row: (row["event_id"], str(sorted(row.items()))),
        )
        for name, table in to_arrow([one.rows for one in found], ids).items()
        if (rows := table.to_pylist())
    }


def test_a_pack_holds_the_rows_of_its_reports(found: list[Found]) -> None:
    rows, tables_before = rows_of(found), written(found)
    pack([one.rows for one in found[10:30]])
    pack([one.rows for one in found])
    assert rows_of(found) == rows
    assert written(found) == tables_before


def test_rows_are_the_same_after_they_were_sent(found: list[Found]) -> None:
    rows = rows_of(found)
    assert pickle.loads(pickle.dumps(found)) == found
    pack([one.rows for one in found])
    sent = pickle.loads(pickle.dumps(found))
    assert rows_of(sent) == rows
    assert [(one.copy, one.sighting, one.event) for one in sent] == [
        (one.copy, one.sighting, one.event) for one in found
    ]


def test_rows_of_reports_that_make_no_event_are_left_out(found: list[Found]) -> None:
    some = written(found[::2])
    pack([one.rows for one in found])
    assert written(found[::2]) == some


def test_each_table_has_its_columns_in_order(found: list[Found]) -> None:
    for name, table in to_arrow(
        [one.rows for one in found], [one.copy.digest for one in found]
    ).items():
        known = [column.name for column in tables.BY_NAME[name].columns]
        assert [column for column in known if column in table.column_names] == table.column_names
    assert to_arrow([], []) == {}
