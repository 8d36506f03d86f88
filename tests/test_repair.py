"""Lines that people and programs broke are mended, and the mend is told."""

from __future__ import annotations

import textwrap

import pytest

from oomdb.reports.reader import in_blocks
from oomdb.rows.builder import rows_of
from tests.printed import TASK_HEADER_6_1, dmesg, log, report_6_1, syslog

COUNTERS = 4
ZONE = 6
ROW = 17
KILLED = 19


def mended(lines: list[str]) -> tuple[list[str], set[str], list[str]]:
    """The texts taken, the damage words, and the texts that nothing took."""
    [located] = in_blocks([log(lines)])
    tokens = located.report.tokens
    return (
        [token.text for token in tokens if token.understood],
        located.report.damage,
        [token.text for token in tokens if not token.understood],
    )


@pytest.mark.parametrize("index", range(len(report_6_1())))
@pytest.mark.parametrize("glue", [" ", ""], ids=["at a blank", "in mid-word"])
def test_a_line_wrapped_once_is_whole_again(index: int, glue: str) -> None:
    report = report_6_1()
    printed = dmesg(report)
    line = printed[index]
    cut = line.rfind(" ", 0, max(40, len(line) * 2 // 3)) if glue else len(line) * 2 // 3
    if len(line) < 66 or cut < 16:
        pytest.skip("too short to be wrapped")
    if index == COUNTERS:
        pytest.skip("each piece is such a line itself")
    wrapped = [*printed[:index], line[:cut], line[cut:].removeprefix(glue), *printed[index + 1 :]]
    texts, damage, rest = mended(wrapped)
    numbers = sum(len(text.split(":")) for text in report)
    assert rest == []
    assert "wrapped" in damage
    assert sum(len(text.split(":")) for text in texts) - len(texts) == numbers - len(report)


def test_notes_behind_numbers_and_lines_are_taken_off() -> None:
    printed = syslog(report_6_1())
    printed[ZONE] = printed[ZONE].replace("min:168kB", "min:168kB(0.2M)")
    printed[ROW] += "  <============"
    printed[KILLED] += " <============"
    texts, damage, rest = mended(printed)
    assert rest == []
    assert damage == {"annotated"}
    assert texts == report_6_1()


def test_a_line_clipped_by_a_terminal_keeps_what_is_left() -> None:
    printed = dmesg(report_6_1())
    printed[ZONE] = printed[ZONE][:90] + ">"
    texts, damage, _ = mended(printed)
    assert damage == {"clipped"}
    assert len(texts) == len(report_6_1())


@pytest.mark.parametrize(
    ("index", "kept", "cut"),
    [
        (0, "order=0", "oom_score_a>"),
        (18, "mems_allowed=0,global_oom", "task_memcg=/kube>"),
        (KILLED, "anon-rss:77856kB", "file-rss:0>"),
    ],
)
def test_what_a_clipped_line_still_tells_is_kept_apart_from_its_last_piece(
    index: int, kept: str, cut: str
) -> None:
    report = report_6_1()
    report[18] = report[18].replace("task_memcg=/,", "task_memcg=/kubepods,")
    line = report[index]
    report[index] = line[: line.index(cut[:-1]) + len(cut) - 1] + ">"
    [located] = in_blocks([log(dmesg(report))])
    [token] = [one for one in located.report.tokens if one.rest]
    assert token.rest == cut
    assert kept in token.text
    assert token.understood is not None
    assert cut[:-1] not in token.understood.match.groupdict().values()
    assert located.report.damage == {"clipped"}


@pytest.mark.parametrize("width", [58, 66, 71, 80])
def test_a_summary_in_several_pieces_is_read_whole(width: int) -> None:
    report = report_6_1()
    line = dmesg(report)[18]
    pieces = [line[start : start + width] for start in range(0, len(line), width)]
    texts, damage, rest = mended([*dmesg(report)[:18], *pieces, dmesg(report)[KILLED]])
    assert rest == []
    assert damage == {"wrapped"}
    assert texts == report


def test_two_records_in_one_line_come_apart() -> None:
    printed = dmesg(report_6_1())
    joined = [*printed[:3], printed[3] + printed[4], *printed[5:]]
    texts, _, rest = mended(joined)
    assert rest == []
    assert texts == report_6_1()


def test_mail_quotes_and_indentation_are_no_part_of_a_line() -> None:
    for prefix in ("> ", ">> ", "    ", "\t"):
        texts, damage, rest = mended([prefix + line for line in dmesg(report_6_1())])
        assert (texts, damage, rest) == (report_6_1(), set(), [])


def test_no_break_spaces_of_a_mailer_are_blanks() -> None:
    printed = [line.replace("  ", " \xc2\xa0") for line in dmesg(report_6_1())]
    texts, damage, rest = mended(printed)
    assert (len(texts), damage, rest) == (len(printed), set(), [])
    [located] = in_blocks([log([f">>> {line}" for line in printed[2:15]])])
    assert (located.report.kind, located.report.first.uptime_s) == ("memory_dump", 6.002)


def test_no_break_spaces_in_the_stamp_of_a_syslog_daemon_are_blanks() -> None:
    printed = syslog(report_6_1(), stamp="Jun \xc2\xa04 17:19:10")
    texts, damage, rest = mended(printed)
    assert (len(texts), damage, rest) == (len(printed), set(), [])


def test_a_newline_in_a_name_does_not_break_the_row() -> None:
    report = report_6_1(victim="ja\nva")
    report[ROW] = report[ROW].replace("java", "ja\nva")
    printed: list[str] = []
    for number, line in enumerate(report):
        stamp = f"[{6 + number / 1000:12.6f}] "
        printed += [stamp + piece for piece in line.split("\n")]
    texts, _, rest = mended(printed)
    assert rest == []
    assert texts == report


def test_a_row_spliced_into_the_stamp_of_another_gives_back_its_pid() -> None:
    printed = [
        f"Jun 20 12:47:43 db1 kernel: [{15180321 + number / 1000:.6f}] {line}"
        for number, line in enumerate(report_6_1())
    ]
    printed[ROW] = "Jun 20 12:47:43 db1 kernel: [1124]  1000   124    19959    19578   196608" + (
        "       17             0 java"
    )
    texts, damage, rest = mended(printed)
    assert rest == []
    assert damage == {"spliced"}
    assert texts[ROW].startswith("[124]")


@pytest.mark.parametrize("blank", ["\xa0", "\xc2\xa0", "\x7f"])
def test_margins_made_of_other_blanks_are_taken_off(blank: str) -> None:
    texts, _, rest = mended([f"{blank * 3}{line}" for line in report_6_1()])
    assert [text.strip() for text in texts] == [line.strip() for line in report_6_1()]
    assert rest == []


def test_indentation_is_no_part_of_an_invokers_name() -> None:
    [located] = in_blocks([log([f"   {line}" for line in report_6_1()])])
    assert located.report.invoker == "java"


@pytest.mark.parametrize(
    ("index", "whole", "broken"),
    [
        (ZONE, "present:15992kB", "present:15 992kB"),
        (ZONE, "managed:15360kB", "managed :15360kB"),
        (ZONE, "low:208kB", "low:208k B"),
        (ZONE + 2, "1*16kB", "1* 16kB"),
        (ZONE + 2, "1*16kB", "1*1 6kB"),
    ],
)
def test_a_blank_inside_a_field_is_left_of_a_line_that_was_broken(
    index: int, whole: str, broken: str
) -> None:
    printed = dmesg(report_6_1())
    printed[index] = printed[index].replace(whole, broken)
    assert mended(printed) == (report_6_1(), {"wrapped"}, [])


def test_a_failures_header_cut_by_a_terminal_still_begins_a_report() -> None:
    header = "kswapd0: page allocation failure: order:2, mode:0x820(GFP_ATOMIC), nodem0"
    [located] = in_blocks([log(dmesg([header, *report_6_1()[2:14]]))])
    assert located.report.kind == "allocation_failure"
    assert "clipped" in located.report.damage


@pytest.mark.parametrize("end", [">", "..."])
def test_a_line_cut_by_a_pager_and_then_wrapped_keeps_what_is_left(end: str) -> None:
    printed = dmesg(report_6_1())
    zone = printed[ZONE]
    printed[ZONE : ZONE + 1] = [zone[:70], zone[70:95].rpartition(" ")[0] + f" pre{end}"]
    texts, damage, _ = mended(printed)
    assert damage == {"clipped", "wrapped"}
    assert len(texts) == len(report_6_1())


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("516888 total pagecache pages", ["516888 total pagecache", "pages"]),
        ("0 pages HighMem/MovableOnly", ["0 pages", "HighMem/MovableOnly"]),
        (
            "Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB",
            ["Node 0", "hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB"],
        ),
        (
            " dump_backtrace from show_stack+0x18/0x1c",
            [" dump_backtrace from", "show_stack+0x18/0x1c"],
        ),
        (
            " mhi_probe+0x5c8/0xaa0 [mhi 0a1b2c3d4e5f]",
            [" mhi_probe+0x5c8/0xaa0 [mhi", "0a1b2c3d4e5f]"],
        ),
        (
            "[c000000007eeb370] [c00000000079cce0] dump_stack+0xc4/0x114 (unreliable)",
            ["[c000000007eeb370] [c00000000079cce0]", "dump_stack+0xc4/0x114 (unreliable)"],
        ),
        (" __alloc_pages_slowpath+0xb10/0xb50", [" __alloc_pages_slowpath+0xb10/0", "xb50"]),
    ],
)
def test_short_lines_that_a_mailer_broke_are_whole_again(line: str, broken: list[str]) -> None:
    report = report_6_1()
    at = 2 if "0x" in line else 9
    lines = [*dmesg([line]), *dmesg(report, 7.0)]
    wrapped = [lines[0].replace(line, broken[0]), *broken[1:]]
    printed = [*lines[1 : at + 1], *wrapped, *lines[at + 1 :]]
    texts, damage, rest = mended(printed)
    assert (rest, damage) == ([], {"wrapped"})
    assert line.strip() in [text.strip() for text in texts]


