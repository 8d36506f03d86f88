"""Each incident once, on the right host, however often and in whatever order it is read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oomdb import databases
from oomdb.databases import mark
from oomdb.errors import UsageError
from oomdb.ingest import Options, ingest
from oomdb.reparse import reparse
from oomdb.store.dump import canonical
from oomdb.store.writer import Store
from oomdb.transfer import bring
from oomdb.verify import verify
from tests.printed import dmesg, log, report_6_1, syslog
from tests.test_cli import InProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from oomdb.store.content import Seen

pytestmark = pytest.mark.usefixtures("views_unkept")

FIRST, SECOND = report_6_1(pid=11, free_kb=801), report_6_1(pid=12, free_kb=802)
#: One machine's two incidents and another's one, as several programs keep them.
FILES = {
    "web1/dmesg": log(dmesg(FIRST, 7.0), dmesg(SECOND, 70.0)),
    "web1/kern.log": log(
        [f"Jun  4 17:19:10 web1 kernel: {line}" for line in dmesg(FIRST, 7.0)],
        [f"Jun  4 17:20:13 web1 kernel: {line}" for line in dmesg(SECOND, 70.0)],
    ),
    "web1/messages": log(syslog(FIRST, "web1.example.com")),
    "web1/cut": log(dmesg(SECOND, 70.0)[8:]),
    "web1/head": log(dmesg(SECOND, 70.0)[:-3]),
    "web1/stub": log(dmesg(SECOND, 70.0)[:4]),
    # Two events of this log alone are one with another that holds the whole report.
    "web1/turned": log(dmesg(SECOND, 70.0)[8:], dmesg(SECOND, 70.0)[:-3]),
    "web1/messages.1": log(syslog(FIRST, "web1.example.com")[:2]),
    "web2/kern.log": log(
        [f"Jun  9 03:00:00 web2 kernel: {line}" for line in dmesg(FIRST, 500.0)],
    ),
}


def write_files(folder: Path) -> None:
    for name, data in FILES.items():
        path = folder / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files, and the database of one ingest of all; it is only read."""
    folder = tmp_path_factory.mktemp("once")
    write_files(folder)
    ingest([folder / "logs" / name for name in FILES], folder / "oomdb.duckdb")
    return folder


def test_three_incidents_of_two_machines_out_of_nine_files(at_once: Path) -> None:
    with databases.open_for_reading(at_once / "oomdb.duckdb") as reader:
        events = reader.connection.execute(
            "SELECT h.hostname, v.pid, COUNT(DISTINCT s.source_id), MAX(e.damage)"
            " FROM events AS e JOIN victims AS v USING (event_id)"
            " JOIN sightings AS s USING (event_id) LEFT JOIN hosts AS h USING (host_id)"
            " GROUP BY e.event_id, h.hostname, v.pid ORDER BY 1, 2"
        ).fetchall()
    assert events == [
        ("web1.example.com", 11, 4, None),
        ("web1.example.com", 12, 6, None),
        ("web2", 11, 1, None),
    ]


