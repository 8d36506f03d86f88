"""A lake in an object store that speaks the API of S3 holds what a database holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from oomdb.errors import OomdbError, OvertakenError
from oomdb.ingest import ingest
from oomdb.store.places import Lake, lake_named
from oomdb.transfer import bring, copy_whole
from oomdb.verify import verify
from tests.test_lake.lakes import OPTIONS, in_one_database, read, rows_of, write_fleet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Filled:
    """A lake, its logs and what a database holds of these."""

    lake: Lake
    logs: list[Path]
    expected: list[str]


@pytest.fixture(scope="module")
def filled(bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A lake that several writers filled, each while another was at work.

    The other process writes the lake while this one has begun, once per ingest.
    """
    folder = tmp_path_factory.mktemp("fleet")
    logs = write_fleet(folder / "logs", hosts=2, days=1)
    lake = lake_named(f"{bucket}/fleet")
    with pytest.raises(OvertakenError, match=r"wrote s3://.* first.* run the command again"):
        ingest(logs[:1], lake, OPTIONS, jobs=1, progress=meanwhile(logs[1], lake))
    again = ingest(logs[:1], lake, OPTIONS, wait_s=3600, progress=meanwhile(logs[2], lake))
    assert (again.files, again.new_events, again.known_events) == (1, 0, 1)
    return Filled(lake, logs, in_one_database(folder, logs))


def test_of_two_writers_at_once_the_second_loses_nothing(filled: Filled) -> None:
    assert rows_of(filled.lake) == filled.expected
    assert verify(filled.lake).problems == []
    assert read(filled.logs, filled.lake).known_files == len(filled.logs)


def test_a_killed_writer_leaves_the_lake_as_it_was(filled: Filled, tmp_path: Path) -> None:
    write_fleet(tmp_path / "more", hosts=3, days=2)
    before = files_in(filled.lake)
    writer = subprocess.Popen(command(tmp_path / "more", filled.lake), stdout=subprocess.DEVNULL)
    end = time.monotonic() + 600
    while files_in(filled.lake) <= before and time.monotonic() < end:
        assert writer.poll() is None
        time.sleep(0.1)
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    after = files_in(filled.lake)
    assert after > before
    assert all(name.endswith(".parquet") for name in after - before)
    assert rows_of(filled.lake) == filled.expected


def test_it_is_copied_out_and_in(filled: Filled, bucket: str, tmp_path: Path) -> None:
    copy_whole(filled.lake, tmp_path / "copy.duckdb")
    other = lake_named(f"{bucket}/other")
    read(filled.logs[:1], other)
    assert bring(tmp_path / "copy.duckdb", other).new_events == 1
    assert rows_of(other) == filled.expected


def meanwhile(log: Path, lake: Lake) -> Callable[[int, int, str], None]:
    """A report of progress that has another process ingest a log first, the first time."""
    waiting = [log]

    def progress(*_: object) -> None:
        if waiting:
            subprocess.run(command(waiting.pop(), lake), check=True, stdout=subprocess.DEVNULL)

    return progress


def command(logs: Path, lake: Lake) -> list[str]:
    return [sys.executable, "-m", "oomdb", "ingest", "--lake", str(lake), str(logs)]


def files_in(lake: Lake) -> set[str]:
    import fsspec

    system, root = fsspec.core.url_to_fs(lake.where)
    system.invalidate_cache()
    return set(system.find(root))


def test_a_bucket_that_is_none_is_not_made(bucket: str, tmp_path: Path) -> None:
    write_fleet(tmp_path / "logs", hosts=1, days=1)
    lake = lake_named(f"{bucket}-of-no-one/fleet")
    for _ in range(2):
        with pytest.raises(OomdbError, match=r"cannot write s3://.*-of-no-one/fleet/"):
            ingest([tmp_path / "logs"], lake, OPTIONS, jobs=1)
