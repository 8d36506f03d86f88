"""`oomdb report` as a user calls it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from oomdb.cli.app import app
from tests import fleets

if TYPE_CHECKING:
    from pathlib import Path

WEEK = ("--since", "7d", "--until", "2026-06-08")


def run(*arguments: str | Path) -> Result:
    told = ["report", *map(str, arguments), "--db", str(fleets.of_samples())]
    return CliRunner().invoke(app, told)


def test_text_to_the_terminal_and_the_same_to_a_file(tmp_path: Path) -> None:
    shown = run(*WEEK)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("29 OOM incidents in 7 days")
    run(*WEEK, "--out", tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == shown.stdout


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    for name, begin in (("r.html", "<!DOCTYPE html>"), ("r.md", "# 29 OOM"), ("r.json", "{")):
        assert run(*WEEK, "--out", tmp_path / name).exit_code == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["hosts_asked"] == []


def test_latest_and_hosts(tmp_path: Path) -> None:
    told = json.loads(run("--until", "latest", "--host", "mq*", "--format", "json").stdout)
    assert told["hosts_asked"] == ["mq*"]
    # mq3's report is of 13:42.
    assert told["period"]["until"] == "2026-06-06T14:00:00Z"
    assert {host["name"] for host in told["hosts"]["rows"]} == {"mq1", "mq2", "mq3"}


@pytest.mark.parametrize(("until", "code"), [("2026-06-08", 4), ("2020-01-01", 0)])
def test_findings_end_with_4_where_that_is_asked_for(until: str, code: int) -> None:
    assert run("--until", until).exit_code == 0
    assert run("--until", until, "--fail-on-findings").exit_code == code


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--until", "latest"),
        ("--fail-on-findings",),
        ("--to", "report.txt"),
        ("--host", "mq*"),
    ],
)
def test_a_mistyped_host_is_an_error(arguments: tuple[str, ...]) -> None:
    done = run("--host", "qm*", *arguments)
    assert done.exit_code == 1
    assert "no host of the database is called 'qm*'" in done.output
    assert not done.stdout


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("mp1", "; did you mean mq1?"),
        ("MP1", "; did you mean mq1?"),
        ("KUB*", None),
        ("*atcg1", "; did you mean batch1"),
        ("nothing-like-it", " (oomdb"),
    ],
)
def test_the_names_that_come_close_are_told(pattern: str, meant: str | None) -> None:
    done = run("--host", pattern, *WEEK)
    assert done.exit_code == (0 if meant is None else 1)
    assert meant is None or f"is called {pattern!r}{meant}" in done.output


def test_a_site(tmp_path: Path) -> None:
    done = run("--since", "1h", "--until", "latest", "--site", tmp_path / "site", "--jobs", "1")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"pages      1 of events, and {tmp_path}/site/index.html",
        "changed    3 files written, 0 removed",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--site", "x", "--out", "y.html"),
        ("--site", "x", "--format", "md"),
        ("--since", "soon"),
        ("--since", "2026-06-08", "--until", "2026-06-01"),
        ("--jobs", "2"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_when_days_begin_is_for_the_last_one() -> None:
    done = run("--since", "7d", "--day-starts", "07:00")
    assert done.exit_code == 2
    assert "give --last too" in done.stderr


def test_the_database_is_not_replaced_by_the_report() -> None:
    assert run("--out", fleets.of_samples()).exit_code == 2
