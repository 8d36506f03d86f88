"""Reports of one log, one by one and many at a time."""

from __future__ import annotations

import pickle

from oomdb import tables
from oomdb.incidents import copies
from oomdb.rows.columns import LEAVES, names
from oomdb.store.arrow import stamped, to_arrow
from tests import samples


def whole_folder() -> bytes:
    """All samples as one log."""
    return b"".join(log.read_bytes() + b"\n" for log in samples.logs() if log.suffix == ".log")


def test_a_batch_holds_what_its_reports_hold() -> None:
    log = whole_folder()
    found = copies.in_blocks([log])
    [batch] = pickle.loads(pickle.dumps(copies.batches([log])))
    assert [one.copy for one in batch.found] == [one.copy for one in found]
    assert [one.sighting for one in batch.found] == [one.sighting for one in found]
    assert [one.event for one in batch.found] == [one.event for one in found]
    assert [one.unknown_keys for one in batch.found] == [one.unknown_keys for one in found]
    for table in LEAVES:
        rows = [
            {"report_no": number, **row}
            for number, one in enumerate(found)
            for row in one.rows.of(table.name)
        ]
        columns = dict.fromkeys(("report_no", *names(table.name)))
        held = batch.leaves[table.name].to_pylist() if table.name in batch.leaves else []
        assert [{**columns, **row} for row in held] == rows


def test_rows_get_the_event_of_their_report_and_others_are_left_out() -> None:
    [batch] = copies.batches([whole_folder()])
    ids = [None if number % 2 else f"event {number}" for number in range(len(batch.found))]
    written = stamped(batch.leaves, ids)
    for name, table in batch.leaves.items():
        known = [ids[int(str(number))] for number in table.column("report_no").to_pylist()]
        kept = [event_id for event_id in known if event_id is not None]
        got = written[name].column("event_id").to_pylist() if name in written else []
        assert got == kept


def test_every_table_of_events_has_its_columns_in_order() -> None:
    found = copies.in_blocks([whole_folder()])
    written = to_arrow([one.rows for one in found], [one.copy.digest for one in found])
    for name, table in written.items():
        known = [column.name for column in tables.BY_NAME[name].columns]
        assert [column for column in known if column in table.column_names] == table.column_names
        assert table.schema.field("event_id") is not None
    assert to_arrow([], []) == {}
