"""A lake holds what a database holds, however it came to it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from oomdb import cli, databases
from oomdb.errors import DamagedDatabaseError, NewerDatabaseError, OomdbError
from oomdb.ingest import ingest
from oomdb.reparse import reparse
from oomdb.store.places import MANIFEST, Lake, full_name, lake_named
from oomdb.verify import verify
from tests.printed import dmesg, log, report_6_1, syslog
from tests.tables_alone import tables_alone
from tests.test_lake.lakes import (
    in_one_database,
    lake_in,
    read,
    rows_of,
    undated,
    write_fleet,
)
from tools import fleet_of_samples


def test_one_ingest_gives_what_a_database_holds(tmp_path: Path) -> None:
    fleet_of_samples.write(tmp_path / "logs")
    summary = read([tmp_path / "logs"], lake_in(tmp_path))
    assert summary.new_events == 50
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, [tmp_path / "logs"])


def test_many_ingests_in_any_order_give_the_same(tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs", hosts=2)
    for one in reversed(logs):
        read([one], lake_in(tmp_path))
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, logs)


def test_logs_beside_a_lake_whose_name_theirs_begins_with_are_read(tmp_path: Path) -> None:
    write_fleet(tmp_path / "lake-logs", hosts=1, days=1)
    assert read([tmp_path], lake_in(tmp_path)).new_events == 1
    assert read([tmp_path], lake_in(tmp_path)).known_files == 2


def test_the_same_content_has_the_same_names(fleet: Path, tmp_path: Path) -> None:
    logs = sorted((fleet / "logs").iterdir())
    read(logs[:3], lake_in(tmp_path))
    read(logs[3:], lake_in(tmp_path))
    found = [manifest_of(lake_in(folder))["files"] for folder in (fleet, tmp_path)]
    for files in found:
        for history in ("custody", "custody_sources", "sources", "inputs"):
            del files[history]
    assert found[0] == found[1]
    assert len(found[0]["events"]) >= 3


def test_what_was_read_before_writes_nothing(fleet: Path, filled: Lake) -> None:
    before = files_in(filled)
    summary = read([fleet / "logs"], filled)
    assert (summary.new_events, summary.known_files) == (0, 6)
    assert files_in(filled) == before


def test_a_log_that_grows_and_one_that_is_rotated_away(tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs", hosts=2)
    read(logs, lake_in(tmp_path))
    with logs[0].open("ab") as file:
        file.write(log(syslog(report_6_1(pid=77), "web0.example.com", "2026-06-05T01:02:03Z")))
    logs[-1].rename(logs[-1].with_suffix(".log.1"))
    read([tmp_path / "logs"], lake_in(tmp_path))
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, [tmp_path / "logs"])


def test_a_later_log_moves_events_to_another_place(tmp_path: Path) -> None:
    """A fuller name is another host, and a dated copy gives a day: places change with both."""
    folder = tmp_path / "logs"
    folder.mkdir()
    short = folder / "a.log"
    short.write_bytes(log(syslog(report_6_1(pid=9), "web9", "2026-06-03T10:00:00Z")))
    clock = undated(folder, "b.log", pid=10)
    read([short, clock], lake_in(tmp_path))
    places = set(manifest_of(lake_in(tmp_path))["files"]["processes"])
    assert any("day=unknown" in place for place in places)
    full = folder / "c.log"
    full.write_bytes(log(syslog(report_6_1(pid=11), "web9.example.com", "2026-06-03T11:00:00Z")))
    dated = folder / "d.log"
    stamped = dmesg(report_6_1(pid=10))
    dated.write_bytes(log(syslog(stamped, "db1", "2026-06-04T10:00:00Z")))
    read([full, dated], lake_in(tmp_path))
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, [folder])
    moved = set(manifest_of(lake_in(tmp_path))["files"]["processes"])
    assert not any("day=unknown" in place for place in moved)


def test_evidence_that_stayed_in_the_files_is_read_again(tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs", hosts=1, days=2)
    read(logs, lake_in(tmp_path))
    before = rows_of(lake_in(tmp_path))
    done = reparse(lake_in(tmp_path))
    assert (done.events_before, done.events, done.lost) == (2, 2, ())
    assert rows_of(lake_in(tmp_path)) == before


def one_more(folder: Path) -> Path:
    """A log of another report of a host of the fleet."""
    path = folder / "more.log"
    path.write_bytes(log(syslog(report_6_1(pid=77), "web0.example.com", "2026-06-01T18:00:00Z")))
    return path


def test_an_imported_label_is_kept(filled: Lake, tmp_path: Path) -> None:
    from oomdb.fleet.labels import import_labels

    labels = tmp_path / "labels.csv"
    labels.write_text("host,role\nweb1*,front\n")
    import_labels(labels, filled.folder or Path())
    read([one_more(tmp_path)], filled)
    with databases.open_for_reading(filled) as reader:
        found = reader.connection.execute("SELECT value FROM host_labels").fetchall()
        entries = reader.connection.execute("SELECT COUNT(*) FROM custody").fetchall()
    assert (found, entries) == ([("front",)], [(3,)])


def test_leftovers_are_not_read_and_go(
    fleet: Path, filled: Lake, expected: list[str], tmp_path: Path
) -> None:
    folder = filled.folder or Path()
    known = next(folder.glob("processes/*/*/*.parquet"))
    leftover = known.with_name(f"{'0' * 64}.parquet")
    leftover.write_bytes(known.read_bytes())
    foreign = known.with_name("mine.parquet")
    foreign.write_bytes(known.read_bytes())
    assert rows_of(filled) == expected
    more = one_more(tmp_path)
    read([more], filled)
    assert not leftover.exists()
    assert foreign.exists()
    assert rows_of(filled) == in_one_database(tmp_path, [fleet / "logs", more])


def test_a_lake_that_lost_its_manifest_is_not_begun_anew(filled: Lake, tmp_path: Path) -> None:
    manifest = (filled.folder or tmp_path) / MANIFEST
    before = files_in(filled)
    manifest.rename(tmp_path / "lost")
    with pytest.raises(OomdbError, match=f"holds files of a lake but no {MANIFEST}.*put it back"):
        read([one_more(tmp_path)], filled)
    (tmp_path / "lost").rename(manifest)
    assert files_in(filled) == before
    assert read([one_more(tmp_path)], filled).new_events == 1


def test_a_first_ingest_that_was_killed_is_no_lake_that_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("oomdb.lake.writing.publish", killed)
        with pytest.raises(KeyboardInterrupt):
            read([one_more(tmp_path)], lake_in(tmp_path))
    assert files_in(lake_in(tmp_path))
    assert read([one_more(tmp_path)], lake_in(tmp_path)).new_events == 1


def test_a_reader_keeps_the_lake_that_it_opened(filled: Lake, tmp_path: Path) -> None:
    with databases.open_for_reading(filled) as reader:
        read([one_more(tmp_path)], filled)
        assert reader.event_count() == 12
    with databases.open_for_reading(filled) as reader:
        assert reader.event_count() == 13


def test_a_killed_writer_leaves_the_lake_as_it_was(tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs", days=4)
    read(logs[:2], lake_in(tmp_path))
    before = files_in(lake_in(tmp_path))
    command = [sys.executable, "-m", "oomdb", "ingest", "--lake", str(lake_in(tmp_path))]
    writer = subprocess.Popen([*command, str(tmp_path / "logs")], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while files_in(lake_in(tmp_path)).keys() <= before.keys() and time.monotonic() < end:
        assert writer.poll() is None
        time.sleep(0.01)
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    after = files_in(lake_in(tmp_path))
    assert after[MANIFEST] == before[MANIFEST]
    assert len(after) > len(before)
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, logs[:2])
    read(logs, lake_in(tmp_path))
    assert rows_of(lake_in(tmp_path)) == in_one_database(tmp_path, logs)
    named = {name for name in files_in(lake_in(tmp_path)) if name.endswith(".parquet")}
    manifest = manifest_of(lake_in(tmp_path))
    assert len(named) == len(manifest["retired"]) + sum(map(len, manifest["files"].values()))


def test_a_lake_in_an_object_store(fleet: Path, expected: list[str], tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    logs = sorted((fleet / "logs").iterdir())
    lake = lake_named(f"memory://{tmp_path.name}/lake")
    read(logs[:4], lake)
    read(logs, lake)
    assert rows_of(lake) == expected


def test_an_error_of_an_object_stores_own_names_the_lake(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")

    class Closed(fsspec.AbstractFileSystem):  # type: ignore[misc, name-defined]
        def cat_file(self, *_: object, **__: object) -> bytes:
            raise RuntimeError("no credentials")

    fsspec.register_implementation("closed", Closed, clobber=True)
    lake = lake_named("closed://ann:s3cret@bucket/lake")
    with pytest.raises(OomdbError, match=r"closed://ann@bucket/lake/.*no credentials"):
        read(write_fleet(tmp_path / "logs"), lake)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(OomdbError, match=r"pip install 'oomdb\[lake\]'"):
        read(write_fleet(tmp_path / "logs"), lake_named("s3://bucket/lake"))


def test_a_password_in_the_url_of_a_lake_is_not_shown() -> None:
    lake = lake_named("sftp://ann:s3cret@host/lake")
    assert str(lake) == full_name(lake) == "sftp://ann@host/lake"


def test_a_damaged_file_that_rows_are_taken_over_of_is_named(tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs", hosts=1, days=1)
    read(logs[:1], lake_in(tmp_path))
    damaged = next((lake_in(tmp_path).folder or Path()).glob("processes/*/*/*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-8])
    with pytest.raises(DamagedDatabaseError, match=damaged.name):
        read([one_more(tmp_path)], lake_in(tmp_path))


def test_a_folder_of_something_else_is_not_made_a_lake(tmp_path: Path) -> None:
    logs = write_fleet(tmp_path / "logs")
    with pytest.raises(OomdbError, match="is no lake"):
        ingest(logs, lake_named(tmp_path / "logs"))
    assert sorted((tmp_path / "logs").iterdir()) == sorted(logs)


def test_a_lake_that_is_none_or_newer(filled: Lake, tmp_path: Path) -> None:
    with pytest.raises(OomdbError, match="no lake at"):
        rows_of(lake_named(tmp_path / "none"))
    manifest = manifest_of(filled)
    path = (filled.folder or Path()) / MANIFEST
    path.write_text(json.dumps({**manifest, "format": 3}))
    with pytest.raises(OomdbError, match="newer oomdb"):
        rows_of(filled)
    others = {**manifest["files"], "weather": {}}
    path.write_text(json.dumps({**manifest, "schema": "9001", "files": others}))
    with pytest.raises(NewerDatabaseError, match="schema 9001"):
        rows_of(filled)
    path.write_text(json.dumps({**manifest, "files": others}))
    with pytest.raises(DamagedDatabaseError, match="weather"):
        rows_of(filled)
    path.write_text('{"format": 1}')
    with pytest.raises(OomdbError, match="is damaged"):
        rows_of(filled)


@tables_alone()
def test_verify_finds_a_changed_file_and_a_missing_one(filled: Lake) -> None:
    folder = filled.folder or Path()
    done = verify(folder, again=True)
    assert (done.problems, done.evidence, done.head is not None) == ([], 14, True)
    changed, missing = sorted(folder.glob("processes/*/*/*.parquet"))[:2]
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE ('sshd' AS comm) FROM '{changed}') TO '{changed}'"
        )
    missing.unlink()
    found = [(one.subject, one.problem) for one in verify(folder).problems]
    names = [path.relative_to(folder).as_posix() for path in (changed, missing)]
    assert (names[0], "it was changed: its name is not the SHA-256 of its content") in found
    assert (names[1], "it is not there") in found
    with pytest.raises(OomdbError, match=f"lacks .*{missing.name}"):
        rows_of(filled)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fleet(tmp_path / "logs", hosts=2, days=1)
    folder = str(tmp_path / "lake")

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setattr(sys, "argv", ["oomdb", *arguments])
            cli.main()
        return int(ended.value.code or 0), capsys.readouterr().out

    assert run("ingest", "--lake", folder, str(tmp_path / "logs"))[0] == 0
    assert run("sql", "--db", folder, "SELECT COUNT(*) AS n FROM events", "-f", "csv") == (
        0,
        "n\n2\n",
    )
    assert run("query", "--db", folder, "killed_processes", "-f", "csv")[1].count("\n") == 3
    assert "java" in run("explain", "--db", folder, "latest")[1]
    assert (
        "2 processes killed on 2"
        in run("report", "--db", folder, "--since", "2026-06-01", "--until", "2026-06-08")[1]
    )


def manifest_of(lake: Lake) -> dict[str, dict[str, dict[str, str]]]:
    assert lake.folder is not None
    found: dict[str, dict[str, dict[str, str]]]
    found = json.loads((lake.folder / MANIFEST).read_text())
    return found


def files_in(lake: Lake) -> dict[str, tuple[int, int]]:
    """Every file with its inode number and when it was changed, but for one that goes meanwhile."""
    assert lake.folder is not None
    found = {}
    for path in lake.folder.rglob("*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # a writer has given it its name
        if stat.S_ISREG(status.st_mode) and path.suffix != ".lock":
            found[path.relative_to(lake.folder).as_posix()] = (status.st_ino, status.st_mtime_ns)
    return found


@pytest.mark.parametrize(
    "change",
    [
        {"retired": ["../victim.parquet"]},
        {"retired": ["events/../../victim.parquet"]},
        {"retired": [5]},
        {"going": ["../victim.parquet"]},
        {"number": -1},
        {"retired": ["/" + "0" * 64 + ".parquet"]},
        {"buckets": 0},
        {"buckets": 10**30},
        {"schema": None},
        {"files": {}},
        {"files": {"events": {"../..": "0" * 64}}},
        {"files": {"../events": {"": "0" * 64}}},
        {"files": {"events": {"": "../../victim"}}},
        {"files": {"events": {"day=2026-05-31/bucket=02\0": "0" * 64}}},
    ],
    ids=json.dumps,
)
def test_a_manifest_that_names_anything_else_is_refused(
    filled: Lake, tmp_path: Path, change: dict[str, Any]
) -> None:
    """Files that it calls retired are removed by the next writer."""
    victim = tmp_path / "victim.parquet"
    victim.write_bytes(b"of somebody else")
    manifest = (filled.folder or Path()) / MANIFEST
    told = json.loads(manifest.read_bytes())
    files = {**told["files"], **change["files"]} if change.get("files") else change.get("files")
    told |= change if files is None else {"files": files}
    manifest.write_text(json.dumps(told))
    with pytest.raises(DamagedDatabaseError, match=MANIFEST):
        read([one_more(tmp_path)], filled)
    with pytest.raises(DamagedDatabaseError, match=MANIFEST), databases.open_for_reading(filled):
        pass
    assert victim.exists()
    assert json.loads(manifest.read_text()) == told
