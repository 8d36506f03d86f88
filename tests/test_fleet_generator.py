"""The fleet of the benchmarks: what its logs hold is read from them, and nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from benchmarks.fleet import carriers, copies, logs, machines, noise, reports, shapes
from benchmarks.fleet.fleet import Fleet, write
from benchmarks.fleet.records import Record
from oomdb import databases
from oomdb.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.fleet.machines import Machine
    from benchmarks.fleet.records import Report

pytestmark = pytest.mark.usefixtures("views_unkept")

BOOT_S = 1_767_000_000.25
AT_S = 1_767_300_000.5
DAMAGE = "SELECT damage FROM events WHERE damage IS NOT NULL"
NONSENSE = "SELECT name, value, reason FROM extra_fields"
SEEN = """
    SELECT
        e.occurred_epoch_s, h.hostname, e.kind, e.constraint_kind, e.oom_memcg, e.invoker_comm,
        (SELECT COUNT(*) FROM processes AS p WHERE p.event_id = e.event_id),
        (SELECT COUNT(*) FROM zones AS z WHERE z.event_id = e.event_id),
        (SELECT STRING_AGG(v.pid || ' ' || v.comm, ',' ORDER BY v.victim_no)
         FROM victims AS v WHERE v.event_id = e.event_id)
    FROM events AS e LEFT JOIN hosts AS h ON h.host_id = e.host_id
