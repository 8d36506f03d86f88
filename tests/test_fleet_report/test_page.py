"""The page of a fleet report: links, pictures, hostile names, what it is without anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oomdb.fleet_report import Period, as_html, as_markdown, as_text, fleet_report
from oomdb.fleet_report.sections import CAUSE_WORDS
from oomdb.store import deriving
from oomdb.views import load_views
from tests import fleets
from tests.queries.kills import at, insert_host, insert_kill
from tests.queries.test_limits_hit import insert_hit
from tests.test_pages import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

DAY_S = 86400
HOSTILE = '</script><b onload="x">&amp; \x1b[2J\u202e`|*'


@pytest.fixture
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with fleets.with_kept_views() as connection:
        yield connection


def test_the_page_begins_with_what_needs_attention() -> None:
    report = fleets.report_of()
    document = pages.check(as_html(report))
    headline = "29 OOM incidents in 7 days, 40 processes killed on 20 hosts"
    assert pages.text(document, "h1") == pages.text(document, "title") == headline
    lines = [pages.text(node, "span") for node in document.query(".findings > li")]
    assert lines == [finding.text for finding in report.attention]
    shown = {pages.attribute(node, "id") for node in document.query("main section")}
    assert shown == {
        *("answer", "causes", "victims", "hosts", "services", "limits", "budgets", "kept"),
        *("labels", "incidents", "quality", "behind"),
    }
    figures = {pages.attribute(node, "id") for node in document.query("figure")}
    assert figures >= {"figure-causes", "figure-victims", "figure-hosts", "figure-history-1"}


def test_every_number_of_a_table_leads_to_the_incidents_behind_it() -> None:
    report = fleets.report_of()
    document = pages.check(as_html(report))
    for row, victim in zip(
        document.query("#table-victims tbody tr"), report.victims.rows, strict=True
    ):
        targets = {pages.attribute(node, "href") for node in row.query("a")}
        if not victim.kills:
            assert targets == set()
            continue
        (target,) = targets
        named = pages.text(document, target)
        for entry in victim.behind.rows:
            assert f"oomdb explain {entry.event_id}" in named
        assert f"WHERE comm = '{victim.name}'" in named


def test_every_statement_is_on_the_page() -> None:
    report = fleets.report_of()
    document = pages.parsed(as_html(report))
    shown = {node.to_text() for node in document.query("pre code")}
    for source in (
        *(finding.sql for finding in report.attention),
        *(count.source.sql for count in report.counts),
        *(item.source.sql for item in report.quality),
        *(told.deaths.source.sql for told in report.histories),
        *(report.trend.sql, report.causes_over_time.sql, report.heat.source.sql),
    ):
        assert pages.squeezed(source) in set(map(pages.squeezed, shown))


def test_pictures_add_up() -> None:
    """The heat map's cells, and the description of the incidents over time."""
    report = fleets.report_of()
    document = pages.parsed(as_html(report))
    cells = document.query("#figure-hosts svg")[0]
    assert sum(len(cells.query(f".f-heat-{step}")) for step in (1, 2, 3, 4)) == sum(
        sum(map(bool, row.reports)) for row in report.heat.rows
    )
    told = pages.text(document, "#figure-causes desc")
    assert told.startswith("29 incidents, most on 2026-06-0")


def test_names_out_of_logs_are_text(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    for number in range(4):
        path = f"/system.slice/{HOSTILE}.service"
        insert_hit(made, f"{number:016x}", "db1", number * 1000, path, HOSTILE, memory=(9, 9))
    insert_kill(made, "f" * 16, "db1", 9000, "")
    deriving.derive(made)
    report = fleet_report(made, Period(at(0), at(DAY_S)))
    document = pages.check(as_html(report))
    assert document.query("b") == []
    assert r"\x1b[2J\xe2\x80\xae" in pages.text(document, "#table-victims")
    for told in (as_text(report, 80), as_markdown(report)):
        assert "\x1b" not in told
        assert "\u202e" not in told
    assert "\n```\n" in as_markdown(report)


def test_hosts_are_told_apart_in_the_heat_map(made: duckdb.DuckDBPyConnection) -> None:
    for number, name in enumerate(("10.0.0.1", "10.0.0.2", "db1.example")):
        made.execute("INSERT INTO hosts VALUES (?, ?, NULL)", [name, name])
        insert_kill(made, f"{number:016x}", name, number, "java")
    deriving.derive(made)
    document = pages.check(as_html(fleet_report(made, Period(at(0), at(DAY_S)))))
    shown = [node.to_text() for node in document.query("#figure-hosts svg text")]
    assert {"10.0.0.1", "10.0.0.2", "db1"} <= set(shown)


def test_a_page_of_nothing(made: duckdb.DuckDBPyConnection) -> None:
    report = fleet_report(made, Period(at(0), at(DAY_S)))
    document = pages.check(as_html(report))
    assert pages.text(document, "h1") == "No OOM incident in 1 day"
    assert document.query("figure") == []
    assert "oomdb ingest PATH" in pages.text(document, "#answer")


@pytest.mark.parametrize("since", ["6h", "7d", "400d"])
def test_periods_by_hour_day_and_several_days(since: str) -> None:
    document = pages.check(as_html(fleets.report_of(since)))
    assert document.query("#figure-causes svg")


def test_every_suspect_has_words() -> None:
    (view,) = (view for view in load_views() if view.name == "memory_suspects")
    meaning = dict(view.columns)["suspect"]
    assert [cause for cause in CAUSE_WORDS if cause not in meaning] == ["unknown"]
    document = pages.parsed(as_html(fleets.report_of()))
    for row in pages.cells(document, "table-causes"):
        assert row[1] == CAUSE_WORDS[row[0]]


def test_ten_thousand_hosts_stay_small(made: duckdb.DuckDBPyConnection) -> None:
    """A page does not grow with the fleet: what it shows of anything is bounded."""
    made.execute(
        "INSERT INTO hosts SELECT 'h' || i, 'host' || i || '.example.org', NULL"
        " FROM range(2000) AS t(i)"
    )
    made.execute(
        "INSERT INTO events (event_id, copy_digest, host_id, kind, occurred_at, occurred_epoch_s)"
        " SELECT PRINTF('%016x', i), '', 'h' || i % 2000, 'oom_kill',"
        " TIMESTAMP '2026-05-02' + INTERVAL (i * 60) SECOND, 1777680000 + i * 60"
        " FROM range(6000) AS t(i)"
    )
    made.execute(
        "INSERT INTO victims (event_id, victim_no, comm, anon_rss_kb)"
        " SELECT PRINTF('%016x', i), 1, 'name' || i % 500, i FROM range(6000) AS t(i)"
    )
    deriving.derive(made)
    report = fleet_report(made, Period(at(0), at(7 * DAY_S)))
    assert report.incidents.total > 5000
    assert len(as_html(report)) < 1_000_000
