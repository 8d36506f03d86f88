"""Quoted-printable is undone where a stream has it, and nowhere else."""

from __future__ import annotations

import quopri

import pytest

from oomdb.carriers.transfer import QuotedPrintable
from oomdb.reports.reader import in_blocks
from tests.printed import dmesg, log, report_6_1
from tests.test_carriers.streams import raw_lines


def decoded(text: str) -> list[str]:
    transfer = QuotedPrintable()
    lines = [done.text for line in raw_lines(text.encode()) for done in transfer.feed(line)]
    return [*lines, *(line.text for line in transfer.flush())]


@pytest.mark.parametrize("quote", ["", "> ", ">> > "])
def test_a_report_is_what_it_was_before_a_mailer_encoded_it(quote: str) -> None:
    lines = [quote + line for line in dmesg(report_6_1())]
    [plain] = in_blocks([log(lines)])
    [encoded] = in_blocks([quopri.encodestring(log(lines))])
    assert [token.text for token in encoded.report.tokens] == report_6_1()
    assert encoded.report.damage == plain.report.damage == set()
    assert encoded.lines[-1].line_no > plain.lines[-1].line_no


def test_marks_of_a_later_quotation_are_taken_out_of_the_joined_line() -> None:
    lines = quopri.encodestring(log(dmesg(report_6_1()))).decode().splitlines()
    [located] = in_blocks([log([f">> {line}" for line in lines])])
    assert [token.text for token in located.report.tokens] == report_6_1()


@pytest.mark.parametrize(
    "text",
    [
        "java cpuset=",
        "order=10",
        "x" * 72 + "=",
        "https://example.org/?a=3d&b=20",
    ],
)
def test_equals_signs_of_other_lines_stay(text: str) -> None:
    assert decoded(text) == [text]


def test_plain_lines_after_an_encoded_one_stay() -> None:
    plain = "java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=10, oom_score_adj=20"
    assert decoded(f"Free swap  =3D 0kB\n{plain}") == ["Free swap  = 0kB", plain]


def test_a_line_that_is_broken_at_the_end_of_the_stream_is_kept() -> None:
    assert decoded("a=3D" + "x" * 70 + "=") == ["a=" + "x" * 70]
