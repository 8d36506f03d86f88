"""Things taken together, by their number and by their size."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from oomdb.batches import in_batches


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
