"""Octet-counted syslog, and the parts that pstore keeps."""

from __future__ import annotations

import pytest

from tests.printed import dmesg, log, report_6_1
from tests.test_carriers.streams import LINES, RECORDS, evidence, facts, reports, texts

[EXPECTED] = [facts(found) for found in reports(log(report_6_1()))]
HEADER = "<4>1 2024-06-04T17:19:10Z web1 kernel - - - "


def frames(messages: list[str]) -> bytes:
    return "".join(f"{len(message)} {message}" for message in messages).encode("latin-1")


@pytest.mark.parametrize("size", [100, 1 << 20])
@pytest.mark.parametrize("messages", [LINES, RECORDS], ids=["lines", "newlines within"])
def test_frames_without_newlines_between_them(messages: list[str], size: int) -> None:
    data = frames([HEADER + message for message in messages])
    [found] = reports(data, size)
    assert facts(found) == EXPECTED
    assert found.host == "web1"
    [again] = reports(evidence(found))
    assert facts(again) == EXPECTED


def test_frames_of_the_old_form_and_with_a_newline_each() -> None:
    old = "<4>Jun  4 17:19:10 web1 kernel: "
    for data in (
        frames([old + line for line in LINES]),
        b"".join(frames([old + line]) + b"\n" for line in LINES),
    ):
        [found] = reports(data)
        assert facts(found) == EXPECTED


def test_a_gap_in_a_capture_costs_what_it_cut() -> None:
    messages = [HEADER + line for line in LINES]
    data = frames(messages[:3]) + frames([HEADER + "x" * 200])[:80] + frames(messages[3:])
    found = texts(data)
    assert [line for line in found if line in LINES] == LINES


@pytest.mark.parametrize("head", ["Panic#1 Part{}", "Oops#3 Part{}", "Emergency#1 Part{}"])
def test_parts_of_the_last_words_stand_the_newest_first(head: str) -> None:
    lines = [f"<4>{line}" for line in dmesg(LINES)]
    parts = [lines[at : at + 7] for at in range(0, len(lines), 7)]
    newest_first = [[head.format(n), *part] for n, part in enumerate(reversed(parts), 1)]
    [found] = reports(log(*newest_first))
    assert facts(found) == EXPECTED
    [again] = reports(evidence(found))
    assert facts(again) == EXPECTED
    oldest_first = log(*reversed(newest_first))
    assert [facts(each) for each in reports(oldest_first)] == [EXPECTED]


def test_parts_of_two_dumps_stay_apart() -> None:
    lines = [f"<4>{line}" for line in dmesg(LINES)]
    dumps = [
        [f"Oops#{n} Part{part}", *half]
        for n in (1, 2)
        for part, half in ((1, lines[9:]), (2, lines[:9]))
    ]
    assert [facts(each) for each in reports(log(*dumps))] == [EXPECTED, EXPECTED]
