"""What executors tell the driver of reports, and what they keep."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from oomdb.logs import Marks, Options
from oomdb.sources.files import discover
from oomdb.spark.executor import Beside, read_pieces
from oomdb.spark.pieces import packed, pieces_of
from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from pathlib import Path

_REPORTS = 60
#: Most that the driver is told of a report [bytes].
_MOST_BYTES = 800


@pytest.mark.parametrize("part_bytes", [1 << 30, 20_000])
def test_the_driver_is_told_what_tells_copies_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setattr("oomdb.parts.PART_BYTES", part_bytes)
    monkeypatch.setattr("oomdb.parts._DENSE_LITERALS", 1)
    path = tmp_path / "kern.log"
    reports = [
        syslog(report_6_1(pid=1000 + number), "web0", f"2026-06-03T17:{number:02}:10Z")
        for number in range(_REPORTS)
    ]
    path.write_bytes(log(*reports))
    pieces = [packed(piece) for piece in pieces_of(discover([path]))]
    assert (len(pieces) > 1) == (part_bytes == 20_000)
    rows = [
        row
        for row in read_pieces(enumerate(pieces), Options(), Marks())
        if isinstance(pickle.loads(row.facts), list)
    ]
    kept: list[Beside] = []
    for row in rows:
        assert row.leaves is not None
        leaves, beside = pickle.loads(row.leaves)
        assert {"processes", "zones"} <= leaves.keys()
        kept += beside.values()
    assert len(kept) == sum(len(pickle.loads(row.facts)) for row in rows) == _REPORTS
    assert all(one.event["kernel_release"] for one in kept)
    told = b"".join(row.facts for row in rows)
    assert not any(one.evidence in told for one in kept)
    assert b"kernel_release" not in told
    assert len(told) < _MOST_BYTES * _REPORTS
