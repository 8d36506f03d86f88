"""Metrics, read back by the parsers of the Prometheus project."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as older_parser

from oomdb import databases, metrics
from oomdb.ingest import ingest

from .printed import log, report_6_1, syslog
from .test_cli import InProcess

if TYPE_CHECKING:
    from prometheus_client import Metric

SAMPLES = Path(__file__).parent.parent / "samples"
SEED = SAMPLES / "rocketmq-8g.log"
UNITS = SAMPLES / "6.1-amd64--systemd-units.log"
NAMES = SAMPLES / "6.1-amd64--strange-names.log"


def told(database: Path, most_series: int = 1000) -> tuple[str, dict[str, Metric]]:
    """The text, and what the strict parser reads out of it."""
    with databases.open_for_reading(database) as reader:
        text = metrics.as_text(metrics.metrics(reader.connection, database, most_series))
    return text, {family.name: family for family in text_string_to_metric_families(text)}


def kills(families: dict[str, Metric]) -> dict[tuple[str, str, str], float]:
    return {
        (one.labels["host"], one.labels["constraint"], one.labels["unit"]): one.value
        for one in families["oomdb_kills"].samples
    }


def value(families: dict[str, Metric], name: str) -> float | None:
    samples = families[name].samples
    assert len(samples) <= 1
    return samples[0].value if samples else None


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("metrics") / "oomdb.duckdb"
    ingest([SEED], path, jobs=1)
    ingest([UNITS, NAMES], path, jobs=1)
    return path


def test_every_kill_is_in_one_series(database: Path) -> None:
    _, families = told(database)
    found = kills(families)
    assert found["iZ23tpcto8eZ", "", ""] == 1
    with databases.open_for_reading(database) as reader:
        rows = reader.connection.execute(
            "SELECT COALESCE(c.unit, ''), COUNT(*) FROM victims AS v LEFT JOIN cgroup_identity"
            " AS c ON c.event_id = v.event_id AND c.cgroup_role = 'task' GROUP BY 1"
        ).fetchall()
    by_unit: dict[str, float] = {}
    for (_, _, unit), count in found.items():
        by_unit[unit] = by_unit.get(unit, 0) + count
    assert by_unit == dict(rows)
    assert len(by_unit) > 2


def test_the_numbers_are_those_of_the_database(database: Path) -> None:
    _, families = told(database)
    with databases.open_for_reading(database) as reader:
        for name, sql in {
            "oomdb_incidents": "SELECT COUNT(*) FROM incidents",
            "oomdb_damaged_reports": "SELECT COUNT(*) FROM events WHERE damage IS NOT NULL",
            "oomdb_unparsed_lines": "SELECT COUNT(*) FROM unparsed_lines",
            "oomdb_last_event_timestamp_seconds": "SELECT EPOCH(MAX(occurred_at)) FROM events",
            "oomdb_last_ingest_timestamp_seconds": "SELECT EPOCH(MAX(ingested_at)) FROM sources",
            "oomdb_last_change_timestamp_seconds": "SELECT EPOCH(MAX(happened_at)) FROM custody",
            "oomdb_custody_entries": "SELECT 2",
            "oomdb_hosts": "SELECT COUNT(*) FROM hosts",
            "oomdb_undated_reports": "SELECT COUNT(*) FROM events WHERE occurred_at IS NULL",
        }.items():
            assert reader.connection.execute(sql).fetchone() == (value(families, name),), name
        by_kind = reader.connection.execute(
            "SELECT kind, COUNT(*) FROM events GROUP BY kind"
        ).fetchall()
    assert value(families, "oomdb_sources") == 3
    assert value(families, "oomdb_set_aside_sources") == 0
    assert value(families, "oomdb_database_size_bytes") == database.stat().st_size
    assert {one.labels["kind"]: one.value for one in families["oomdb_events"].samples} == dict(
        by_kind
    )


def test_the_older_text_format_reads_it_too(database: Path) -> None:
    text, families = told(database)
    older = [one for family in older_parser(text) for one in family.samples]
    newer = [one for family in families.values() for one in family.samples]
    assert [(one.name, one.labels, one.value) for one in older] == [
        (one.name, one.labels, one.value) for one in newer
    ]
    assert len({(one.name, tuple(one.labels.items())) for one in newer}) == len(newer)


def test_series_are_bounded_and_those_that_are_in_stay(tmp_path: Path) -> None:
    path = tmp_path / "oomdb.duckdb"
    ingest([UNITS], path, jobs=1)
    first, others = ("labvm", "memcg", "webapp.service"), (metrics.OTHERS,) * 3
    before = kills(told(path, 1)[1])
    assert set(before) == {first, others}
    ingest([SEED], path, jobs=1)
    whole = kills(told(path)[1])
    assert ("iZ23tpcto8eZ", "", "") in whole
    assert kills(told(path, 1)[1]) == {
        first: before[first],
        others: sum(whole.values()) - before[first],
    }
    assert before[others] > 1


def test_a_log_that_grows_changes_no_series_meaning(tmp_path: Path) -> None:
    path = tmp_path / "oomdb.duckdb"
    for name, day in (("web9", 4), ("web2", 5)):
        stamp = f"2026-06-0{day}T17:19:10.000000+00:00"
        file = tmp_path / f"{name}.log"
        file.write_bytes(log(syslog(report_6_1(pid=100 + day), name, stamp)))
        ingest([file], path, jobs=1)
    others = (metrics.OTHERS,) * 3
    assert kills(told(path, 1)[1]) == {("web9", "none", ""): 1, others: 1}
    with (tmp_path / "web9.log").open("ab") as grown:
        later = "2026-06-06T01:02:03.000000+00:00"
        grown.write(log(syslog(report_6_1(pid=9, free_kb=801), "web9", later)))
    ingest([tmp_path / "web9.log"], path, jobs=1)
    assert kills(told(path, 1)[1]) == {("web9", "none", ""): 2, others: 1}


def test_any_name_is_one_label() -> None:
    names = ['a"b', "a\\", "a\\n", "a\nb", "ä\udcff", "a} 1", "\x00\x7f", ""]
    family = metrics.Family(
        "oomdb_x", "counter", "Any.", [metrics.Sample({"host": name}, 1) for name in names]
    )
    text = metrics.as_text(metrics.Metrics([family], 0, 0, 0))
    (read,) = text_string_to_metric_families(text)
    shown = [name.replace("\udcff", "\\udcff") for name in names]
    assert [one.labels["host"] for one in read.samples] == shown


def test_an_empty_database_has_no_moments(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("java.lang.OutOfMemoryError: Java heap space\n")
    path = tmp_path / "oomdb.duckdb"
    ingest([log], path, jobs=1)
    _, families = told(path)
    assert kills(families) == {}
    assert value(families, "oomdb_last_event_timestamp_seconds") is None
    assert value(families, "oomdb_incidents") == 0


def test_a_file_is_replaced_as_a_whole_and_others_can_read_it(
    database: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    oomdb = InProcess(database, capfd)
    out = tmp_path / "oomdb.prom"
    out.write_text("old")
    held = out.open()
    before = os.umask(0o022)
    try:
        assert oomdb("metrics", "--out", str(out)) == ""
    finally:
        os.umask(before)
    assert out.read_text() == oomdb("metrics")
    assert held.read() == "old"
    held.close()
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["oomdb.prom"]


@pytest.mark.parametrize(
    ("counts", "has_findings"),
    [((0, 0, 0), False), ((1, 0, 0), True), ((0, 1, 0), True), ((0, 0, 1), True)],
)
def test_each_flaw_is_a_finding(counts: tuple[int, int, int], has_findings: bool) -> None:
    assert metrics.Metrics([], *counts).has_findings == has_findings


def test_findings_are_an_exit_code_on_request(
    database: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    oomdb = InProcess(database, capfd)
    assert "oomdb_damaged_reports 0" not in oomdb("metrics")
    assert "# EOF" in oomdb("metrics", "--fail-on-findings", code=4)
    (tmp_path / "quiet.log").write_text("nothing\n")
    quiet = tmp_path / "quiet.duckdb"
    ingest([tmp_path / "quiet.log"], quiet, jobs=1)
    InProcess(quiet, capfd)("metrics", "--fail-on-findings")
