"""What a fleet report counts, and that the SQL it shows gives its numbers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from oomdb import databases
from oomdb.cli.app import app
from oomdb.fleet_report import (
    Period,
    as_html,
    as_json,
    as_markdown,
    as_text,
    fleet_report,
    statements,
)
from oomdb.fleet_report.facts import FleetReport, Listing
from oomdb.fleet_report.hosts import who
from oomdb.reading import records
from oomdb.store import deriving
from tests import fleets
from tests.plain_database import insert
from tests.queries.kills import START, at, insert_host, insert_kill, insert_sighting
from tests.queries.test_limits_hit import WEB, insert_hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

DAY_S = 86400
LISTINGS = (
    *("victims", "services", "hosts", "labels", "causes", "heat", "kept_memory", "limits"),
    *("over_budget", "incidents"),
)
#: The week that begins five days after START.
WEEK = Period(at(5 * DAY_S), at(12 * DAY_S))


@pytest.fixture
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with fleets.with_kept_views() as connection:
        yield connection


def told_of(
    connection: duckdb.DuckDBPyConnection, period: Period, hosts: tuple[str, ...] = ()
) -> FleetReport:
    """The report of what was inserted."""
    deriving.derive(connection)
    return fleet_report(connection, period, hosts)


def listings(report: FleetReport) -> dict[str, Listing[Any]]:
    found = {field.name: getattr(report, field.name) for field in fields(report)}
    found = {name: value for name, value in found.items() if isinstance(value, Listing)}
    assert sorted(found) == sorted(LISTINGS)
    return found


@contextmanager
def asking() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """What gives the answers of the database to statements as they are shown."""
    with databases.open_for_reading(fleets.of_samples()) as reader:
        yield lambda sql: records(reader.connection, sql)


def test_the_sql_of_a_finding_is_for_the_command_line() -> None:
    finding = next(one for one in fleets.report_of().attention if one.kind == "worse_victim")
    asked = ["sql", finding.sql, "--db", str(fleets.of_samples()), "--format", "json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == [{"found": finding.value}]


def test_every_number_is_what_its_sql_gives() -> None:
    report = fleets.report_of()
    assert {finding.kind for finding in report.attention} >= {
        *("panic", "worse_victim", "worse_host", "new_victim", "gone_victim"),
        *("limit", "over_budget", "reserve_blocked", "fragmented", "damaged_reports"),
    }
    with asking() as asked:
        for finding in report.attention:
            (row,) = asked(finding.sql)
            assert next(iter(row.values())) == finding.value, finding.text
            assert f"{finding.value:,}" in finding.text or "once" in finding.text
        for count in report.counts:
            assert list(asked(count.source.sql)[0].values()) == [count.now, count.before]
        for quality in report.quality:
            assert list(asked(quality.source.sql)[0].values()) == [quality.value]


@pytest.mark.parametrize("name", LISTINGS)
def test_every_listing_is_what_its_sql_gives(name: str) -> None:
    listing = listings(fleets.report_of())[name]
    assert listing.rows
    with asking() as asked:
        rows = asked(listing.source.sql)
        if name == "heat":  # one row for each cell
            cells = sum(sum(row.reports) for row in listing.rows)
            assert cells == sum(row["reports"] for row in rows)
            return
        assert listing.total == len(rows)
        for shown, row in zip(listing.rows, rows, strict=False):
            told = asdict(shown)
            told |= {"subject_key": told.get("key"), "subject_name": told.get("name")}
            assert {column: told[column] for column in row} == row
            if (behind := getattr(shown, "behind", None)) is not None:
                entries = asked(behind.source.sql)
                assert behind.total == len(entries)
                ids = [entry["event_id"] for entry in entries]
                assert [entry.event_id for entry in behind.rows] == ids[: len(behind.rows)]


def test_the_incidents_behind_a_number_are_as_many_as_it() -> None:
    report = fleets.report_of()
    for listing in (report.victims, report.hosts, report.services, report.labels):
        for subject in listing.rows:
            assert subject.behind.total == subject.incidents
    for cause in report.causes.rows:
        assert cause.behind.total == cause.incidents == sum(cause.by_slot)
    assert sum(cause.incidents for cause in report.causes.rows) == report.incidents.total
    assert report.incidents.total == report.count("incidents").now == 29
    for victim in report.victims.rows:
        if victim.trend:
            assert sum(victim.trend) == victim.kills + victim.kills_before


def test_changes_are_told_from_both_periods(made: duckdb.DuckDBPyConnection) -> None:
    """A week, and what was killed in it, in the one before, and earlier still."""
    now, before, earlier = WEEK.since, WEEK.before.since, at(-30 * DAY_S)
    struck = {
        # name: kills in the week, in the week before, earlier
        "new": (2, 0, 0),
        "back": (1, 0, 1),
        "worse": (6, 3, 0),
        "just worse": (9, 6, 0),
        "almost": (5, 3, 0),  # two more are not three
        "larger": (13, 9, 0),  # four more are not half as many again
        "same": (1, 1, 0),
        "fewer": (1, 2, 0),
        "gone": (0, 1, 5),
    }
    insert_host(made, "db1")
    number = 0
    for name, counts in struck.items():
        for begin, count in zip((now, before, earlier), counts, strict=True):
            for _ in range(count):
                number += 1
                after_s = int((begin - START).total_seconds()) + number * 1000
                insert_kill(made, f"{number:016x}", "db1", after_s, name)
    report = told_of(made, WEEK)
    assert {victim.name: victim.change for victim in report.victims.rows} == {
        "new": "new",
        "back": "back",
        "worse": "worse",
        "just worse": "worse",
        "almost": "more",
        "larger": "more",
        "same": "same",
        "fewer": "fewer",
        "gone": "gone",
    }
    texts = [finding.text for finding in report.attention]
    assert "worse: worse was killed 6 times on 1 host, 3 in the period before" in texts
    assert "new: new was killed 2 times on 1 host, never before" in texts
    assert not any("back was killed" in text for text in texts)  # once is not enough
    assert any(text.startswith("gone: 1 name killed") for text in texts)


def test_the_ends_of_the_period(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    for event_id, moment in (("1", WEEK.since), ("2", WEEK.until), ("3", WEEK.before.since)):
        insert_kill(made, event_id, "db1", int((moment - START).total_seconds()), "java")
    kills = told_of(made, WEEK).count("kills")
    assert (kills.now, kills.before) == (1, 1)  # the begin is in it, the end is not


def test_a_limit_is_listed_from_its_second_hit_and_told_from_its_third(
    made: duckdb.DuckDBPyConnection,
) -> None:
    insert_host(made, "db1")
    found = []
    for number in range(3):
        insert_hit(made, f"{number}", "db1", 6 * DAY_S + number * 1000, WEB, memory=(8, 8))
        report = told_of(made, WEEK)
        told = [finding.value for finding in report.attention if finding.kind == "limit"]
        found.append(([limit.hits for limit in report.limits.rows], told))
    assert found == [([], []), ([2], []), ([3], [3])]


def test_a_reserve_of_the_smallest_zone_alone_is_not_told(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    insert_kill(made, "1", "db1", 6 * DAY_S)
    deriving.derive(made)
    found = []
    for reserve_kb in (16 * 1024 - 1, 16 * 1024):
        made.execute("DELETE FROM facts.memory_suspects")
        made.execute(
            "INSERT INTO facts.memory_suspects (event_id, suspect, figure_kb)"
            " VALUES ('1', 'reserve_blocked', ?)",
            [reserve_kb],
        )
        told = fleet_report(made, WEEK, ()).attention
        found.append([one.value for one in told if one.kind == "reserve_blocked"])
    assert found == [[], [1]]


def test_a_new_name_is_told_from_its_second_kill(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    insert_kill(made, "past", "db1", -40 * DAY_S, "sh")
    for number, name in enumerate(("java", "ruby", "java")):
        insert_kill(made, f"{number}", "db1", 6 * DAY_S + number * 1000, name)
    told = [one.text for one in told_of(made, WEEK).attention if one.kind == "new_victim"]
    assert told == ["new: java was killed 2 times on 1 host, never before"]


def test_without_a_past_the_name_killed_most_is_told(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    for number, name in enumerate(("java", "sh", "java")):
        insert_kill(made, f"{number}", "db1", 6 * DAY_S + number * 1000, name)
    report = told_of(made, WEEK)
    told = {finding.kind: finding.text for finding in report.attention}
    assert told["most_killed"] == "java was killed 2 times on 1 host, most of all names"
    assert told["no_past"].startswith("there is no OOM report from before the period, so")
    assert {victim.change for victim in report.victims.rows} == {"unknown"}
    assert "unknown: nothing is known of before the period." in as_html(report)
    assert not {"new_victim", "back_victim"} & set(told)


def test_what_undated_reports_may_know_is_not_called_new(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    insert_kill(made, "undated", "db1", None, "java")
    for number in range(8):
        insert_kill(made, f"{number}", "db1", 6 * DAY_S + number * 1000, f"java{number // 2}")
    (note,) = (one for one in told_of(made, WEEK).attention if one.kind == "no_past")
    assert note.text.startswith("there is no OOM report of known time from before the period")
    insert_kill(made, "past", "db1", -40 * DAY_S, "sh")
    texts = [one.text for one in told_of(made, WEEK).attention if one.kind == "new_victim"]
    assert len(texts) == 4
    assert all(text.endswith(", never before at a known time") for text in texts)


def test_a_database_of_undated_reports_is_a_finding(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    for number in range(3):
        insert_kill(made, f"{number}", "db1" if number else None, None, "java")
    insert(
        made,
        "sources",
        source_id="s",
        ingested_at=at(6 * DAY_S),
        path="/log",
        sha256="",
        size_bytes=1,
    )
    report = told_of(made, WEEK)
    assert report.has_findings
    first = report.attention[0]
    assert (first.kind, first.severity, first.value) == ("undated", "warn", 3)
    assert first.text == "no OOM report in the period, and no known time in 3 reports"
    assert "oomdb ingest PATH --timezone ZONE" in str(first.step)
    assert "in 2 reports of these hosts" in told_of(made, WEEK, ("db1",)).attention[0].text


def test_the_step_from_an_empty_period_leads_out_of_it() -> None:
    report = fleets.report_of("1s", "latest")
    (nothing,) = (one for one in report.attention if one.kind == "nothing")
    assert nothing.step == "for a period that has it: oomdb report --since 1h --until latest"
    assert fleets.report_of("1h", "latest").count("reports").now


def test_hosts_are_chosen_by_pattern(made: duckdb.DuckDBPyConnection) -> None:
    for host in ("web1", "web2", "db1"):
        insert_host(made, host)
        insert_hit(made, host, host, 6 * DAY_S, WEB, memory=(8, 8))
    report = told_of(made, WEEK, ("WEB*",))
    assert {host.name for host in report.hosts.rows} == {"web1.example", "web2.example"}
    assert report.count("kills").now == report.limits.rows[0].hits == 2
    assert told_of(made, WEEK, ("db1",)).count("incidents").now == 1
    assert told_of(made, WEEK, ("it's",)).count("incidents").now == 0


def test_what_has_no_time_or_host_is_told(made: duckdb.DuckDBPyConnection) -> None:
    insert_kill(made, "1", None, 6 * DAY_S, "java")
    insert_kill(made, "2", "db1", None, "java", damage="cut")
    insert_sighting(made, "1", "log", 1)
    report = told_of(made, WEEK)
    told = {item.name: item.value for item in report.quality}
    assert told["reports of unknown time"] == 1
    assert told["reports of unknown hosts"] == 1
    assert told["damaged reports"] == 0  # it is in no period
    assert any(finding.kind == "reports_of_unknown_time" for finding in report.attention)
    assert report.count("kills").now == 1


def test_hosts_that_no_log_names_are_counted_in_words(made: duckdb.DuckDBPyConnection) -> None:
    insert_host(made, "db1")
    for number, host in enumerate(("db1", None, None)):
        insert_hit(made, f"{number}", host, 6 * DAY_S + number * 1000, WEB, "java")
    for number, host in enumerate(("db1", None)):
        insert_kill(made, f"p{number}", host, 7 * DAY_S + number * 1000, kind="panic")
    insert_kill(made, "f", None, 6 * DAY_S, kind="allocation_failure", damage="cut")
    report = told_of(made, WEEK)
    unnamed = "on hosts that no log names"
    assert f"3 processes killed on 1 host and {unnamed} (3 reports)." in as_text(report, 200)
    told = {finding.kind: finding.text for finding in report.attention}
    assert told["most_killed"].startswith(
        f"java was killed 3 times on 1 host and {unnamed} (2 reports), most"
    )
    assert told["panic"].endswith(f"2 times on db1.example and {unnamed} (1 report)")
    assert f"hit 3 times on 1 host and {unnamed} (2 reports), 0 in" in told["limit"]
    # As of damaged reports, failed allocations are among them.
    assert told["reports_of_unknown_hosts"].startswith("4 reports of unknown hosts:")
    assert told["damaged_reports"].startswith("1 damaged report:")
    for finding in report.attention:
        assert next(iter(records(made, finding.sql)[0].values())) == finding.value


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        (("db1", "web1"), "2 hosts had"),
        (("db1", None), "1 host and hosts that no log names (1 report) had"),
        ((None, None), "hosts that no log names (2 reports) had"),
    ],
)
def test_free_memory_of_unknown_hosts_is_of_no_host(
    made: duckdb.DuckDBPyConnection, hosts: tuple[str | None, ...], told: str
) -> None:
    listing = "\nUNION ALL\n".join(
        f"SELECT '{host or ''}' AS subject_key, 1 AS fragmented" for host in dict.fromkeys(hosts)
    ).replace("'' AS subject_key, 1", f"'' AS subject_key, {hosts.count(None)}")
    (row,) = records(made, statements.kept_by(listing, "fragmented > 0", "fragmented"))
    assert f"{who(row['hosts'], row['unhosted'])} had" == told


def test_an_empty_period_says_why_it_is_empty() -> None:
    report = fleets.report_of("7d", "2027-01-01")
    told = {finding.kind: finding for finding in report.attention}
    assert "the newest event is of 2026-06-07" in told["nothing"].text
    assert told["nothing"].step == ("for the period that ends with it: oomdb report --until latest")
    of_none = fleets.report_of(hosts=("nobody*",)).attention[0]
    assert of_none.text.startswith("no OOM report of these hosts in the period, and none of known")
    assert of_none.step == "see how the hosts are called: oomdb hosts"
    earlier = fleets.report_of("7d", "2020-01-01")
    assert earlier.attention[0].kind == "nothing"
    assert "--until" in str(earlier.attention[0].step)
    for text in (as_text(report, 80), as_markdown(report), as_html(report)):
        assert "No OOM incident in 7 days" in text
        assert "2026-06-07" in text


def test_logs_that_no_longer_arrive_are_a_finding(made: duckdb.DuckDBPyConnection) -> None:
    source = {"path": "/log", "sha256": "", "size_bytes": 1}
    insert(made, "sources", source_id="s", ingested_at=at(0), **source)
    report = told_of(made, WEEK)
    assert report.has_findings
    (stale,) = (finding for finding in report.attention if finding.kind == "not_read")
    assert "no log was read since the period began (last: 2026-05-01 12:00Z)" in stale.text
    insert(made, "sources", source_id="t", ingested_at=at(6 * DAY_S), **source)
    report = told_of(made, WEEK)
    assert not report.has_findings
    assert "none of known time in the database" in report.attention[0].text


def test_sources_set_aside_are_a_finding(made: duckdb.DuckDBPyConnection) -> None:
    for name, problem, after_s in (
        ("s", "cut", 6 * DAY_S),
        ("t", "cut", 0),
        ("u", None, 6 * DAY_S),
    ):
        insert(
            made,
            "sources",
            source_id=name,
            path=name,
            sha256="",
            size_bytes=1,
            problem=problem,
            ingested_at=at(after_s),
        )
    report = told_of(made, WEEK)
    (found,) = (finding for finding in report.attention if finding.severity == "warn")
    assert found.text.startswith("1 source set aside:")


def test_what_does_not_fit_is_counted(made: duckdb.DuckDBPyConnection) -> None:
    """More names, hosts and limits than are shown."""
    number = 0
    for host in range(40):
        insert_host(made, f"h{host:02}")
        for _ in range(4):
            number += 1
            path = f"/system.slice/s{host}.service"
            after_s = 6 * DAY_S + number * 700
            insert_hit(made, f"{number:016x}", f"h{host:02}", after_s, path, f"c{host}")
    insert_kill(made, "old", "h00", -40 * DAY_S, "old")
    report = told_of(made, WEEK)
    for listing in (report.victims, report.hosts, report.limits):
        assert (len(listing.rows), listing.total, listing.left_out) == (30, 40, 10)
    texts = [finding.text for finding in report.attention]
    assert "new: 37 more process names that were killed more than once, never before" in texts
    assert "37 more limits were hit 3 times or more" in texts
    assert "and 30 more (view killed_processes)" in as_text(report, 80)
    for finding in report.attention:
        assert next(iter(records(made, finding.sql)[0].values())) == finding.value


def test_as_json_has_every_field() -> None:
    told = json.loads(as_json(fleets.report_of()))
    assert set(told) == {field.name for field in fields(FleetReport)}
    assert told["period"] == {"since": "2026-06-01T00:00:00Z", "until": "2026-06-08T00:00:00Z"}
    assert told["attention"][0]["severity"] == "bad"
    assert told["victims"]["rows"][0]["name"] == "java"


def test_text_fits_and_begins_with_the_answer() -> None:
    lines = as_text(fleets.report_of(), 80).splitlines()
    assert lines[0] == "29 OOM incidents in 7 days, 40 processes killed on 20 hosts."
    assert any(line.startswith("look    the kernel panicked out of memory once") for line in lines)
    assert max(map(len, lines[:30])) <= 80


def test_markdown_has_the_sql_of_every_number() -> None:
    report = fleets.report_of()
    told = as_markdown(report)
    for listing in listings(report).values():
        assert f"```sql\n{listing.source.sql}\n```" in told
    for finding in report.attention:
        assert f"```sql\n{finding.sql}\n```" in told
    # Who reads the lines of attention comes to the first section next.
    assert "```" not in told[: told.index(listings(report)["causes"].source.sql) - len("```sql\n")]


def test_the_same_database_and_period_give_the_same_bytes() -> None:
    told = []
    for _ in range(2):
        fleets.report_of.cache_clear()
        report = fleets.report_of()
        told.append((as_html(report), as_text(report, 80), as_markdown(report), as_json(report)))
    assert told[0] == told[1]
