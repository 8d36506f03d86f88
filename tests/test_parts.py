"""A long log that is read in parts comes to what it comes to when it is read at once."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from oomdb import databases, parts
from oomdb.ingest import Options, ingest
from oomdb.sources.files import Source, signature
from oomdb.store.dump import canonical
from tests.printed import TASK_HEADER_6_1, log, report_6_1, syslog

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("views_unkept")

PART_BYTES = 20_000
DATED = Options(zone=UTC)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
NOISE = ["web{n} sshd[{n}]: Accepted publickey for root", "web{n} systemd[1]: Started Session {n}."]


def long_log() -> bytes:
    """A year of three hosts, whose reports and other lines stand in each other's way."""
    lines, month, clock = [], 6, 0
    for number in range(240):
        host = number % 3
        month = 6 + number // 20 if number < 140 else (number - 140) // 20 + 1
        stamp = MONTHS[month - 1]
        clock = number % 20
        when = f"{stamp} {clock + 1:2d} 17:{number % 60:02d}:00"
        report = report_6_1(pid=100 + number, free_kb=800 + number)
        printed = [f"{when} web{host} kernel: [{number * 100}.{at:06d}] {text}"
                   for at, text in enumerate(report)]  # fmt: skip
        others = [f"{when} {text.format(n=host)}" for text in NOISE * (number % 4)]
        if number % 7 == 0:
            printed[5:5] = others
        lines += [*printed, *others]
    return log(lines)


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("oomdb.parts.PART_BYTES", PART_BYTES)
    monkeypatch.setattr("oomdb.parts.BEFORE_BYTES", 8_000)
    monkeypatch.setattr("oomdb.parts.AFTER_BYTES", 8_000)
    monkeypatch.setattr("oomdb.parts._OPEN_BYTES", 1_000)
    monkeypatch.setattr("oomdb.parts._DENSE_LITERALS", 1)
    monkeypatch.setattr("oomdb.workers._WORTH_BYTES", 1)
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "messages-20250601").write_bytes(long_log())
    return folder


def content(database: Path) -> list[str]:
    with databases.open_for_reading(database) as reader:
        return list(canonical(reader))


