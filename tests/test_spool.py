"""What is put into a spool comes out of it, here or in another process, and leaves no file."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from oomdb import scratch
from oomdb.spool import Spool


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process has its temporary files; empty before each test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return Path(scratch.folder())


@pytest.mark.parametrize("most_items", [40, 7, 0])
def test_objects_come_back_in_their_order(folder: Path, most_items: int) -> None:
    items = [(number, "x" * number) for number in range(40)]
    spool: Spool[tuple[int, str]] = Spool(most_items)
    for item in items:
        spool.add(item)
    assert bool(list(folder.iterdir())) == (most_items < len(items))
    elsewhere: Spool[tuple[int, str]] = pickle.loads(pickle.dumps(spool))
    assert list(elsewhere) == items
    assert list(folder.iterdir()) == []


def test_a_spool_that_is_not_read_can_be_let_go(folder: Path) -> None:
    spool: Spool[int] = Spool(0)
    spool.add(1)
    spool.close()
    assert list(folder.iterdir()) == []
    assert list(spool) == []
