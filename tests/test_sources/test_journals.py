"""Binary journals, made by systemd's own program from an export."""

from __future__ import annotations

import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from oomdb import databases
from oomdb.ingest import Options, ingest
from oomdb.sources import journals
from oomdb.sources.limits import Limits
from tests.printed import report_6_1

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("views_unkept")

REMOTE = shutil.which("systemd-journal-remote", path="/lib/systemd:/usr/lib/systemd")
needs_remote = pytest.mark.skipif(REMOTE is None, reason="no systemd-journal-remote")


def journal(folder: Path) -> Path:
    """A journal with one report of the kernel."""
    boot = "b4add3d6e06444429b725186df943d9d"
    entries = [
        f"__REALTIME_TIMESTAMP={1717513200000000 + at}\n__MONOTONIC_TIMESTAMP={62500000 + at}\n"
        f"_BOOT_ID={boot}\n_TRANSPORT=kernel\nSYSLOG_IDENTIFIER=kernel\nSYSLOG_FACILITY=0\n"
        f"_HOSTNAME=db7\n_SOURCE_MONOTONIC_TIMESTAMP={62500000 + at}\nMESSAGE={line}\n"
        for at, line in enumerate(report_6_1())
    ]
    path = folder / "system.journal"
    assert REMOTE is not None
    subprocess.run(
        [REMOTE, f"--output={path}", "-"],
        input="\n".join([*entries, ""]).encode(),
        check=True,
        capture_output=True,
    )
    return path


@needs_remote
@pytest.mark.parametrize("reader", ["journalctl", "library"])
def test_a_journal_gives_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    if reader == "library":
        pytest.importorskip("cysystemd")
        monkeypatch.setenv("PATH", str(tmp_path))
    path, database = journal(tmp_path), tmp_path / "oomdb.duckdb"
    summary = ingest([path], database)
    assert (summary.new_events, summary.damaged_events, summary.set_aside) == (1, 0, [])
    with databases.open_for_reading(database) as store:
        found = store.connection.execute(
            "SELECT hostname, CAST(occurred_at AS TEXT), carrier FROM events"
            " JOIN hosts USING (host_id) JOIN sightings USING (event_id)"
            " JOIN sources USING (source_id)"
        ).fetchall()
    assert found == [("db7", "2024-06-04 15:00:00", "journal-json")]


@needs_remote
def test_the_early_end_of_a_journal_is_told(tmp_path: Path) -> None:
    path = journal(tmp_path)
    whole = path.read_bytes()
    used = whole.rstrip(b"\0")
    path.write_bytes(used[: len(used) * 9 // 10])
    [(name, reason)] = ingest([path], tmp_path / "oomdb.duckdb").set_aside
    assert name == str(path)
    assert "journal" in reason


def test_a_size_that_no_journal_has_is_not_made_room_for(tmp_path: Path) -> None:
    """The end that is missing is put in its place, but of no more bytes than a copy may have."""
    head = bytearray(256)
    head[: len(journals.MAGIC)] = journals.MAGIC
    struct.pack_into("<2Q", head, 88, 256, 1 << 20)
    (tmp_path / "system.journal").write_bytes(head)
    options = Options(limits=Limits(spool_bytes=1 << 20))
    [(_, reason)] = ingest([tmp_path], tmp_path / "oomdb.duckdb", options).set_aside
    assert reason == "the journal is damaged: its size is nonsense"
