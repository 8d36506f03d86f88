"""Lines that are lost, doubled or run together shift no number and are told."""

from __future__ import annotations

import pytest

from tests.emulated.compare import read, rows
from tests.printed import TASK_HEADER_6_1, dmesg, report_6_1, syslog

TAIL = "present:15992kB managed:15360kB free_cma:0kB"
TWO_ZONES = [
    f"Node 0 DMA free:880kB boost:0kB min:168kB low:208kB high:248kB {TAIL}",
    "lowmem_reserve[]: 0 125 125",
    f"Node 1 Normal free:990kB boost:0kB min:168kB low:208kB high:248kB {TAIL}",
    "lowmem_reserve[]: 0 0 7",
    "Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (M) = 20kB",
    "Node 1 Normal: 0*4kB 3*8kB (M) 0*16kB = 24kB",
]
PAGESETS = [
    "Node 0 DMA per-cpu:",
    "CPU    0: hi:    0, btch:   1 usd:   0",
    "CPU    1: hi:    0, btch:   1 usd:   0",
    "Node 0 DMA32 per-cpu:",
    "CPU    0: hi:  186, btch:  31 usd:   6",
    "CPU    1: hi:  186, btch:  31 usd:   7",
]


def with_zones(zones: list[str]) -> list[str]:
    """The report with these lines about zones in place of its own."""
    report = report_6_1()
    return [*report[:6], *zones, *report[9:]]


def damage(lines: list[str]) -> object:
    [batch] = read(lines)
    return batch.event["damage"]


def test_a_report_with_two_zones_is_whole() -> None:
    assert damage(dmesg(with_zones(TWO_ZONES))) is None


def test_a_zone_without_free_blocks_is_no_gap() -> None:
    zones = [*TWO_ZONES[:5], "Node 1 Normal: empty"]
    assert damage(dmesg(with_zones(zones))) is None


@pytest.mark.parametrize("lost", range(len(TWO_ZONES)))
def test_a_lost_line_about_a_zone_is_told(lost: int) -> None:
    assert damage(dmesg(with_zones(TWO_ZONES[:lost] + TWO_ZONES[lost + 1 :]))) == "lost_lines"


@pytest.mark.parametrize("before", ["boost:", "low:", "present:"])
def test_a_line_wrapped_before_a_field_leaves_it_to_its_own_zone(before: str) -> None:
    zones = [line.replace("min:168", "min:172") if "Node 1" in line else line for line in TWO_ZONES]
    wrapped = [
        piece
        for line in syslog(with_zones(zones))
        for piece in line.replace(before, f"\n{before}").split("\n")
    ]
    [batch] = read(wrapped)
    assert [
        tuple(row[name] for name in ("node", "zone", "boost_kb", "min_kb", "low_kb", "high_kb"))
        for row in rows(batch, "watermarks")
    ] == [(0, "DMA", 0, 168, 208, 248), (1, "Normal", 0, 172, 208, 248)]


def test_a_limit_without_a_name_hides_no_gap() -> None:
    report = with_zones(TWO_ZONES[:1] + TWO_ZONES[2:])
    report.insert(2, "memory: usage 12kB, limit 12kB, failcnt 3")
    assert "lost_lines" in str(damage(dmesg(report[:-2])))


def test_reserves_of_a_zone_whose_line_is_lost_are_no_other_zones() -> None:
    [batch] = read(dmesg(with_zones(TWO_ZONES[:2] + TWO_ZONES[3:])))
    assert [
        (row.get("node"), row.get("zone"), row["reserve_pages"])
        for row in rows(batch, "lowmem_reserves")
    ] == [(0, "DMA", 0), (0, "DMA", 125), (0, "DMA", 125), *((None, None, n) for n in (0, 0, 7))]


def test_page_lists_of_a_zone_whose_line_is_lost_are_no_other_zones() -> None:
    report = report_6_1()
    whole = [*report[:3], *PAGESETS, *report[3:]]
    assert damage(dmesg(whole)) is None
    [batch] = read(dmesg([line for line in whole if line != "Node 0 DMA32 per-cpu:"]))
    assert [(row.get("zone"), row["high_pages"]) for row in rows(batch, "per_cpu_pages")] == [
        ("DMA", 0),
        ("DMA", 0),
        (None, 186),
        (None, 186),
    ]
    assert batch.event["damage"] == "lost_lines"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("min:168kB low:208kB ", "", "lost_lines"),
        (" managed:15360kB", "", "lost_lines"),
        ("0 0 7", "0 7", "lost_lines"),
        ("3*8kB (M)", "2*8kB (M)", "wrong_sum"),
    ],
)
def test_a_line_that_differs_from_its_like_is_told(old: str, new: str, word: str) -> None:
    zones = [*TWO_ZONES[:2], *(line.replace(old, new) for line in TWO_ZONES[2:])]
    assert damage(dmesg(with_zones(zones))) == word


