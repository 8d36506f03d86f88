"""Reports come apart as they were printed, whatever stands around and between them."""

from __future__ import annotations

from oomdb.reports.reader import Located, in_blocks
from tests.printed import HEADER_6_1, dmesg, log, report_6_1, syslog

NOISE = ["usb 1-1: new high-speed USB device number 4", "EXT4-fs (vda1): mounted filesystem"]


def found(data: bytes) -> list[Located]:
    return list(in_blocks([data]))


def texts(located: Located) -> list[str]:
    return [token.text for token in located.report.tokens]


def unparsed(located: Located) -> list[str]:
    return [token.text for token in located.report.tokens if token.understood is None]


def test_a_report_is_cut_at_its_own_lines() -> None:
    report = report_6_1()
    [located] = found(log(dmesg(NOISE), dmesg(report), dmesg(NOISE)))
    assert texts(located) == report
    assert [line.line_no for line in located.lines] == list(range(3, 3 + len(report)))
    assert not located.report.headless


def test_two_reports_in_a_row_stay_two() -> None:
    first, second = report_6_1(pid=11), report_6_1(pid=12)
    assert [texts(one) for one in found(log(dmesg(first), dmesg(second, 9.0)))] == [first, second]


def test_hosts_interleaved_line_by_line_come_apart() -> None:
    reports = {f"web{number}": report_6_1(pid=100 + number) for number in range(5)}
    printed = [syslog(lines, host) for host, lines in reports.items()]
    mixed = [line for row in zip(*printed, strict=True) for line in row]
    located = found(log(mixed))
    assert {one.host: texts(one) for one in located} == reports


def test_two_processors_printing_at_once_come_apart_by_caller() -> None:
    first, second = report_6_1(pid=11, free_kb=800), report_6_1(pid=12, free_kb=900)
    pairs = zip(dmesg(first, caller="T11"), dmesg(second, caller="T12"), strict=True)
    located = found(log([line for pair in pairs for line in pair]))
    assert sorted(map(texts, located)) == sorted([first, second])


def test_an_allocation_failure_of_the_dying_victim_is_an_event_of_its_own() -> None:
    failure = [
        "java: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
        *report_6_1()[1:14],
    ]
    reaped = "oom_reaper: reaped process 124 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:4kB"
    located = found(log(dmesg(report_6_1()), dmesg(failure, 7.0), dmesg([reaped], 8.0)))
    assert [one.report.kind for one in located] == ["oom_kill", "allocation_failure"]
    assert texts(located[0])[-1] == reaped


def test_a_kill_line_after_the_rate_limit_is_an_event_without_a_dump() -> None:
    killed = report_6_1(pid=900)[-1]
    located = found(log(dmesg(report_6_1()), dmesg([killed], 7.0)))
    assert [len(one.report.tokens) for one in located] == [len(report_6_1()), 1]
    assert located[1].report.headless


def test_a_group_kill_is_one_event_however_often_the_first_victim_is_printed() -> None:
    group = "Tasks in /batch are going to be killed due to memory.oom.group set"
    kills = [report_6_1(pid=pid)[-1] for pid in (125, 126, 124)]
    [located] = found(log(dmesg([*report_6_1(), group, *kills])))
    assert located.report.victim_pids == {"124", "125", "126"}


def test_a_foreign_kernel_line_inside_a_report_is_kept_as_not_understood() -> None:
    report = report_6_1()
    [located] = found(log(dmesg([*report[:7], NOISE[1], *report[7:]])))
    assert unparsed(located) == [NOISE[1]]


def test_a_user_space_line_of_syslog_never_belongs_to_a_report() -> None:
    report = syslog(report_6_1())
    forged = f"Jun  4 17:19:10 web1 logger[77]: {HEADER_6_1}"
    [located] = found(log(report[:4], [forged], report[4:]))
    assert texts(located) == report_6_1()
    assert found(log([forged])) == []


def test_a_report_without_its_head_is_told_as_such() -> None:
    [located] = found(log(dmesg(report_6_1()[16:])))
    assert located.report.headless
    assert located.report.kind == "oom_kill"


def test_a_memory_dump_by_sysrq_is_no_kill() -> None:
    [located] = found(log(dmesg(["sysrq: Show Memory", *report_6_1()[2:14]])))
    assert located.report.kind == "memory_dump"


