"""The samples: what each one is, what is read from it, and that nothing of it is lost."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

import pytest

from oomdb import databases, tables
from oomdb.ingest import ingest
from oomdb.lines import BY_NAME
from oomdb.reports.reader import in_blocks
from tests import samples
from tests.corpus.digits import account
from tests.corpus.printed import by_caller, cut
from tests.corpus.reread import reread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.corpus.found import Event
    from tests.corpus.printed import PrintedReport

LOGS = samples.logs()
GOLDEN = samples.ROOT.parent / "tests" / "golden" / "samples"
MADE = "# Made by hand for oomdb: no kernel printed this;"
#: Line forms that no sample shows, with the reason; their declared samples are tested alone.
WITHOUT_A_LOG = {
    "buddy_empty": "kernels before 2.6.24",
    "free_pages": "kernels before 2.6.24",
    "oom_killer_without_invoker": "kernels before 2.6.24",
    "per_cpu_temperature": "kernels before 2.6.24",
}
#: One incident as two programs wrote it.
TWICE = {"6.1-amd64--systemd-unit-journalctl.log", "6.1-amd64--systemd-units.log"}

each_log = pytest.mark.parametrize("log", LOGS, ids=samples.name)


@each_log
def test_everything_that_is_read_from_it(log: Path, golden: Callable[[str, str], None]) -> None:
    golden(f"samples/{samples.name(log)}.txt", samples.as_text(samples.events(log)))


def test_every_golden_file_has_its_sample() -> None:
    written = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.txt")}
    assert written == {f"{samples.name(log)}.txt" for log in LOGS}


def test_the_table_of_samples_names_each_file_once() -> None:
    text = (samples.ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`([^`]+)`\]\(([^)]+)\) \|(?: [^|]+ \|){3}$", text, re.MULTILINE)
    assert [shown for shown, _ in rows] == [target for _, target in rows]
    assert sorted(target for _, target in rows) == sorted(map(samples.name, LOGS))


@each_log
def test_what_is_made_says_so_in_its_first_line(log: Path) -> None:
    first = log.read_text(encoding="latin-1").partition("\n")[0]
    assert first.startswith(MADE) == (log.parent.name == "made")


def test_the_whole_folder_is_read_as_its_files_are(tmp_path: Path) -> None:
    database = tmp_path / "all.duckdb"
    summary = ingest([samples.ROOT], database)
    assert summary.set_aside == []
    alone = {log: len(samples.events(log)) for log in LOGS}
    assert summary.new_events == sum(alone.values()) - 1
    with databases.open_for_reading(database) as reader:
        seen = reader.query(
            "SELECT event_id, regexp_extract(path, '[^/]+$') AS name FROM sightings"
            " JOIN sources USING (source_id)"
        ).to_pylist()
    files: dict[str, set[str]] = {}
    for row in seen:
        files.setdefault(row["event_id"], set()).add(row["name"])
    assert [names for names in files.values() if len(names) > 1] == [TWICE]
    assert {name for names in files.values() for name in names} == {
        log.name for log, count in alone.items() if count
    }


def test_every_form_of_line_stands_in_a_sample() -> None:
    seen = {
        token.kind.name
        for log in LOGS
        for located in in_blocks([log.read_bytes()])
        for token in located.report.tokens
        if token.kind is not None
    }
    assert BY_NAME.keys() - seen == WITHOUT_A_LOG.keys()


def clean(log: Path) -> list[tuple[PrintedReport, Event]]:
    """The undamaged events of a sample, each with its report as the judge reads it."""
    reports = [
        report for lines in by_caller(log.read_bytes()) for report in cut(lines, look_alikes=True)
    ]
    pairs = []
    for event in samples.events(log):
        if event.row["damage"] is None:
            inside = [
                report
                for report in reports
                if event.first_line <= report.first_line <= event.last_line
            ]
            pairs.append((min(inside, key=lambda report: report.first_line), event))
    return pairs


def problems(report: PrintedReport, event: Event) -> list[str]:
    """What of the report's text is in no row, in a wrong one, or known to nobody."""
    unknown = [
        f"line {line.number} is of no known shape: {line.text}"
        for line in report.foreign
        if line.number <= event.last_line and re.search(r"\d", line.text)
    ]
    return [*map(str, account(report, event)), *map(str, reread(report, event)), *unknown]


@each_log
def test_each_number_of_a_clean_report_is_in_its_rows(log: Path) -> None:
    assert [problem for pair in clean(log) for problem in problems(*pair)] == []


def test_most_samples_are_clean() -> None:
    counts = [len(clean(log)) for log in LOGS]
    assert sum(counts) > 60
    assert counts.count(0) < len(LOGS) / 4


#: A clean report has no row of these, or none that a number is printed for.
_NOT_COUNTED = {"sightings", "unparsed_lines"}


@pytest.mark.parametrize(
    "table", [table.name for table in tables.EVENT_TABLES if table.name not in _NOT_COUNTED]
)
def test_rows_that_are_dropped_are_missed(table: str) -> None:
    report, event = next(
        (report, event) for log in LOGS for report, event in clean(log) if event.rows(table)
    )
    assert problems(report, event) == []
    doctored = copy.deepcopy(event)
    del doctored.tables[table]
    assert problems(report, doctored)


@each_log
def test_a_number_that_is_one_off_is_missed(log: Path) -> None:
    for report, event in clean(log):
        for table in ("victims", "watermarks", "processes", "cgroup_counters"):
            for row in event.rows(table)[:1]:
                doctored = copy.deepcopy(event)
                column = max(
                    (name for name, value in row.items() if type(value) is int),
                    key=lambda name: abs(row[name]),
                )
                doctored.tables[table][0][column] += 1
                assert problems(report, doctored), (table, column)
