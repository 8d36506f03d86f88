"""Lines that the kernel printed piece by piece are put together, whatever came between."""

from __future__ import annotations

import pytest

from oomdb.reports.fragments import MOST_BETWEEN
from oomdb.reports.reader import in_blocks
from tests.printed import dmesg, log, report_6_1

ZONE, RESERVE, BUDDY, SUMMARY = 6, 7, 8, 18
FRAME = " ? find_held_lock+0x35/0x1d0"
#: A line of the report and the pieces in which it is printed.
PIECES = {
    "node before its zone": (ZONE, ("Node 0 ", 7)),
    "reserves": (RESERVE, ("lowmem_reserve[]:", " 0", " 125 125", " 125 125")),
    "free lists": (BUDDY, ("Node 0 ", "DMA: ", "1*4kB (U) 0*8kB ", "1*16kB (M) ", "= 20kB")),
    "summary": (
        SUMMARY,
        (
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null)",
            ",cpuset=",
            "/",
            ",mems_allowed=0",
            ",global_oom",
            ",task_memcg=",
            "/",
            ",task=java,pid=124,uid=1000",
        ),
    ),
}


def in_pieces(name: str, between: list[str]) -> tuple[list[str], list[str]]:
    """A report, and its lines with one of them in pieces that other lines keep apart."""
    report = report_6_1()
    index, pieces = PIECES[name]
    texts = [report[index][piece:] if isinstance(piece, int) else piece for piece in pieces]
    apart = texts[:1]
    for text in texts[1:]:
        apart += [*between, text]
    return report, [*report[:index], *apart, *report[index + 1 :]]


@pytest.mark.parametrize("stamped", [True, False], ids=["stamped", "bare"])
@pytest.mark.parametrize("between", [[], [FRAME], [FRAME, "usb 1-1: new device"] * 2])
@pytest.mark.parametrize("name", PIECES)
def test_pieces_become_the_line_that_was_meant(
    name: str, between: list[str], stamped: bool
) -> None:
    report, printed = in_pieces(name, between)
    [located] = in_blocks([log(dmesg(printed) if stamped else printed)])
    understood = [token for token in located.report.tokens if token.understood]
    texts = [" ".join(token.text.split()) for token in understood if FRAME not in token.text]
    assert texts == [" ".join(text.split()) for text in report]
    assert "wrapped" in located.report.damage
    assert ("interleaved" in located.report.damage) == bool(between)


def test_a_piece_that_comes_too_late_is_left_alone() -> None:
    _, printed = in_pieces("reserves", [FRAME] * (MOST_BETWEEN + 2))
    [located] = in_blocks([log(dmesg(printed))])
    left = [token.text for token in located.report.tokens if token.understood is None]
    assert " 0" in left


def test_pieces_of_two_callers_do_not_mix() -> None:
    first, second = report_6_1(pid=11), report_6_1(pid=12)
    first[RESERVE : RESERVE + 1] = ["lowmem_reserve[]:", " 0 111"]
    second[RESERVE : RESERVE + 1] = ["lowmem_reserve[]:", " 0 222"]
    pairs = zip(dmesg(first, caller="T11"), dmesg(second, caller="T12"), strict=True)
    located = in_blocks([log([line for pair in pairs for line in pair])])
    texts = sorted([token.text for token in one.report.tokens] for one in located)
    assert [text[RESERVE] for text in texts] == [
        "lowmem_reserve[]: 0 111",
        "lowmem_reserve[]: 0 222",
    ]


def test_a_header_keeps_its_cpuset_when_frames_come_between() -> None:
    report = report_6_1()
    printed = [report[0], FRAME, "java cpuset=", FRAME, "batch", FRAME, " mems_allowed=0-1"]
    [located] = in_blocks([log(dmesg([*printed, *report[1:]]))])
    assert "java cpuset=batch mems_allowed=0-1" in [token.text for token in located.report.tokens]


def test_two_headers_get_each_its_own_cpuset() -> None:
    printed = [
        "ada invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "bob invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "ada cpuset=a mems_allowed=0",
        "bob cpuset=b mems_allowed=0",
    ]
    located = list(in_blocks([log(dmesg(printed))]))
    assert [[token.text[:12] for token in one.report.tokens][1] for one in located] == [
        "ada cpuset=a",
        "bob cpuset=b",
    ]
