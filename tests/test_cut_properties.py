"""Whatever happens to a log, reading it never fails and never invents a report's line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from oomdb.reports.reader import Located, in_blocks
from tests.printed import dmesg, log, report_6_1, syslog

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = dmesg(report_6_1())
NOISE = ["[    9.000001] usb 1-1: reset", "app[77]: 200 OK", "", "> quoted", "\x00\xff\x1b[31m"]


def taken(located: Sequence[Located]) -> list[str]:
    """The texts of all lines that were understood."""
    return [
        token.text for one in located for token in one.report.tokens if token.understood is not None
    ]


@given(st.binary(max_size=4000))
def test_random_bytes_are_no_report(data: bytes) -> None:
    assert list(in_blocks([data])) == []


@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_a_cut_report_holds_no_line_that_the_whole_one_does_not(first: int, last: int) -> None:
    located = list(in_blocks([log(WHOLE[first:last])]))
    assert set(taken(located)) <= set(report_6_1())


@given(st.lists(st.sampled_from(range(len(WHOLE))), max_size=8, unique=True))
def test_lost_lines_take_nothing_else_with_them(lost: list[int]) -> None:
    kept = [line for number, line in enumerate(WHOLE) if number not in lost]
    located = list(in_blocks([log(kept)]))
    texts = [text for number, text in enumerate(report_6_1()) if number not in lost]
    assert taken(located) == [text for text in texts if text in taken(located)]
    assert len(located) <= 1 + bool(lost)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.sampled_from(NOISE)), max_size=12))
def test_noise_between_the_lines_changes_no_line(noise: list[tuple[int, str]]) -> None:
    lines = list(WHOLE)
    for position, text in sorted(noise, reverse=True):
        lines.insert(position, text)
    located = list(in_blocks([log(lines)]))
    assert len(located) == 1
    assert [text for text in taken(located) if text in report_6_1()] == report_6_1()


@given(
    st.lists(
        st.tuples(st.integers(0, len(log(WHOLE)) - 1), st.integers(0, 255)), min_size=1, max_size=20
    )
)
def test_corrupt_bytes_never_raise(changes: list[tuple[int, int]]) -> None:
    data = bytearray(log(WHOLE))
    for position, value in changes:
        data[position] = value
    for located in in_blocks([bytes(data)]):
        assert located.lines


@given(st.permutations(range(4)), st.integers(0, 3))
def test_hosts_in_one_file_do_not_touch_each_other(order: list[int], cut: int) -> None:
    logs = {f"h{number}": syslog(report_6_1(pid=10 + number), f"h{number}") for number in order}
    logs[f"h{cut}"] = logs[f"h{cut}"][:-1]
    lines = [line for row in zip(*(logs[host][:-1] for host in logs), strict=False) for line in row]
    lines += [logs[host][-1] for host in logs if host != f"h{cut}"]
    located = list(in_blocks([log(lines)]))
    assert sorted(str(one.host) for one in located) == sorted(logs)


@given(st.integers(1, 5))
def test_a_report_read_alone_is_the_same_report(copies: int) -> None:
    parts = [dmesg(report_6_1(pid=number), 6.0 + number) for number in range(copies)]
    together = list(in_blocks([log(*parts)]))
    for located in together:
        first, last = located.lines[0].first_byte, located.lines[-1].last_byte
        [alone] = in_blocks([log(*parts)[first:last]])
        assert taken([alone]) == taken([located])