"""


def one_of_each_kind(seed: int) -> list[tuple[Machine, Report]]:
    """Reports of every kind of every generation, each from a machine of its own."""
    drawn = []
    kinds = [(name, kind) for name in shapes.names() for kind in shapes.load(name).kinds]
    for number, (name, kind) in enumerate(kinds):
        role = tuple(machines.ROLES)[number % len(machines.ROLES)]
        machine = machines.machine(seed, number, name, boot_s=BOOT_S, role=role)
        drawn.append((machine, reports.draw(machine, kind, AT_S, seed)))
    return drawn


def told(report: Report) -> tuple[object, ...]:
    """What SEEN must give for a report, but for its time."""
    truth = report.truth
    return (
        truth.hostname,
        "oom_kill",
        truth.constraint_kind,
        truth.oom_memcg,
        truth.invoker_comm,
        truth.process_rows,
        truth.zones,
        ",".join(f"{pid} {comm}" for pid, comm in truth.victims),
    )


def seen(database: Path) -> list[tuple[object, ...]]:
    """What a database holds that was read without a loss."""
    with databases.open_for_reading(database) as reader:
        assert reader.connection.execute(DAMAGE).fetchall() == []
        assert reader.connection.execute(NONSENSE).fetchall() == []
        assert reader.connection.execute("SELECT text FROM unparsed_lines").fetchall() == []
        return reader.connection.execute(SEEN).fetchall()


def test_reports_of_all_generations_are_understood_and_true(tmp_path: Path) -> None:
    drawn = one_of_each_kind(11)
    (tmp_path / "logs").mkdir()
    for number, name in enumerate(("rsyslog", "imjournal", "journal_json")):
        texts = [
            carriers.write(carriers.BY_NAME[name], report.records, machine)
            for machine, report in drawn[number::3]
        ]
        (tmp_path / "logs" / name).write_bytes(b"".join(texts))
    ingest([tmp_path / "logs"], tmp_path / "one.duckdb")
    found = seen(tmp_path / "one.duckdb")
    assert Counter(row[1:] for row in found) == Counter(told(report) for _, report in drawn)


def test_every_carrier_gives_what_was_reported(tmp_path: Path) -> None:
    """With noise round the reports, and with the lines of programs that noticed."""
    expected: Counter[tuple[object, ...]] = Counter()
    for number, carrier in enumerate(carriers.BY_NAME.values()):
        machine = machines.machine(5, number, "6.1-debian", boot_s=BOOT_S, role="web")
        drawn = [
            reports.draw(machine, kind, AT_S + 900 * place, 5)
            for place, kind in enumerate(("global", "memcg_v1", "memcg_v2"))
        ]
        pool = noise.pool(5, 5000 if number < 2 else 300)
        parts = logs.pieces(machine, carrier, drawn, pool, AT_S - 600, AT_S + 2500)
        log = tmp_path / "logs" / machine.hostname / f"log{('', '.gz', '.zst')[number % 3]}"
        logs.write(log, parts)
        is_dated = isinstance(carrier, (carriers.Syslog, carriers.JournalJson))
        for report in drawn:
            time = int(report.truth.at_s) if is_dated else None
            expected[time, *told(report)] += 1
    ingest([tmp_path / "logs"], tmp_path / "one.duckdb")
    assert Counter(seen(tmp_path / "one.duckdb")) == expected


def test_noise_is_no_report(tmp_path: Path) -> None:
    machine = machines.machine(3, 1, "6.8-ubuntu", boot_s=BOOT_S)
    for name in ("rsyslog", "journal_json", "dmesg"):
        carrier = carriers.BY_NAME[name]
        parts = logs.pieces(machine, carrier, [], noise.pool(3, 6000), AT_S, AT_S + 5400)
        assert logs.write(tmp_path / "logs" / name, parts) > 20000
    said = [
        Record(AT_S + number, (what.replace("{", "").replace("}", ""),), "app")
        for number, (_, _, what) in enumerate(noise.sayings("after_a_kill"))
    ]
    text = carriers.write(carriers.BY_NAME["rsyslog"], said, machine)
    (tmp_path / "logs" / "said.log").write_bytes(text)
    assert ingest([tmp_path / "logs"], tmp_path / "none.duckdb").new_events == 0


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for folder in ("one", "two"):
        fleet = Fleet(seed=4, hosts=6, events=8, days=2, lines_an_hour=5)
        truths = write(fleet, tmp_path / folder)
        assert len(truths) == 8
        content = hashlib.sha256()
        for path in sorted((tmp_path / folder).rglob("*")):
            content.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
        digests.append(content.hexdigest())
    assert digests[0] == digests[1]


def test_numbers_of_a_report_agree() -> None:
    """Blocks add up to what is free, watermarks stand in order, the victim is in the table."""
    for _, report in one_of_each_kind(2):
        text = [line for record in report.records for line in record.lines]
        table = [
            line for line in text if line.startswith("[") and "]" in line and "pid" not in line
        ]
        assert len(table) == report.truth.process_rows
        for pid, comm in report.truth.victims:
            row = next(line for line in table if line[1:].split("]")[0].strip() == str(pid))
            assert row.endswith(f" {comm}")
        free = {}
        for line in text:
            words = line.split()
            if line.startswith("Node") and " free:" in line:
                sizes = {
                    name: int(value.removesuffix("kB"))
                    for name, _, value in (word.partition(":") for word in words[3:12])
                    if value.endswith("kB")
                }
                assert sizes["min"] < sizes["low"] < sizes["high"]
                free[words[1], words[2]] = sizes["free"]
            elif line.startswith("Node") and "*4kB" in line:
                blocks = [word.removesuffix("kB").split("*") for word in words if "*" in word]
                assert sum(int(count) * int(size) for count, size in blocks) == int(
                    words[-1].removesuffix("kB")
                )
                assert free[words[1], words[2].rstrip(":")] == int(words[-1].removesuffix("kB"))


def test_copies_are_events_of_their_own(tmp_path: Path) -> None:
    """With hosts, ids and numbers of their own, and with rows in the same tables."""
    write(Fleet(seed=9, hosts=3, events=4, days=5, lines_an_hour=1, processes=20), tmp_path / "l")
    ingest([tmp_path / "l"], tmp_path / "base.duckdb")
    copies.multiply(tmp_path / "base.duckdb", tmp_path / "many.duckdb", 5)
    counts = []
    for name in ("base", "many"):
        with databases.open_for_reading(tmp_path / f"{name}.duckdb") as reader:
            query = reader.connection.execute
            counts.append(
                [
                    query(sql).fetchall()[0][0]
                    for sql in (
                        "SELECT COUNT(DISTINCT event_id) FROM events",
                        "SELECT COUNT(*) FROM processes",
                        "SELECT COUNT(DISTINCT copy_digest) FROM sightings",
                        "SELECT COUNT(*) FROM victims AS v JOIN processes AS p"
                        " ON p.event_id = v.event_id AND p.pid = v.pid AND p.comm = v.comm",
                        "SELECT COUNT(*) FROM hosts",
                        "SELECT COUNT(*) FROM events WHERE host_id IN (SELECT host_id FROM hosts)",
                        "SELECT COUNT(*) FROM process_memory",
                    )
                ]
            )
            sizes = query("SELECT COUNT(DISTINCT rss_pages), MIN(rss_pages) FROM processes")
            distinct, least = sizes.fetchall()[0]
            assert least >= 0
    assert counts[1] == [5 * count for count in counts[0]]
    assert distinct > counts[0][1]
