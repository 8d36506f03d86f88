"""A lake that a cluster filled holds what one machine would have found, whatever happens to it."""

from __future__ import annotations

import gzip
import os
import random
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oomdb.ingest import Summary, ingest
from oomdb.spark.ingest import spark_ingest
from oomdb.store.places import MANIFEST, lake_named
from tests.printed import log, report_6_1, syslog
from tests.test_lake.lakes import in_one_database, lake_in, rows_of, write_fleet
from tests.test_spark.clusters import LOCAL, group_of, is_python, wait_for

if TYPE_CHECKING:
    from oomdb.store.places import Lake
    from tests.test_spark.clusters import Cluster, Fleet

#: Run by themselves: one Spark takes all processors.
pytestmark = pytest.mark.spark


def test_a_cluster_finds_what_one_machine_finds(
    cluster: Cluster, fleet: Fleet, tmp_path: Path
) -> None:
    lake = lake_in(tmp_path)
    on_cluster(cluster, fleet.logs, lake)
    assert rows_of(lake) == fleet.expected
    before = (tmp_path / "lake" / MANIFEST).read_bytes()
    again = on_cluster(cluster, fleet.logs, lake)
    assert (again.new_events, again.known_files) == (0, again.files)
    assert (tmp_path / "lake" / MANIFEST).read_bytes() == before


@pytest.mark.parametrize("moment", ["reading", "writing"])
def test_a_worker_that_is_killed_changes_nothing(
    cluster: Cluster, fleet: Fleet, tmp_path: Path, moment: str
) -> None:
    lake, victim = lake_in(tmp_path), cluster.workers[-1]
    running = threading.Thread(target=on_cluster, args=(cluster, fleet.logs, lake))
    running.start()
    if moment == "reading":
        wait_for(lambda: any(map(is_python, group_of(victim.pid))), 0.01)
    else:
        wait_for(lambda: any((tmp_path / "lake").glob("processes/*/*/*.parquet")), 0.005)
    cluster.kill(victim)
    assert running.is_alive()
    assert not (tmp_path / "lake" / MANIFEST).exists()
    cluster.add_worker()
    running.join()
    assert rows_of(lake) == fleet.expected


def test_large_logs_are_read_by_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was there before them is taken over, moved and joined as on one machine."""
    monkeypatch.setattr("oomdb.parts.PART_BYTES", 20_000)
    monkeypatch.setattr("oomdb.parts._DENSE_LITERALS", 1)
    logs = write_fleet(tmp_path / "logs")
    ingest(logs[:3], lake_in(tmp_path), jobs=1)
    reports = [
        syslog(report_6_1(pid=pid), "web0.example.com", f"2026-06-03T17:{pid % 60:02}:10Z")
        for pid in range(2000, 2060)
    ]
    large = tmp_path / "logs" / "large.log"
    large.write_bytes(logs[0].read_bytes() + log(*reports))
    summary = here([tmp_path / "logs"], lake_in(tmp_path))
    assert summary.new_events > 60
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, [tmp_path / "logs"])


def test_executors_write_to_an_object_store(bucket: str, tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs", hosts=2, days=1)
    lake = lake_named(f"{bucket}/fleet")
    # Java may have been started before there was a bucket.
    told = {
        f"spark.executorEnv.{name}": value
        for name, value in os.environ.items()
        if name.startswith("AWS_")
    }
    summary = spark_ingest(logs[:1], lake, master="local[2]", conf={**LOCAL, **told})
    assert summary.new_events == 1
    assert rows_of(lake) == in_one_database(tmp_path, logs[:1])


def test_a_file_that_kills_its_reader_is_set_aside_alone(tmp_path: Path) -> None:
    expected = in_one_database(tmp_path, write_fleet(tmp_path / "logs"))
    poison = tmp_path / "logs" / "poison.log.gz"
    lines = [os.urandom(40).hex().encode() + b"\n" for _ in range(10_000)]
    with gzip.open(poison, "wb", compresslevel=1) as file:
        for _ in range(60):
            random.shuffle(lines)
            file.writelines(lines)
    killed: list[int] = []
    is_over = threading.Event()
    killer = threading.Thread(target=kill_readers, args=(poison, killed, is_over))
    killer.start()
    try:
        summary = here([tmp_path / "logs"], lake_in(tmp_path))
    finally:
        is_over.set()
        killer.join()
    assert len(killed) >= 2
    assert summary.set_aside == [(str(poison), "reading it ended the process by SIGKILL")]
    assert rows_of(lake_in(tmp_path)) == expected


def kill_readers(path: Path, killed: list[int], is_over: threading.Event) -> None:
    """Kill every process but this that opens a file, as the kernel does when memory runs out."""
    while not is_over.wait(0.002):
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            pid = int(link.parts[2])
            try:
                if pid != os.getpid() and link.readlink() == path:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
            except OSError:
                continue


def on_cluster(cluster: Cluster, logs: Path, lake: Lake) -> Summary:
    return spark_ingest([logs], lake, master=cluster.master, conf=cluster.conf)


def here(logs: list[Path], lake: Lake) -> Summary:
    return spark_ingest(logs, lake, master="local[2]", conf=LOCAL)