def test_the_code_bytes_of_a_broken_line_need_no_margin() -> None:
    report = report_6_1()
    code = ["Code: 48 3d 00 f0 ff ff", "  0f 05 <48> 3d 00 f0 ff ff 77 5a c3"]
    texts, damage, rest = mended([*report[:2], *code, *report[2:]])
    assert (rest, damage) == ([], {"wrapped"})
    joined = [" ".join(text.split()) for text in texts]
    assert "Code: 48 3d 00 f0 ff ff 0f 05 <48> 3d 00 f0 ff ff 77 5a c3" in joined


def test_a_pages_source_has_signs_of_its_own() -> None:
    report = report_6_1()
    printed = [*report[:2], " &lt;TASK&gt;", " dump_stack_lvl+0x44/0x5c", *report[2:]]
    texts, damage, rest = mended(dmesg(printed))
    assert (rest, damage) == ([], set())
    assert "<TASK>" in texts


def test_two_lines_without_numa_that_ran_together_come_apart() -> None:
    report = [line.replace("Node 0 DMA", "DMA") for line in report_6_1()]
    joined = [*report[:7], report[7] + report[8], *report[9:]]
    assert mended(dmesg(joined)) == (report, {"spliced"}, [])


@pytest.mark.parametrize("index", [0, KILLED])
def test_a_sentence_before_a_broken_line_is_no_piece_of_it(index: int) -> None:
    report = report_6_1()
    line = report[index]
    cut = line.rfind(" ", 0, 70)
    broken = ["Then the OOM killer said:", line[:cut], line[cut + 1 :]]
    printed = [*report[:index], *broken, *report[index + 1 :]]
    [located] = in_blocks([log(printed)])
    texts = [token.text for token in located.report.tokens if token.understood]
    assert texts == report