@settings(max_examples=5, deadline=None)
@given(
    st.permutations(list(FILES)),
    st.lists(st.integers(1, 5), max_size=2),
    st.integers(1, len(FILES)),
)
def test_any_order_any_batches_and_any_split_into_runs_give_the_same_database(
    at_once: Path, order: list[str], cuts: list[int], batch: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("oomdb.ingest._BATCH_LOGS", batch)
        database = Path(folder) / "oomdb.duckdb"
        for first, last in pairwise(sorted({0, *cuts, len(order)})):
            ingest([at_once / "logs" / name for name in order[first:last]], database)
        assert content(database) == content(at_once / "oomdb.duckdb")


@settings(max_examples=3, deadline=None)
@given(
    st.fixed_dictionaries({name: st.integers(0, len(data)) for name, data in FILES.items()}),
    st.permutations(list(FILES)),
    st.integers(1, 3),
)
def test_logs_that_grow_hold_what_they_hold_read_at_once(
    sizes: dict[str, int], order: list[str], batch: int
) -> None:
    """However few reports are added at a time, and wherever the logs ended before."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("oomdb.store.writer.Store.batch_reports", batch)
        patch.setattr("oomdb.incidents.drafts._MOST_REPORTS", 1)
        grown, at_once = Path(folder) / "grown.duckdb", Path(folder) / "at_once.duckdb"
        for write in (lambda name: FILES[name][: sizes[name]], FILES.__getitem__):
            for name in order:
                path = Path(folder) / "logs" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(write(name))
            ingest([Path(folder) / "logs" / name for name in order], grown)
        patch.undo()
        ingest([Path(folder) / "logs" / name for name in FILES], at_once)
        assert content(grown) == content(at_once)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "oomdb.duckdb"


def content(database: Path) -> list[str]:
    """What the database holds."""
    with databases.open_for_reading(database) as reader:
        return list(canonical(reader))


def paths(database: Path) -> list[str]:
    """The names of the sources."""
    with databases.open_for_reading(database) as reader:
        found = reader.connection.execute("SELECT path FROM sources ORDER BY path").fetchall()
    return [Path(row[0]).name for row in found]


def test_a_renamed_file_is_known_by_its_content(tmp_path: Path, database: Path) -> None:
    old, new = tmp_path / "kern.log", tmp_path / "kern.log.1"
    old.write_bytes(FILES["web1/kern.log"])
    assert ingest([old], database).new_events == 2
    old.rename(new)
    summary = ingest([new], database)
    assert (summary.new_events, summary.known_files, summary.known_events) == (0, 1, 2)
    assert paths(database) == ["kern.log.1"]


def test_an_unchanged_file_is_not_opened(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(FILES["web1/kern.log"])
    ingest([path], database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oomdb.sources.files.opened", None)
        summary = ingest([path], database)
    assert (summary.known_files, summary.known_events, summary.new_events) == (1, 2, 0)


def test_a_report_half_written_is_completed_when_the_file_has_grown(
    tmp_path: Path, database: Path
) -> None:
    path = tmp_path / "kern.log"
    lines = [f"{line}\n".encode() for line in dmesg(FIRST, 7.0)]
    for count in (len(lines) - 4, len(lines) - 2):
        path.write_bytes(b"".join(lines[:count]))
        ingest([path], database)
    with databases.open_for_reading(database) as reader:
        [(damage,)] = reader.connection.execute("SELECT damage FROM events").fetchall()
    assert "cut_end" in damage
    path.write_bytes(b"".join(lines))
    summary = ingest([path], database)
    assert (summary.new_events, summary.known_events) == (0, 1) or summary.new_events == 1
    with databases.open_for_reading(database) as reader:
        events = reader.connection.execute("SELECT damage FROM events").fetchall()
    assert events == [(None,)]
    grown = content(database)
    database.unlink()
    ingest([path], database)
    assert content(database) == grown


def test_a_log_copied_and_truncated_is_one_source_for_its_old_content(
    tmp_path: Path, database: Path
) -> None:
    """logrotate's copytruncate, with lines that came between the last ingest and the copy."""
    log_path, rotated = tmp_path / "kern.log", tmp_path / "kern.log.1"
    log_path.write_bytes(FILES["web1/kern.log"])
    ingest([log_path], database)
    rotated.write_bytes(FILES["web1/kern.log"] + b"Jun  5 00:00:00 web1 kernel: quiet\n")
    log_path.write_bytes(FILES["web2/kern.log"])
    summary = ingest([log_path, rotated], database)
    assert (summary.new_events, summary.known_events) == (1, 2)
    assert paths(database) == ["kern.log", "kern.log.1"]
    rotation = content(database)
    database.unlink()
    ingest([rotated, log_path], database)
    assert content(database) == rotation


def test_a_second_copy_beside_the_first_is_a_place_of_its_own(
    tmp_path: Path, database: Path
) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(FILES["web1/kern.log"])
    summary = ingest([tmp_path / "a.log", tmp_path / "b.log"], database)
    assert (summary.new_events, summary.known_events) == (2, 2)
    assert paths(database) == ["a.log", "b.log"]


def test_other_options_read_a_file_again(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "dmesg"
    path.write_bytes(log([f"[Tue Jun  4 17:19:10 2024] {line}" for line in FIRST]))
    ingest([path], database)
    summary = ingest([path], database, Options(zone=ZoneInfo("Europe/Berlin")))
    assert (summary.new_events, summary.known_events) == (0, 1)
    with databases.open_for_reading(database) as reader:
        found = reader.connection.execute("SELECT occurred_at, time_basis FROM events").fetchall()
    assert found == [(datetime(2024, 6, 4, 15, 19, 10), "dmesg_clock+zone:option")]


def test_one_log_dates_the_other_events_of_a_boot(tmp_path: Path, database: Path) -> None:
    (tmp_path / "dmesg").write_bytes(log(dmesg(FIRST, 7.0), dmesg(SECOND, 70.0)))
    received = [f"2024-06-04T17:19:10Z web1 kernel: {line}" for line in dmesg(FIRST, 7.0)]
    (tmp_path / "kern.log").write_bytes(log(received))
    ingest([tmp_path / "dmesg", tmp_path / "kern.log"], database)
    with databases.open_for_reading(database) as reader:
        found = reader.connection.execute(
            "SELECT occurred_at, time_basis FROM events ORDER BY occurred_at"
        ).fetchall()
    assert found == [
        (datetime(2024, 6, 4, 17, 19, 10), "stamp"),
        (datetime(2024, 6, 4, 17, 20, 13), "boot_clock:shared"),
    ]
    dated = content(database)
    ingest([tmp_path / "kern.log", tmp_path / "dmesg"], database)
    assert content(database) == dated


def test_hundreds_of_hosts_in_one_file_line_by_line(tmp_path: Path, database: Path) -> None:
    reports = [
        syslog(report_6_1(pid=1000 + number, free_kb=900 + number), f"host{number}")
        for number in range(300)
    ]
    (tmp_path / "all.log").write_bytes(log(*map(list, zip(*reports, strict=True))))
    summary = ingest([tmp_path / "all.log"], database)
    assert (summary.new_events, summary.hosts, summary.unparsed_lines) == (300, 300, 0)
    with databases.open_for_reading(database) as reader:
        wrong = reader.connection.execute(
            "SELECT COUNT(*) FROM events JOIN hosts USING (host_id) JOIN victims USING (event_id)"
            " WHERE 'host' || (victims.pid - 1000) <> hosts.hostname OR damage IS NOT NULL"
        ).fetchall()
    assert wrong == [(0,)]


def test_a_killed_ingest_leaves_nothing_half_done(tmp_path: Path, database: Path) -> None:
    """Killed at moments spread over a whole run, and run again: as if it had run once."""
    write_files(tmp_path)
    command = [sys.executable, "-m", "oomdb", "ingest", "logs", "--db", str(database)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    started = time.monotonic()
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    whole_s = time.monotonic() - started
    expected = content(database)
    database.unlink()
    for part in (0.5, 0.7, 0.9):
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
        ) as process:
            time.sleep(whole_s * part)
            process.kill()
        if database.exists():
            assert content(database) == expected
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert content(database) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "logs",
        "oomdb.duckdb",
    ]


def test_fields_of_json_that_the_user_names(tmp_path: Path, database: Path) -> None:
    """They are kept with the evidence, which is read again without the option."""
    path = tmp_path / "shipped.ndjson"
    shapes = [
        {"payload": {"text": line}, "box": "web9", "when": f"2024-06-04T17:19:10.{number:06d}Z"}
        for number, line in enumerate(FIRST)
    ]
    path.write_text("".join(json.dumps(shape) + "\n" for shape in shapes))
    assert ingest([path], database).new_events == 0
    names = Options(json_fields=("message=payload.text", "host=box", "time=when"))
    assert ingest([path], database, names).new_events == 1
    before = content(database)
    with databases.open_for_reading(database) as reader:
        events = reader.connection.execute(
            "SELECT hostname, occurred_at, damage FROM events JOIN hosts USING (host_id)"
        ).fetchall()
    assert events == [("web9", datetime(2024, 6, 4, 17, 19, 10), None)]
    reparse(database)
    assert content(database) == before


def test_a_field_that_names_no_fact_is_refused(tmp_path: Path, database: Path) -> None:
    for wrong in ("message", "colour=x", "host="):
        with pytest.raises(UsageError, match="FACT=NAME"):
            ingest([tmp_path], database, Options(json_fields=(wrong,)))


def test_evidence_read_again_keeps_the_times_of_its_log(tmp_path: Path, database: Path) -> None:
    """In dmesg -H the minute stands lines before the report."""
    path = tmp_path / "dmesg"
    path.write_bytes(log(["[Jun 4 17:19] a"], [f"[  +0.001000] {line}" for line in FIRST]))
    ingest([path], database)
    before = content(database)
    reparse(database)
    assert content(database) == before


def test_sources_without_a_report_are_known_again(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oomdb.ingest._BATCH_LOGS", 3)
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(11):
        (logs / f"quiet-{number}.log").write_text(f"Jun  4 17:19:10 web1 a: {number}\n")
    assert ingest([logs], database).known_files == 0
    assert ingest([logs], database).known_files == 11
    for number in range(11):
        os.utime(logs / f"quiet-{number}.log", ns=(1, 1))
    assert ingest([logs], database).files == 11
    with databases.open_for_reading(database) as reader:
        counts = "SELECT (SELECT COUNT(*) FROM sources), (SELECT COUNT(*) FROM inputs)"
        assert reader.connection.execute(counts).fetchall() == [(11, 11)]


def test_a_cut_copy_joins_no_other_report_of_the_same_moment(tmp_path: Path) -> None:
    """Without the first line's stamp, nothing tells which report the stub is of."""
    (tmp_path / "a").write_bytes(log(dmesg(FIRST, 7.0)))
    (tmp_path / "b").write_bytes(log(dmesg(SECOND, 7.0005)[:4]))
    (tmp_path / "c").write_bytes(log(FIRST[:4]))
    assert ingest([tmp_path], tmp_path / "oomdb.duckdb").new_events == 3


def test_a_name_that_many_machines_have_is_no_host_where_the_path_tells_one(
    tmp_path: Path, database: Path
) -> None:
    for host, report in (("db-prod-01", FIRST), ("db-prod-02", SECOND)):
        folder = tmp_path / "logs" / host
        folder.mkdir(parents=True)
        (folder / "messages").write_bytes(log(syslog(report, "localhost")))
    (tmp_path / "logs" / "messages").write_bytes(log(syslog(report_6_1(pid=13), "localhost")))
    ingest([tmp_path / "logs"], database)
    with databases.open_for_reading(database) as reader:
        names = reader.connection.execute("SELECT hostname FROM hosts ORDER BY 1").fetchall()
    assert names == [("db-prod-01",), ("db-prod-02",), ("localhost",)]


def test_a_member_that_an_archive_holds_again_longer_is_one_source(
    tmp_path: Path, database: Path
) -> None:
    whole = FILES["web1/kern.log"]
    with tarfile.open(tmp_path / "logs.tar", "w") as archive:
        for data in (whole[: len(whole) // 2], whole):
            member = tarfile.TarInfo("web1/kern.log")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert ingest([tmp_path / "logs.tar"], database).new_events == 2
    with databases.open_for_reading(database) as reader:
        counts = "SELECT COUNT(*), MIN(size_bytes) FROM sources"
        assert reader.connection.execute(counts).fetchall() == [(1, len(whole))]


def test_hosts_are_counted_when_their_names_are_known_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(log(syslog(FIRST, "web1")))
    (tmp_path / "b").write_bytes(log(syslog(SECOND, "web1.example.com")))
    assert [ingest([tmp_path], tmp_path / "oomdb.duckdb").hosts for _ in range(2)] == [1, 1]


def test_a_host_takes_the_fuller_name_that_a_later_log_tells(
    tmp_path: Path, database: Path
) -> None:
    for name, line in (("a", syslog(FIRST, "web1")), ("b", syslog(SECOND, "web1.example.com"))):
        (tmp_path / name).write_bytes(log(line))
        ingest([tmp_path / name], database)
    with databases.open_for_reading(database) as reader:
        hosts = reader.connection.execute("SELECT hostname FROM hosts").fetchall()
    assert hosts == [("web1.example.com",)]


def test_another_ingest_ends_between_two_looks_at_the_database(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(FILES["web1/kern.log"])
    ingest([tmp_path], database)
    (tmp_path / "b").write_bytes(FILES["web2/kern.log"])
    opened, others = databases.open_for_ingest, iter([None])

    def open_later(*arguments: Any, **options: Any) -> AbstractContextManager[Store]:
        for _ in others:
            assert ingest([tmp_path], database).new_events == 1
        return opened(*arguments, **options)

    monkeypatch.setattr(databases, "open_for_ingest", open_later)
    summary = ingest([tmp_path], database)
    assert (summary.new_events, summary.known_events) == (0, 3)


@pytest.mark.parametrize("into_newer", [True, False])
def test_an_import_knows_a_log_that_has_grown(tmp_path: Path, into_newer: bool) -> None:
    path = tmp_path / "logs" / "kern.log"
    path.parent.mkdir()
    path.write_bytes(FILES["web1/kern.log"])
    older, newer = tmp_path / "older.duckdb", tmp_path / "newer.duckdb"
    ingest([path], older)
    path.write_bytes(FILES["web1/kern.log"] + log(syslog(report_6_1(pid=13), "web1")))
    ingest([path], newer)
    into, source = (newer, older) if into_newer else (older, newer)
    expected = content(newer)
    assert bring(source, into).new_events == (0 if into_newer else 1)
    assert content(into) == expected


def test_an_import_names_the_evidence_that_is_damaged(
    tmp_path: Path, database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = InProcess(database, capfd)
    for name, report in (("a", FIRST), ("b", SECOND)):
        (tmp_path / name).write_bytes(log(syslog(report, name)))
    ingest([tmp_path / "a"], database)
    other = tmp_path / "other.duckdb"
    ingest([tmp_path / "b"], other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("UPDATE sightings SET evidence = evidence[2:]")
    assert "(0 new here)" in run("import", str(other), code=3)
    assert f"left out: {tmp_path}/b:1: " in run.stderr


def test_a_host_whose_name_is_not_ascii_is_found_by_it(tmp_path: Path, database: Path) -> None:
    lines = [f"Jun  4 17:19:10 häst kernel: {line}\n" for line in FIRST]
    (tmp_path / "a").write_text("".join(lines), "utf-8")
    records = [json.dumps({"host": "häst", "message": line}) + "\n" for line in SECOND]
    (tmp_path / "b.json").write_text("".join(records), "utf-8")
    assert ingest([tmp_path], database).hosts == 1
    with databases.open_for_reading(database) as reader:
        names = reader.connection.execute("SELECT hostname FROM hosts").fetchall()
    assert names == [("häst",)]


def test_a_path_that_several_machines_have_is_a_file_of_each(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "logs" / "kern.log"
    path.parent.mkdir()
    for machine, host in (("a", "web1"), ("b", "web2")):
        monkeypatch.setattr("oomdb.known.this_machine", lambda machine=machine: machine)
        path.write_bytes(FILES[f"{host}/kern.log"])
        assert ingest([path], database).new_events > 0
        path.rename(tmp_path / machine)
    before = mark(database)
    for machine in ("a", "b"):
        monkeypatch.setattr("oomdb.known.this_machine", lambda machine=machine: machine)
        (tmp_path / machine).rename(path)
        assert ingest([path], database).known_files == 1
        path.rename(tmp_path / machine)
    assert mark(database) == before


def test_a_log_that_another_machine_has_a_copy_of_stays_where_it_was_seen(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, relayed = tmp_path / "kern.log", tmp_path / "relayed.log"
    path.write_bytes(FILES["web1/kern.log"])
    monkeypatch.setattr("oomdb.known.this_machine", lambda: "a")
    ingest([path], database)
    path.rename(relayed)
    monkeypatch.setattr("oomdb.known.this_machine", lambda: "b")
    assert ingest([relayed], database).new_events == 0
    assert paths(database) == ["kern.log", "relayed.log"]


def test_an_import_loses_no_report_of_a_log_that_was_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    older, newer = tmp_path / "older.duckdb", tmp_path / "newer.duckdb"
    lines = [f"Jun  4 17:19:10 web1 kernel: {line}" for line in dmesg(FIRST, 7.0)]
    path.write_bytes(log(lines, syslog(SECOND, "web1")))
    ingest([path], older)
    path.write_bytes(log(lines, ["Jun  5 00:00:00 web1 kernel: quiet"] * 1000))
    ingest([path], newer)
    assert bring(older, newer).new_events == 1


@pytest.mark.parametrize("most", ["batch_reports", "batch_bytes"])
def test_a_grown_log_of_several_batches_has_one_new_report(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    monkeypatch.setattr(Store, most, 1)
    monkeypatch.setattr("oomdb.incidents.drafts._MOST_REPORTS", 1)
    added: list[int] = []
    add = Store.add

    def noting(self: Store, seen: Sequence[Seen]) -> None:
        added.append(len(seen))
        add(self, seen)

    monkeypatch.setattr(Store, "add", noting)
    reports = [dmesg(report_6_1(pid=pid), 10.0 * pid) for pid in range(11, 15)]
    (tmp_path / "dmesg").write_bytes(log(*reports[:3]))
    assert ingest([tmp_path / "dmesg"], database).new_events == 3
    (tmp_path / "dmesg").write_bytes(log(*reports))
    summary = ingest([tmp_path / "dmesg"], database)
    assert (summary.new_events, summary.known_events) == (1, 3)
    assert max(added) == 1
    done = reparse(database)
    assert (done.events_before, done.events, done.new_events) == (4, 4, 0)
    made = tmp_path / "again.duckdb"
    ingest([tmp_path / "dmesg"], made)
    assert content(made) == content(database)


def test_an_unchanged_log_has_the_reports_of_its_last_version(
    tmp_path: Path, database: Path
) -> None:
    """Written anew twice, each time without some that it had."""
    reports = [dmesg(report_6_1(pid=pid), 10.0 * pid) for pid in range(11, 15)]
    path = tmp_path / "dmesg"
    for first, last in ((0, 3), (1, 3), (2, 4)):
        path.write_bytes(log(*reports[first:last]))
        ingest([path], database)
    summary = ingest([path], database)
    assert (summary.known_files, summary.new_events, summary.known_events) == (1, 0, 2)


def test_a_line_that_was_printed_twice_stays_so_when_evidence_is_read_again(
    tmp_path: Path, database: Path
) -> None:
    line = syslog(dmesg(report_6_1()[-1:]))
    (tmp_path / "kern.log").write_bytes(log(line, line))
    ingest([tmp_path / "kern.log"], database)
    expected = content(database)
    assert any("duplicated" in row for row in expected)
    reparse(database)
    assert content(database) == expected


@pytest.mark.parametrize("word", ["duplicated", "interleaved"])
@pytest.mark.parametrize("batch", [1, 500])
def test_what_a_log_showed_round_a_report_stays_when_another_log_names_its_host(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch, word: str, batch: int
) -> None:
    one, other = syslog(FIRST), syslog(SECOND)
    shown = [*one[:8], *other[:9], *one[8:], *other[9:]]
    if word == "duplicated":
        shown = syslog(dmesg(FIRST[-1:])) * 2
    monkeypatch.setattr(Store, "batch_reports", batch)
    (tmp_path / "a").write_bytes(log(shown))
    ingest([tmp_path / "a"], database)
    (tmp_path / "b").write_bytes(log(syslog(FIRST[-1:], "web1.example.com")))
    ingest([tmp_path / "b"], database)
    with databases.open_for_reading(database) as reader:
        damages = reader.connection.execute("SELECT copy_damage FROM sightings").fetchall()
    assert sum(word in str(damage).split(",") for (damage,) in damages) == len(damages) - 1
    assert verify(database, again=True).problems == []
    expected = content(database)
    reparse(database)
    assert content(database) == expected
    ingest([tmp_path / "a", tmp_path / "b"], tmp_path / "once.duckdb")
    assert content(tmp_path / "once.duckdb") == expected


@pytest.mark.parametrize("order", ["ac", "ca", "abc", "cba"])
@pytest.mark.parametrize("pid", [11, 12])
def test_a_log_that_shows_a_line_once_has_the_better_copy(
    tmp_path: Path, database: Path, order: str, pid: int
) -> None:
    line = dmesg(report_6_1(pid=pid)[-1:])
    (tmp_path / "a").write_bytes(log(syslog(line), syslog(line)))
    (tmp_path / "b").write_bytes(log(syslog(line, "web1.example.com")))
    (tmp_path / "c").write_bytes(log(syslog(line)))
    for name in order:
        ingest([tmp_path / name], database)
    with databases.open_for_reading(database) as reader:
        ask = reader.connection.execute
        damages = ask("SELECT copy_damage FROM sightings ORDER BY copy_damage").fetchall()
        damage = ask("SELECT damage FROM events").fetchall()
    assert damages == [("duplicated,no_dump",), *[("no_dump",)] * (len(order) - 1)]
    assert damage == [("no_dump",)]
    assert verify(database, again=True).problems == []


def test_a_piece_without_a_number_of_its_own_is_one_event_in_every_log(
    tmp_path: Path, database: Path
) -> None:
    """Though one of them shows a line of it twice."""
    piece = syslog(dmesg(FIRST, 7.0), "web1")[12:18]
    (tmp_path / "a").write_bytes(log(piece, piece[-1:]))
    (tmp_path / "b").write_bytes(log(piece))
    assert ingest([tmp_path / "a", tmp_path / "b"], database).new_events == 1
    assert verify(database, again=True).problems == []


def test_an_event_that_was_like_one_that_is_gone_has_the_name_it_has_alone(
    tmp_path: Path, database: Path
) -> None:
    """Two machines' reports were the same as far as both were written."""
    later = syslog(FIRST, "web2", "Jun  9 03:00:00")
    logs = {"web1": log(syslog(FIRST, "web1")), "web2": log(later)}
    zone = b"Node 0 DMA free:801kB"
    cut = {name: data[: data.index(zone) + len(zone)] for name, data in logs.items()}
    for name, data in cut.items():
        (tmp_path / name).write_bytes(data)
        ingest([tmp_path / name], database)
    (tmp_path / "web2").write_bytes(logs["web2"])
    ingest([tmp_path / "web2"], database)
    made = tmp_path / "once.duckdb"
    ingest([tmp_path / "web1", tmp_path / "web2"], made)
    assert content(database) == content(made)


def summed(paths: list[Path], database: Path) -> tuple[int, int, int, int]:
    """What the summary of an ingest tells of events."""
    summary = ingest(paths, database, jobs=1)
    assert sum(summary.events_by_kind.values()) == summary.new_events
    with databases.open_for_reading(database) as reader:
        every = reader.event_count()
        kinds = reader.connection.execute("SELECT kind, COUNT(*) FROM events GROUP BY kind")
        if every == summary.new_events:
            assert dict(kinds.fetchall()) == summary.events_by_kind
    return summary.new_events, summary.known_events, summary.damaged_events, every


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_a_summary_tells_what_all_logs_come_to_however_few_reports_are_added_at_a_time(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(Store, "batch_reports", batch)
    monkeypatch.setattr("oomdb.incidents.drafts._MOST_REPORTS", 1)
    a, b, c, z = (tmp_path / name for name in "abcz")
    # Two halves, which only the whole one shows to be of one event.
    a.write_bytes(log(dmesg(SECOND, 70.0)[8:], dmesg(SECOND, 70.0)[:-3]))
    z.write_bytes(log(syslog(dmesg(SECOND, 70.0))))
    assert summed([a, z], database) == (1, 1, 0, 1)
    # A kill that two machines' reports have, of which it may be either.
    a.write_bytes(log(FIRST[-1:]))
    b.write_bytes(log(syslog(FIRST, "web1")))
    c.write_bytes(log(syslog(FIRST, "web2", "Jun  9 03:00:00")))
    assert summed([a, b, c], tmp_path / "three.duckdb") == (2, 1, 0, 2)
    # A report between whose lines those of another stand, and in the other log none.
    one, other = syslog(FIRST), syslog(SECOND)
    a.write_bytes(log(one[:8], other[:9], one[8:], other[9:]))
    b.write_bytes(log(syslog(FIRST)))
    for first, second in ((a, b), (b, a)):
        made = tmp_path / f"{first.name}.duckdb"
        assert summed([first, second], made) == (2, 1, 1, 2)
    # A report beside its own beginning.
    a.write_bytes(log(syslog(FIRST)[:-3], syslog(FIRST)))
    assert summed([a], tmp_path / "two.duckdb") == (1, 0, 0, 1)


@pytest.mark.parametrize("batch", [2, 500])
def test_a_summary_knows_a_report_again_whose_log_has_grown_and_whose_piece_is_read_first(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(Store, "batch_reports", batch)
    monkeypatch.setattr("oomdb.incidents.drafts._MOST_REPORTS", 1)
    a, z = tmp_path / "a", tmp_path / "z"
    kills = [syslog(report_6_1(pid=100 + n, free_kb=900 + n)[-1:]) for n in range(5)]
    z.write_bytes(log(*kills, syslog(SECOND)))
    assert summed([z], database) == (6, 0, 5, 6)
    z.write_bytes(log(*kills, syslog(SECOND), syslog(FIRST)))
    a.write_bytes(log(syslog(SECOND)[:-3]))
    assert summed([a, z], database) == (1, 7, 0, 7)


@pytest.mark.parametrize("into_newer", [False, True])
@pytest.mark.parametrize("cut", [2, -1, None])
def test_an_import_knows_a_log_whose_last_report_went_on(
    tmp_path: Path, into_newer: bool, cut: int | None
) -> None:
    path = tmp_path / "dmesg"
    older, newer = tmp_path / "older.duckdb", tmp_path / "newer.duckdb"
    reaped = "oom_reaper: reaped process 11 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB"
    path.write_bytes(log(SECOND, FIRST[:cut]))
    ingest([path], older)
    path.write_bytes(log(SECOND, FIRST, [reaped]))
    ingest([path], newer)
    expected = content(newer)
    source, target = (older, newer) if into_newer else (newer, older)
    bring(source, target)
    assert content(target) == expected
    assert paths(target) == ["dmesg"]