def test_prose_that_quotes_a_report_piece_by_piece_makes_no_event() -> None:
    report = dmesg(report_6_1())
    pages: list[str] = []
    for number in range(0, len(report), 2):
        pages += ["The next lines tell more:", "```", *report[number : number + 2], "```"]
    assert found(log(pages)) == []


def test_a_whole_report_in_a_code_block_counts() -> None:
    [located] = found(log(["Look at this:", "```"], dmesg(report_6_1()), ["```", "Why?"]))
    assert texts(located) == report_6_1()


def test_a_record_without_text_is_no_line_of_the_report() -> None:
    # Linux 3.15 to 3.17 print an empty record after the two paths of a cgroup.
    paths = ["Task in /lxc/web", " killed as a result of limit of /lxc", ""]
    report = report_6_1()
    [located] = found(log(dmesg([*report[:2], *paths, *report[2:]])))
    assert texts(located) == [*report[:2], *paths[:2], *report[2:]]


def test_a_pinned_address_space_is_told_about_the_victim() -> None:
    exiting = [
        *report_6_1(pid=11)[:-1],
        "Out of memory: OOM victim 11 (java) is already exiting. Skip killing the task",
    ]
    pinned = "oom killer 12 (java) has mm pinned by 1 (init)"
    first, second = found(log(dmesg(exiting), dmesg([*report_6_1(pid=12), pinned], 9.0)))
    assert texts(first) == exiting
    assert texts(second)[-1] == pinned


def test_two_reports_by_turns_without_callers_are_told_to_be_mixed() -> None:
    first, second = dmesg(report_6_1(pid=11), 6.0), dmesg(report_6_1(pid=12, free_kb=900), 6.0005)
    located = found(log([line for pair in zip(first, second, strict=True) for line in pair]))
    assert all("interleaved" in one.report.damage for one in located)


def fenced(*blocks: list[str]) -> bytes:
    """Blocks of code in a document, with a sentence before each."""
    return log(*(["What it says:", "```", *block, "```"] for block in blocks))


def test_a_process_table_with_its_outcome_is_reported_from_a_document() -> None:
    table = dmesg(report_6_1()[14:18])
    panic = dmesg(["Kernel panic - not syncing: System is deadlocked on memory"], 7.0)
    [located] = found(fenced([*table, *panic]))
    assert located.report.panicked


def test_the_lines_of_one_kill_alone_are_reported_from_a_document() -> None:
    [located] = found(fenced(dmesg(report_6_1()[18:])))
    assert located.report.victim_pids == {"124"}


def test_the_lines_of_a_kill_beside_other_bits_explain_a_report() -> None:
    report = report_6_1()
    assert found(fenced(dmesg(report[:1]), dmesg(report[9:12]), dmesg(report[18:]))) == []


def test_a_kill_quoted_without_stamps_is_an_example() -> None:
    assert found(fenced(report_6_1()[18:])) == []


def test_a_report_goes_on_in_the_lines_that_first_name_a_host() -> None:
    report = report_6_1()
    [located] = found(log(dmesg(report[:10]), syslog(report[10:], "db7")))
    assert located.host == "db7"
    assert texts(located) == report


def test_a_host_takes_over_no_report_that_has_ended() -> None:
    first, second = report_6_1(pid=11), report_6_1(pid=12)
    located = found(log(dmesg(first), syslog(second, "db7")))
    assert {one.host: texts(one) for one in located} == {None: first, "db7": second}


def test_all_that_a_kernel_says_before_a_header_belongs_to_its_report() -> None:
    before = ["warn_alloc: 25 callbacks suppressed", "vmalloc: allocation failure: 0 bytes"]
    header = "modprobe: page allocation failure: order:0, mode:0xd0"
    [located] = found(log(dmesg([*before, header, *report_6_1()[2:14]])))
    assert texts(located)[:3] == [*before, header]


def test_what_was_said_long_before_a_header_is_of_another_report() -> None:
    before = ["vmalloc: allocation failure: 0 bytes", *NOISE * 100]
    [located] = found(log(dmesg([*before, *report_6_1()])))
    assert texts(located) == report_6_1()
