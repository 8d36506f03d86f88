"""Lines near hits: given whole, numbered right, and flat in memory however the stream comes."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.reports.reader import in_blocks
from oomdb.reports.scan import LOOK_AHEAD, LOOK_BACK, STAMPED_BYTES
from tests.near_hits import lines_near_hits
from tests.printed import dmesg, log, report_6_1

if TYPE_CHECKING:
    from collections.abc import Iterator

NOISE = b"Jun  4 17:00:00 web1 sshd[1]: session opened for user root\n"
REPORT = log(dmesg(report_6_1()))


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def given_lines(data: bytes, size: int, *, wanted: bool = False) -> list[tuple[int, int]]:
    """Number and offset of each line that is handed on."""
    found = lines_near_hits(blocks(data, size), lambda: wanted)
    lines = [line for line in found if line is not None]
    for line in lines:
        text = data[line.first_byte : line.last_byte].removesuffix(b"\n")
        assert line.text == text.decode("latin-1")
    return [(line.line_no, line.first_byte) for line in lines]


@pytest.mark.parametrize("size", [1 << 10, 1 << 16, 1 << 22])
def test_a_log_without_a_hit_gives_the_first_line_of_each_megabyte_and_the_last(size: int) -> None:
    many = 50_000
    lines = [0, STAMPED_BYTES // len(NOISE), 2 * STAMPED_BYTES // len(NOISE), many - 1]
    given = [(number + 1, number * len(NOISE)) for number in lines]
    assert given_lines(NOISE * many, size) == given


def test_a_line_too_long_to_be_a_stamp_is_left_out() -> None:
    assert given_lines(b"x" * (3 * STAMPED_BYTES) + b"\n", 1 << 16) == []


def test_lines_far_from_hits_are_left_out_and_counted() -> None:
    many = 2 * (LOOK_BACK + LOOK_AHEAD) // len(NOISE)
    data = NOISE * many + REPORT + NOISE * many + REPORT + NOISE * many
    lines = given_lines(data, 1 << 16)
    assert lines[0] == (1, 0)
    assert lines[1][0] > 2
    assert [number for number, _ in lines] == sorted({number for number, _ in lines})
    assert lines[-1] == (3 * many + 2 * REPORT.count(b"\n"), len(data) - len(NOISE))
    starts = [
        (number, offset) for number, offset in lines if data.startswith(b"[    6.0000", offset)
    ]
    assert starts == [
        (many + 1, many * len(NOISE)),
        (2 * many + 1 + REPORT.count(b"\n"), 2 * many * len(NOISE) + len(REPORT)),
    ]


def test_the_line_of_the_hardware_clock_is_given_alone() -> None:
    clock = b"[    2.0] rtc_cmos: setting system clock to 2024-06-04T15:00:00 UTC (1717513200)\n"
    lines = given_lines(NOISE * 7000 + clock + NOISE * 7000, 1 << 16)
    last = (14001, 13999 * len(NOISE) + len(clock))
    assert lines == [(1, 0), (7001, 7000 * len(NOISE)), last]


def test_lines_that_are_asked_for_are_given_beyond_the_window() -> None:
    many = 4 * LOOK_AHEAD // len(NOISE)
    data = REPORT + NOISE * many
    assert len(given_lines(data, 1 << 16, wanted=True)) == REPORT.count(b"\n") + many
    assert len(given_lines(data, 1 << 16)) < REPORT.count(b"\n") + many


@given(st.integers(1, 700), st.integers(0, 3))
def test_blocks_of_any_size_give_the_same_lines(size: int, noise: int) -> None:
    data = (NOISE * noise + REPORT) * 2
    assert given_lines(data, size) == given_lines(data, len(data))


def test_a_report_whose_table_is_wider_than_the_window_is_one() -> None:
    *head, row, summary, kill = dmesg(report_6_1())
    data = log(head, [row] * (3 * LOOK_AHEAD // len(row)), [summary, kill])
    [located] = in_blocks(blocks(data, 1 << 16))
    assert located.lines[-1].last_byte == len(data)


def test_an_endless_line_is_not_held() -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * (1 << 20)
        yield b"\n" + REPORT

    tracemalloc.start()
    [located] = in_blocks(endless())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert located.lines[0].line_no == 2
    assert located.lines[0].first_byte == (200 << 20) + 1
    assert peak < 64 << 20