def test_a_counter_line_that_is_lost_is_told() -> None:
    report = report_6_1()
    assert damage(dmesg(report[:4] + report[5:])) == "lost_lines"


def test_lines_that_a_log_holds_twice_count_once() -> None:
    printed = dmesg(report_6_1())
    [whole] = read(printed)
    [batch] = read([line for line in printed for _ in range(2)])
    assert batch.event.pop("damage") == "duplicated"
    assert whole.event.pop("damage") is None
    for table in ("processes", "zones", "lowmem_reserves", "memory_counters", "victims"):
        assert len(rows(batch, table)) == len(rows(whole, table))


@pytest.mark.parametrize("first", range(0, 18, 3))
def test_a_piece_that_a_log_holds_twice_is_no_other_report(first: int) -> None:
    printed = dmesg(report_6_1())
    [batch] = read(printed[: first + 4] + printed[first:])
    assert batch.event["damage"] == "duplicated"
    assert len(rows(batch, "processes")) == 2


def test_a_row_with_another_row_inside_is_set_aside() -> None:
    report = report_6_1()
    row = report.index(TASK_HEADER_6_1) + 1
    report[row] = (
        "[    112]     0   112      565   1000   124    19959    19578   196608  0   0 java"
    )
    [batch] = read(dmesg(report))
    assert [found["pid"] for found in rows(batch, "processes")] == [124]
    [unparsed] = rows(batch, "unparsed_lines")
    assert (unparsed["text"], unparsed["reason"]) == (report[row], "spliced")
    assert batch.event["damage"] == "spliced,unparsed_lines"


@pytest.mark.parametrize("adj", ["1001", "-17000"])
def test_a_score_adjustment_beyond_its_range_is_nonsense(adj: str) -> None:
    report = report_6_1()
    row = report.index(TASK_HEADER_6_1) + 2
    report[row] = report[row].replace(" 0 java", f" {adj} java")
    [batch] = read(dmesg(report))
    assert [found["oom_score_adj"] for found in rows(batch, "processes")] == [-1000, None]
    assert batch.event["damage"] == "nonsense_value"


def test_zero_bytes_of_a_crash_part_two_lines() -> None:
    printed = syslog(report_6_1())
    [batch] = read([*printed[:7], "\0" * 4096 + printed[7], *printed[8:]])
    assert batch.event["damage"] is None
    [batch] = read([*printed[:6], printed[6] + "\0" * 4096 + printed[7], *printed[8:]])
    assert batch.event["damage"] is None


def test_a_stamp_in_a_name_is_no_newline() -> None:
    printed = dmesg(report_6_1())
    printed[-1] = printed[-1].replace("(java)", "(ja[   77.123456] va)")
    [batch] = read(printed)
    assert "\\x0a" not in str(rows(batch, "victims"))


def test_tabs_for_blanks_change_nothing() -> None:
    printed = [line.replace("  ", "\t") for line in syslog(report_6_1(), stamp="Jun 14 17:19:10")]
    assert damage(printed) is None


def test_kills_by_a_containers_limit_are_reports_of_their_own() -> None:
    kills = [
        "Out of memory in UB 4711: OOM killed process 31 (php) score 12 vm:98304kB, rss:20480kB,"
        " swap:512kB",
        "Out of memory in UB 4711: OOM killed process 47 (sh) score 0 vm:9216kB, rss:4kB, swap:0kB",
    ]
    batches = read(dmesg(kills))
    victims = [rows(batch, "victims")[0] for batch in batches]
    assert [
        (one["pid"], one["comm"], one["score"], one["total_vm_kb"], one.get("anon_rss_kb"))
        for one in victims
    ] == [(31, "php", 12, 98304, None), (47, "sh", 0, 9216, None)]
    assert [
        (row["name"], row["value"], row["unit"]) for row in rows(batches[0], "extra_fields")
    ] == [("rss", "20480", "kB"), ("swap", "512", "kB")]


def test_the_kill_line_of_red_hat_5_ends_with_a_stop() -> None:
    report = report_6_1()[:-2]
    [batch] = read(dmesg([*report, "Out of memory: Killed process 3911, UID 33, (apache2)."]))
    [victim] = rows(batch, "victims")
    assert (victim["pid"], victim["uid"], victim["comm"]) == (3911, 33, "apache2")