def test_the_rest_of_a_zone_belongs_to_the_caller_before_it() -> None:
    report = report_6_1()
    printed = dmesg(report, caller="T124")
    zone, rest = printed[ZONE].split(" present:")
    texts, damage, unparsed = mended(
        [*printed[:ZONE], zone, f"present:{rest}", *printed[ZONE + 1 :]]
    )
    assert (damage, unparsed) == ({"wrapped"}, [])
    assert f"present:{rest}" in texts


@pytest.mark.parametrize("piece", ["oom_score_a", "swap", "pgtables_", "total_v", "na"])
def test_a_table_header_broken_in_a_word_keeps_its_columns(piece: str) -> None:
    header = TASK_HEADER_6_1
    cut = header.rindex(piece) + len(piece)
    texts, damage, rest = mended(
        [
            line
            for whole in dmesg(report_6_1())
            for line in ([whole[: cut - len(header)], header[cut:]] if header in whole else [whole])
        ]
    )
    assert (header in texts, damage, rest) == (True, {"wrapped"}, [])


@pytest.mark.parametrize(
    ("end", "width"),
    [("shmem-rss:456kB,0", 70), ("UID:1000 pgtables:192kB oom_score_a0", 95)],
)
def test_a_kill_line_written_over_at_its_end_and_then_wrapped_keeps_its_sizes(
    end: str, width: int
) -> None:
    [*printed, killed] = dmesg(report_6_1())
    cut = killed[: killed.index(end[:9])] + end
    [located] = in_blocks(
        [log([*printed, *textwrap.wrap(cut, width), "It has 48 GB, of which 12 GB are free."])]
    )
    [victim] = rows_of(located.report).of("victims")
    assert [victim[name] for name in ("pid", "anon_rss_kb", "file_rss_kb")] == [124, 77856, 0]
    assert located.report.damage == {"clipped", "wrapped"}