def test_parts_at_any_number_of_workers_are_the_whole(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = logs / "messages-20250601"
    found = parts.places(Source(str(path), status=signature(str(path))))
    assert len(found) == -(-path.stat().st_size // PART_BYTES) > 10
    in_parts = [ingest([logs], tmp_path / f"{jobs}.duckdb", DATED, jobs=jobs) for jobs in (1, 2)]
    monkeypatch.setattr("oomdb.workers.places", lambda source: [])
    at_once = ingest([logs], tmp_path / "once.duckdb", DATED, jobs=1)
    assert (at_once.new_events, at_once.hosts, at_once.damaged_events) == (240, 3, 0)
    assert in_parts == [at_once, at_once]
    expected = content(tmp_path / "once.duckdb")
    assert any('"stamp+year:name' in line for line in expected)
    assert content(tmp_path / "1.duckdb") == expected
    assert content(tmp_path / "2.duckdb") == expected


@pytest.mark.parametrize("look_back", [256 * 1024, 4000])
def test_a_report_that_is_longer_than_what_is_read_round_a_part(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look_back: int
) -> None:
    monkeypatch.setattr("oomdb.reports.scan.LOOK_BACK", look_back)
    monkeypatch.setattr("oomdb.reports.scan.BACK_STEP", 1000)
    monkeypatch.setattr("oomdb.reports.scan.STAMPED_BYTES", 4000)
    report = report_6_1(pid=77)
    row = report.index(TASK_HEADER_6_1) + 1
    report[row:row] = [report[row].replace(" 112", f"{500 + number}") for number in range(600)]
    text = (logs / "messages-20250601").read_bytes()
    middle = text.rindex(b"oom_score_adj:0\n", 0, PART_BYTES * 3) + len(b"oom_score_adj:0\n")
    long = log(syslog(report, "web9", "Jun 17 17:30:00"))
    assert len(long) > PART_BYTES + 16_000
    (logs / "messages-20250601").write_bytes(text[:middle] + long + text[middle:])
    ingest([logs], tmp_path / "parts.duckdb", DATED, jobs=1)
    monkeypatch.setattr("oomdb.workers.places", lambda source: [])
    ingest([logs], tmp_path / "once.duckdb", DATED, jobs=1)
    assert content(tmp_path / "parts.duckdb") == content(tmp_path / "once.duckdb")


def test_pieces_inside_a_report_are_its_own_or_another_host_s(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its kill stands alone in a part; so do a report without its beginning, and a kill."""
    monkeypatch.setattr("oomdb.parts._OPEN_BYTES", 30_000)
    monkeypatch.setattr("oomdb.reports.scan.LOOK_BACK", 4000)
    monkeypatch.setattr("oomdb.reports.scan.STAMPED_BYTES", 4000)
    stamp = "Jun 17 17:30:00"
    report = syslog(report_6_1(pid=77), "web9", stamp)
    quiet = [f"{stamp} web5 sshd[5]: Accepted publickey for root"] * 200
    others = [
        *syslog(report_6_1(pid=78)[8:], "web8", stamp),
        *syslog(report_6_1(pid=79)[-1:], "web7", stamp),
    ]
    text = (logs / "messages-20250601").read_bytes()
    middle = text.rindex(b"oom_score_adj:0\n", 0, PART_BYTES * 3) + len(b"oom_score_adj:0\n")
    long = log([*report[:-1], *quiet, *others, *quiet, report[-1]])
    assert len(long) > PART_BYTES
    (logs / "messages-20250601").write_bytes(text[:middle] + long + text[middle:])
    in_parts = ingest([logs], tmp_path / "parts.duckdb", DATED, jobs=1)
    monkeypatch.setattr("oomdb.workers.places", lambda source: [])
    at_once = ingest([logs], tmp_path / "once.duckdb", DATED, jobs=1)
    assert (at_once.new_events, at_once.damaged_events) == (243, 2)
    assert in_parts == at_once
    assert content(tmp_path / "parts.duckdb") == content(tmp_path / "once.duckdb")


@pytest.mark.parametrize(
    ("data", "is_split"),
    [
        (long_log(), True),
        (b"\x1f\x8b\x08" + long_log(), False),
        (b'[{"MESSAGE": "' + long_log(), False),
        (b"Jun  4 17:19:10 web1 a: b\n" * 20_000, False),
        (long_log()[: 2 * PART_BYTES - 1], False),
    ],
)
def test_logs_of_lines_that_are_long_and_full_of_reports_are_split(
    logs: Path, data: bytes, is_split: bool
) -> None:
    path = logs / "other"
    path.write_bytes(data)
    assert bool(parts.places(Source(str(path), status=signature(str(path))))) == is_split


def test_a_log_that_cannot_be_read_any_more_is_set_aside(logs: Path, tmp_path: Path) -> None:
    path = logs / "messages-20250601"
    source = Source(str(path), status=signature(str(path)))
    first, *_ = parts.places(source)
    path.write_bytes(b"\x1f\x8b\x08")
    from oomdb.carriers.names import NAMES

    assert parts.read_part(source, first, NAMES).problem == "the file was changed while it was read"


def test_a_long_log_that_is_gone_when_it_is_read_is_set_aside(logs: Path, tmp_path: Path) -> None:
    path = logs / "messages-20250601"
    (logs / "web9.log").write_bytes(log(report_6_1(pid=9)))
    real = parts.places

    def vanishing(source: Source) -> list[parts.Place]:
        found = real(source)
        path.unlink(missing_ok=True)
        return found

    for jobs in (1, 2):
        path.write_bytes(long_log())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("oomdb.workers.places", vanishing)
            summary = ingest([logs], tmp_path / f"{jobs}.duckdb", jobs=jobs)
        assert summary.set_aside == [(str(path), "No such file or directory")]
        assert summary.new_events == 1
