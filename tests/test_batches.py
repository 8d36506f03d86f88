"""Things taken together, by their number and by their size."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.batches import in_batches
from oomdb.carriers.names import NAMES
from oomdb.dating import Timeline
from oomdb.incidents.copies import drafted
from tests.printed import dmesg, log, report_6_1


@given(st.lists(st.integers(0, 9)), st.integers(1, 5), st.integers(1, 20))
def test_lists_are_full_but_the_last_and_hold_everything_in_order(
    sizes: list[int], most_items: int, most: int
) -> None:
    found = list(in_batches(sizes, most_items, int, most))
    assert list(chain.from_iterable(found)) == sizes
    for batch in found:
        assert batch
        assert len(batch) <= most_items
        assert sum(batch[:-1]) < most
    for batch in found[:-1]:
        assert len(batch) == most_items or sum(batch) >= most


@pytest.mark.parametrize(("most", "sizes"), [("_MOST_REPORTS", [2, 1]), ("_MOST_BYTES", [1, 1, 1])])
def test_reports_are_taken_together_by_number_and_by_bytes(
    monkeypatch: pytest.MonkeyPatch, most: str, sizes: list[int]
) -> None:
    monkeypatch.setattr(f"oomdb.incidents.drafts.{most}", 2)
    text = log(*(dmesg(report_6_1(pid=pid), 10.0 * pid) for pid in (11, 12, 13)))
    groups = list(drafted([text], Timeline(), NAMES))
    assert [len(group) for group in groups] == sizes
