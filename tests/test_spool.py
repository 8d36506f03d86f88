"""What is put into a spool comes out of it, here or in another process, and leaves no file."""

from __future__ import annotations

import pickle
import tempfile
from typing import TYPE_CHECKING

import pytest

from oomdb.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("most_items", [40, 7, 0])
def test_objects_come_back_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_items: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    items = [(number, "x" * number) for number in range(40)]
    spool: Spool[tuple[int, str]] = Spool(most_items)
    for item in items:
        spool.add(item)
    assert bool(list(tmp_path.iterdir())) == (most_items < len(items))
    elsewhere: Spool[tuple[int, str]] = pickle.loads(pickle.dumps(spool))
    assert list(elsewhere) == items
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_is_not_read_can_be_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool: Spool[int] = Spool(0)
    spool.add(1)
    spool.close()
    assert list(tmp_path.iterdir()) == []
    assert list(spool) == []
