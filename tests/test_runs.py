"""Lines taken in runs give the same reports as lines read one by one."""

from __future__ import annotations

import random
from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oomdb.carriers.line import KernelLine, Lines
from oomdb.dating import Timeline
from oomdb.reports.cut import IDLE_BYTES
from oomdb.reports.noise import Noise
from oomdb.reports.reader import in_blocks
from oomdb.reports.runs import Runs
from oomdb.reports.tokens import TaskRows
from tests.printed import dmesg, log, report_6_1

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.reports.report import Report

ROW = 17
NAMES = ("java", "tmux: server", "(sd-pam)", "kworker/0:1", "a<b", "1234", "x kB (1)", "", "ill")
DAEMONS = ("sshd[12]", "systemd[1]", "CRON[7]", "dhclient", "swap", "kernel")
SAID = (
    "session opened for user root by (uid=0)",
    "user root",
    "kernel: x",
    "a=3D b",
    "x [   12.345678] y",
    "```",
    '{"a": 1}',
    "back\\slash",
    "tab\there",
)


def rows(count: int, names: Sequence[str], rand: random.Random) -> list[str]:
    return [
        f"[{pid:7d}] {rand.choice([0, 1000]):5d} {pid:5d} {rand.randrange(10**6):8d}"
        f" {rand.randrange(10**5):8d} {rand.randrange(99) * 4096:8d} {0:8d}"
        f"         {rand.choice([0, -1000, 1000]):5d} {rand.choice(names)}"
        for pid in rand.sample(range(300, 300 + 2 * count), count)
    ]


def printed(rand: random.Random, names: Sequence[str] = NAMES) -> list[str]:
    """Two reports with the kernel's stamps, with rows of its table and other lines between."""
    lines: list[str] = []
    for number in range(2):
        report = report_6_1(pid=11 + number, free_kb=800 + number)
        table = rows(rand.randrange(40), names, rand)
        caller = rand.choice([None, None, "T11"])
        lines += dmesg(
            [*report[:ROW], *table, *report[ROW:], "usb 1-1: reset"], 6.0 + number, caller
        )
    return lines


def changed(lines: list[str], rand: random.Random) -> list[str]:
    """The lines with some lost, doubled, cut, joined, broken or out of order."""
    lines = list(lines)
    for _ in range(rand.choice([0, 0, 1, 3, 8])):
        at = rand.randrange(len(lines) - 1)
        line = lines[at]
        lines[at : at + 2] = rand.choice(
            [
                [lines[at + 1]],
                [line, line, lines[at + 1]],
                [line[: rand.randrange(len(line) + 1)], lines[at + 1]],
                [lines[at + 1], line],
                [line + lines[at + 1]],
                [line[: len(line) // 2], line[len(line) // 2 :], lines[at + 1]],
            ]
        )
    return lines


def carried(lines: list[str], form: str, rand: random.Random) -> list[str]:
    """The lines as a carrier writes them, with those of other programs and hosts between."""
    if form == "dmesg":
        return lines
    carried: list[str] = []
    second = rand.randrange(80_000)
    for line in lines:
        for _ in range(rand.choice([0] * 20 + [1, 3, 20])):
            second = max(second + rand.choice([0, 0, 1, 1, 1, 1, 1, 5, -1, -3700]), 0)
            said = f"{rand.choice(('web1', 'db2'))} {rand.choice(DAEMONS)}: {rand.choice(SAID)}"
            carried.append(f"{_stamp(form, second, rand)} {said}")
        second += rand.choice([0] * 40 + [1])
        carried.append(f"{_stamp(form, second, rand)} web1 kernel: {line}")
    return carried


def _stamp(form: str, second: int, rand: random.Random) -> str:
    clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
    if form == "syslog":
        return f"Dec 31 {clock}"
    return f"2024-12-31T{clock}.{rand.randrange(10**6):06}+01:00"


def told(data: bytes, size: int) -> list[object]:
    """All that is told of the reports of a log, and what it taught about its times."""
    timeline = Timeline()
    blocks = (data[start : start + size] for start in range(0, len(data), size))
    found: list[object] = []
    for located in in_blocks(blocks, timeline):
        report = located.report
        found.append((located.host, report.kind, report.headless, report.damage, report.sections))
        for token in report.tokens:
            kind = token.kind.name if token.kind else None
            match = token.understood.match.groupdict() if token.understood else None
            found.append((token.text, kind, match, token.mends, token.rest))
            found.append([astuple(line) for line in token.lines])
    return [*found, vars(timeline)]


def one_by_one(data: bytes, size: int) -> list[object]:
    """The same, without any runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runs, "take", lambda *_: None)
        patch.setattr(Noise, "take", lambda *_: None)
        return told(data, size)


@pytest.mark.parametrize("form", ["dmesg", "syslog", "iso"])
@settings(max_examples=settings().max_examples // 2)
@given(st.integers(0, 2**32), st.sampled_from([1 << 12, 1 << 20]))
def test_runs_tell_what_single_lines_tell(form: str, seed: int, size: int) -> None:
    rand = random.Random(seed)
    data = log(carried(changed(printed(rand), rand), form, rand))
    assert told(data, size) == one_by_one(data, size)


@pytest.mark.parametrize(
    "before", ["", "Dec  1 09:10:11 web1 kernel: ", "2024-12-01T09:10:11.5+01:00 web1 kernel: "]
)
def test_rows_of_a_whole_table_are_one_part_of_the_report(before: str) -> None:
    report, table = report_6_1(), rows(30, NAMES[:4], random.Random(1))
    lines = dmesg([*report[:ROW], *table, *report[ROW:]])
    [located] = in_blocks([log([before + line for line in lines])])
    assert [len(part) for part in parts_of(located.report)] == [30]
    assert [token.text for token in located.report.tokens[ROW:-3]] == table


def parts_of(report: Report) -> Iterator[TaskRows]:
    return (part for part in report.parts if isinstance(part, TaskRows))


@given(st.lists(st.tuples(st.integers(0, 9000), st.sampled_from(["a", "b"])), min_size=1))
def test_the_first_and_last_stamps_of_a_run_tell_all_of_its_times(
    lines: list[tuple[int, str]],
) -> None:
    at_once, one_by_one = Timeline(), Timeline()
    for part in (lines, sorted(lines)):
        stamps = [_stamp("syslog", second, random.Random(1)) for second, _ in part]
        hosts = [host for _, host in part]
        at_once.see_stamps(stamps, hosts, 6, Lines("", 1, 0))
        for stamp, host in zip(stamps, hosts, strict=True):
            one_by_one.see(KernelLine("", 1, 0, 1, "", "syslog", True, True, host, stamp))
        assert vars(at_once) == vars(one_by_one)


def test_a_report_without_end_holds_the_rest_of_the_log_only_for_a_while() -> None:
    begun = [f"Jun  4 17:19:10 dead kernel: {line}" for line in dmesg(report_6_1()[:ROW])]
    other = "Jun  4 17:19:11 web1 sshd[1]: session opened for user root"
    many = 4 * IDLE_BYTES // len(other)
    read: list[int] = []

    class Watched(Timeline):
        def see(self, line: object) -> None:
            read.append(line.first_byte)  # type: ignore[attr-defined]
            super().see(line)  # type: ignore[arg-type]

    [located] = in_blocks([log(begun, [other] * many)], Watched())
    assert not located.report.victim_pids
    assert max(offset for offset in read[:-1]) < 3 * IDLE_BYTES
