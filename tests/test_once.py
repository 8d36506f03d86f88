"""Each incident once, on the right host, however often and in whatever order it is read."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from oomdb.ingest import ingest
from oomdb.store.database import Store
from oomdb.store.dump import canonical
from tests.printed import dmesg, log, report_6_1, syslog

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
    "web2/kern.log": log(
        [f"Jun  9 03:00:00 web2 kernel: {line}" for line in dmesg(FIRST, 500.0)],
    ),
}


def filled(folder: Path, runs: list[list[str]]) -> tuple[list[str], list[tuple[object, ...]]]:
    """The canonical dump and the events after the runs, each over some of the files."""
    database = folder / "oomdb.duckdb"
    for name, data in FILES.items():
        path = folder / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for names in runs:
        ingest([folder / "logs" / name for name in names], database)
    with Store.open_for_reading(database) as reader:
        lines = list(canonical(reader))
        events = reader.connection.execute(
            "SELECT h.hostname, v.pid, COUNT(DISTINCT s.source_id), MAX(e.damage)"
            " FROM events AS e JOIN victims AS v USING (event_id)"
            " JOIN sightings AS s USING (event_id) LEFT JOIN hosts AS h USING (host_id)"
            " GROUP BY e.event_id, h.hostname, v.pid ORDER BY 1, 2"
        ).fetchall()
    return lines, events


def test_three_incidents_of_two_machines_out_of_six_files(tmp_path: Path) -> None:
    _, events = filled(tmp_path, [list(FILES)])
    assert events == [
        ("web1.example.com", 11, 3, None),
        ("web1.example.com", 12, 4, None),
        ("web2", 11, 1, None),
    ]


@settings(max_examples=8, deadline=None)
@given(st.permutations(list(FILES)), st.lists(st.integers(1, 5), max_size=2))
def test_any_order_and_any_split_into_runs_gives_the_same_database(
    order: list[str], cuts: list[int]
) -> None:
    bounds = sorted({0, *cuts, len(order)})
    runs = [order[first:last] for first, last in pairwise(bounds)]
    with tempfile.TemporaryDirectory() as folder:
        expected, _ = filled(Path(folder), [list(FILES)])
        (Path(folder) / "oomdb.duckdb").unlink()
        assert filled(Path(folder), runs)[0] == expected


def test_a_renamed_file_is_known_by_its_content(tmp_path: Path) -> None:
    database, old, new = tmp_path / "d.duckdb", tmp_path / "kern.log", tmp_path / "kern.log.1"
    old.write_bytes(FILES["web1/kern.log"])
    assert ingest([old], database).new_events == 2
    old.rename(new)
    summary = ingest([new], database)
    assert (summary.new_events, summary.known_files, summary.known_events) == (0, 1, 2)
