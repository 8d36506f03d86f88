"""The judge of the corpus must itself catch a wrong row: each test doctors one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from oomdb import tables
from tests.corpus import __main__ as command
from tests.corpus import compare, found, score
from tests.corpus.compare import Verdict, judge_decoy, judge_lab
from tests.corpus.digits import account, lost_numbers, numbers
from tests.corpus.found import Event, read_events
from tests.corpus.printed import PrintedReport, cut, raw_lines, strip_prefix
from tests.corpus.public import align, judge_public
from tests.corpus.reread import reread
from tests.corpus.truth import Expected, Kill, LabTruth, read_public

REPORT = (Path(__file__).parent / "corpus" / "synthetic.log").read_bytes()
ZONE = {"node": 0, "zone": "DMA32"}
EVENT_ROW = {
    "event_id": "e1",
    "kind": "oom_kill",
    "constraint_kind": "none",
    "constraint_printed": "CONSTRAINT_NONE",
    "invoker_comm": "worker:7",
    "invoker_pid": 731,
    "invoker_cpu": 2,
    "gfp_mask": 0x140CCA,
    "gfp_names": "GFP_HIGHUSER_MOVABLE|__GFP_COMP",
    "alloc_order": 3,
    "invoker_oom_score_adj": -17,
    "nodemask": "(null)",
    "cpuset": "/",
    "mems_allowed": "0-1",
    "task_memcg": "/a5",
    "chosen_pid": 731,
    "chosen_comm": "worker:7",
    "chosen_uid": 1000,
    "kernel_release": "6.1.9-test",
    "kernel_build": "#4 Debian 6.1.9-1",
    "hardware_name": "Example Board 12, BIOS 34 05/06/2007",
    "ram_pages": 49019,
    "swap_free_kb": 80,
    "page_size_kb": 4,
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "victims": [
        {
            "victim_no": 1,
            "pid": 731,
            "comm": "worker:7",
            "uid": 1000,
            "total_vm_kb": 83924,
            "anon_rss_kb": 79728,
            "file_rss_kb": 0,
            "shmem_rss_kb": 456,
            "pgtables_kb": 196,
            "oom_score_adj": -17,
            "reaped_anon_rss_kb": 0,
            "reaped_file_rss_kb": 12,
            "reaped_shmem_rss_kb": 460,
            "reaper_outcome": "reaped",
        }
    ],
    "processes": [
        {
            "row_no": 1,
            "pid": 731,
            "uid": 1000,
            "tgid": 730,
            "total_vm_pages": 20981,
            "rss_pages": 20046,
            "pgtables_bytes": 200704,
            "swapents": 6,
            "oom_score_adj": -17,
            "comm": "worker:7",
        },
        {
            "row_no": 2,
            "pid": 733,
            "uid": 0,
            "tgid": 733,
            "total_vm_pages": 501,
            "rss_pages": 16,
            "pgtables_bytes": 28672,
            "swapents": 0,
            "oom_score_adj": 0,
            "comm": "sh",
        },
    ],
    "nodes": [
        {
            "node": 0,
            "active_anon_kb": 3144,
            "isolated_anon_kb": 8,
            "shmem_thp_kb": 24,
            "all_unreclaimable": True,
        }
    ],
    "zones": [
        {**ZONE, "node_basis": "printed", "zone_no": 1, "free_kb": 616, "free_pcp_kb": 48},
    ],
    "watermarks": [{**ZONE, "min_kb": 168, "low_kb": 208, "high_kb": 248, "boost_kb": 4}],
    "lowmem_reserves": [
        {**ZONE, "class_index": index, "reserve_pages": pages}
        for index, pages in enumerate((0, 113, 114))
    ],
    "buddy_orders": [
        {
            **ZONE,
            "alloc_order": order,
            "block_kb": 4 << order,
            "free_blocks": blocks,
            "migratetypes": letters,
        }
        for order, (blocks, letters) in enumerate(((2, "UM"), (0, None), (38, "M")))
    ],
    "buddy_totals": [{**ZONE, "total_kb": 616}],
    "memory_counters": [
        {"name": name, "pages": pages}
        for name, pages in (
            ("active_anon", 786),
            ("inactive_anon", 27926),
            ("isolated_anon", 0),
            ("free", 472),
            ("free_pcp", 56),
            ("free_cma", 0),
            ("pagecache", 2477),
        )
    ],
    "hugepages": [
        {"node": 0, "size_kb": 2048, "total_count": 5, "free_count": 4, "surplus_count": 1}
    ],
    "slab_caches": [{"name": "kmalloc-64", "used_kb": 33, "total_kb": 44}],
    "stack_frames": [
        {
            "trace_no": 1,
            "position": position,
            "symbol": symbol,
            "frame_offset": offset,
            "module": module,
            "address": None,
            "reliable": reliable,
        }
        for position, symbol, offset, module, reliable in (
            (1, "dump_header", "0x4c/0x22b", None, True),
            (2, "out_of_memory", "0x1fd/0x4c0", "mod9", False),
        )
    ],
    "trace_lines": [
        {"trace_no": 1, "line_no": 7, "name": "registers", "text": "RIP: 0033:0x461857"}
    ],
    "extra_fields": [
        {**ZONE, "line_no": 11, "scope": "zones", "name": "gpu_active", "value": "96"}
    ],
}


def whole_event() -> Event:
    return Event(dict(EVENT_ROW), copy.deepcopy(ROWS), first_line=2, last_line=28)


def printed_report() -> PrintedReport:
    (report,) = cut(raw_lines(REPORT))
    return report


def problems(event: Event) -> list[str]:
    report = printed_report()
    return [str(one) for one in (*account(report, event), *reread(report, event))]


def test_the_cut_knows_the_report_from_what_surrounds_it() -> None:
    report = printed_report()
    assert report.first_line == 2
    assert report.killed_pids == [731]
    assert [line.text for line in report.foreign] == ["random: noise of 77 bytes"]
    assert report.lines[-1].shape == "reaper"


def test_a_whole_event_has_no_problem() -> None:
    assert problems(whole_event()) == []


NUMERIC = [
    (table, index, column)
    for table, rows in ROWS.items()
    for index, row in enumerate(rows)
    for column, value in row.items()
    if isinstance(value, int)
    and not isinstance(value, bool)
    and column not in ("victim_no", "row_no", "zone_no", "position", "trace_no", "line_no")
    and not (table in ("lowmem_reserves", "watermarks", "extra_fields") and column == "node")
]


@pytest.mark.parametrize(("table", "index", "column"), NUMERIC)
def test_a_wrong_number_is_caught(table: str, index: int, column: str) -> None:
    event = whole_event()
    event.tables[table][index][column] += 1
    assert problems(event)


@pytest.mark.parametrize(("table", "index", "column"), NUMERIC)
def test_a_lost_number_is_caught(table: str, index: int, column: str) -> None:
    event = whole_event()
    event.tables[table][index][column] = None
    assert problems(event)


@pytest.mark.parametrize("table", [name for name in ROWS if name != "trace_lines"])
def test_a_lost_row_is_caught(table: str) -> None:
    event = whole_event()
    del event.tables[table][-1]
    assert problems(event)


@pytest.mark.parametrize(
    "column",
    [
        "invoker_pid",
        "invoker_cpu",
        "gfp_mask",
        "alloc_order",
        "invoker_oom_score_adj",
        "ram_pages",
        "swap_free_kb",
        "kernel_release",
        "hardware_name",
        "mems_allowed",
        "task_memcg",
    ],
)
def test_a_lost_value_of_the_event_is_caught(column: str) -> None:
    event = whole_event()
    event.row[column] = None
    assert problems(event)


@pytest.mark.parametrize(
    ("table", "one", "other"),
    [
        ("watermarks", "min_kb", "low_kb"),
        ("zones", "free_kb", "free_pcp_kb"),
        ("processes", "total_vm_pages", "rss_pages"),
        ("processes", "pid", "tgid"),
        ("victims", "anon_rss_kb", "total_vm_kb"),
        ("nodes", "isolated_anon_kb", "shmem_thp_kb"),
        ("slab_caches", "used_kb", "total_kb"),
    ],
)
def test_numbers_in_each_others_place_are_caught(table: str, one: str, other: str) -> None:
    event = whole_event()
    row = event.tables[table][0]
    row[one], row[other] = row[other], row[one]
    assert problems(event)


def test_rows_in_each_others_place_are_caught() -> None:
    event = whole_event()
    event.tables["processes"].reverse()
    assert problems(event)


def test_an_invented_number_is_caught() -> None:
    event = whole_event()
    event.tables["zones"][0]["mlocked_kb"] = 4711
    assert any("4711 invented" in problem for problem in problems(event))


def test_a_lost_stack_word_is_caught() -> None:
    event = whole_event()
    event.tables["trace_lines"].clear()
    assert any("trace: 33 missing" in problem for problem in problems(event))


def test_an_unreliable_frame_taken_for_reliable_is_caught() -> None:
    event = whole_event()
    event.tables["stack_frames"][1]["reliable"] = True
    assert problems(event)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gfp_mask=0x14 order=-1", {20: 1, -1: 1}),
        ("6.1.0-50-amd64", {6: 1, 1: 1, 0: 1, 50: 1, 64: 1}),
        ("mems_allowed=0-3", {0: 1, 3: 1}),
        ("DMA32 007 7", {32: 1, 7: 2}),
    ],
)
def test_numbers(text: str, found: dict[int, int]) -> None:
    assert dict(numbers(text)) == found


@pytest.mark.parametrize(
    "line",
    [
        "[    6.221451] Mem-Info:",
        "<4>[    6.221451] Mem-Info:",
        "Jun  4 17:19:10 web1 kernel: Mem-Info:",
        "Jun  4 17:19:10 web1 kernel: [    6.221451] Mem-Info:",
        "2026-11-23T06:27:03.221451+00:00 web1 kernel: [    6.221451] Mem-Info:",
        "[    6.221451][   T12] Mem-Info:",
    ],
)
def test_prefixes_are_stripped(line: str) -> None:
    assert strip_prefix(line) == "Mem-Info:"


def test_a_number_that_was_taken_and_dropped_is_caught() -> None:
    event = whole_event()
    event.evidence = REPORT.decode()
    assert {number for _, number in lost_numbers(event)} == {1234, 77, 5555}
    event.tables["unparsed_lines"] = [{"text": "noise of 77 bytes, 1234, 5555"}]
    assert lost_numbers(event) == []
    event.tables["victims"][0]["total_vm_kb"] = None
    assert [number for _, number in lost_numbers(event)] == [83924]


@pytest.mark.parametrize(
    ("printed", "tells_memcg", "stored", "right"),
    [
        (None, False, "memcg", False),
        (None, True, "memcg", True),
        (None, True, "none", False),
        ("CONSTRAINT_CPUSET", True, "memcg", False),
    ],
)
def test_a_constraint_that_is_not_named_can_still_be_told(
    printed: str | None, tells_memcg: bool, stored: str, right: bool
) -> None:
    expected, event = expected_report("b", 1), found_report("b", 1)
    expected.constraint_printed = event.row["constraint_printed"] = printed
    expected.tells_memcg = tells_memcg
    event.row["constraint_kind"] = stored
    assert judge_public([expected], [event]).right is right


def lab_truth(**changes: Any) -> LabTruth:
    scan = dict.fromkeys(
        (
            "invoked",
            "oom_kill_line",
            "reaped",
            "slab_info",
        ),
        1,
    ) | dict.fromkeys(("alloc_failure", "vmalloc_error", "panic", "unable_reap"), 0)
    truth = LabTruth(
        kernel="6.1.9-test",
        page_size=4096,
        scan=scan,
        constraints=["CONSTRAINT_NONE"],
        killed_pids=[731],
        exact_names={731: b"worker:7"},
        adj={731: -17},
        uid={731: 1000},
        killed_by_guest=[731],
    )
    for name, value in changes.items():
        setattr(truth, name, value)
    return truth


def lab_verdict(event: Event, **changes: Any) -> Verdict:
    return judge_lab(lab_truth(**changes), [printed_report()], [event])


def test_a_lab_log_read_right_is_right() -> None:
    verdict = lab_verdict(whole_event())
    assert verdict.differences == []
    assert (verdict.right, verdict.reports, verdict.reports_right) == (True, 1, 1)


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("kind", "panic", "kind"),
        ("damage", "cut_end", "damage"),
        ("constraint_kind", "memcg", "constraint_kind"),
        ("constraint_printed", "CONSTRAINT_MEMCG", "constraint_printed"),
        ("page_size_kb", 16, "page_size_kb"),
        ("page_size_kb", None, "page_size_kb"),
        ("kernel_release", "6.1.9", "kernel_release"),
        ("panic_message", "made up", "events with a panic"),
    ],
)
def test_a_doctored_event_of_the_lab_is_caught(column: str, value: object, what: str) -> None:
    event = whole_event()
    event.row[column] = value
    verdict = lab_verdict(event)
    assert what in {difference.what for difference in verdict.differences}
    assert not verdict.right


def test_a_name_that_lost_a_byte_is_caught() -> None:
    event = whole_event()
    assert not lab_verdict(event, exact_names={731: b"worker:7\xce"}).right
    event.tables["victims"][0]["comm_bytes"] = b"worker:7\xce"
    assert lab_verdict(event, exact_names={731: b"worker:7\xce"}).right


def test_an_unparsed_line_of_the_lab_is_caught() -> None:
    event = whole_event()
    event.tables["unparsed_lines"] = [{"text": "Odd: 5", "reason": "unknown"}]
    verdict = lab_verdict(event)
    assert [str(one) for one in verdict.differences] == [
        "report 1: unparsed line: expected None, got 'Odd: 5 [unknown]'"
    ]
    assert verdict.reports_right == 0


def test_an_event_too_many_in_the_lab_is_caught() -> None:
    other = whole_event()
    other.first_line, other.last_line = 200, 210
    verdict = judge_lab(lab_truth(), [printed_report()], [whole_event(), other])
    assert "extra report" in {difference.what for difference in verdict.differences}


def test_a_missing_event_of_the_lab_is_caught() -> None:
    verdict = judge_lab(lab_truth(), [printed_report()], [])
    assert verdict.reports_right == 0
    assert "event" in {difference.what for difference in verdict.differences}


def test_the_diary_of_the_guest_is_a_check_of_its_own() -> None:
    verdict = lab_verdict(whole_event(), killed_by_guest=[731, 800])
    assert [one.what for one in verdict.differences] == ["killed, says the guest"]


PUBLIC = {
    "fragment_before_first_report": None,
    "reports": [
        {
            "invoker": "worker:7",
            "gfp_mask": "0x140cca",
            "gfp_names": None,
            "order": 3,
            "oom_score_adj": -17,
            "constraint_printed": "CONSTRAINT_NONE",
            "kills": [
                {"pid": 731, "comm": "worker:7", "total_vm_kb": 83924, "anon_rss_kb": 79728},
                {"pid": 731, "comm": "worker:7", "total_vm_kb": 83924, "anon_rss_kb": 79728},
            ],
            "scores": [],
            "no_killable": False,
            "panic": None,
            "table_header": None,
            "table_rows": 2,
            "zone_count": 1,
            "zones": [
                {
                    "zone": "Node 0 DMA32",
                    "free": 616,
                    "min": 168,
                    "low": 208,
                    "high": 248,
                    "lowmem_reserve": [0, 113, 114],
                }
            ],
            "pages_RAM": 49019,
            "kernel_printed": "6.1.9-test",
        }
    ],
}


def public_truth(tmp_path: Path) -> list[Expected]:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(PUBLIC), "utf-8")
    return read_public(path)


def test_a_public_log_read_right_is_right(tmp_path: Path) -> None:
    verdict = judge_public(public_truth(tmp_path), [whole_event()])
    assert verdict.differences == []
    assert verdict.reports_right == 1


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("victims", "anon_rss_kb", 1),
        ("victims", "comm", "worker"),
        ("victims", "pid", 732),
        ("zones", "free_kb", 617),
        ("watermarks", "high_kb", 247),
        ("lowmem_reserves", "reserve_pages", 9),
    ],
)
def test_a_doctored_row_of_a_public_log_is_caught(
    tmp_path: Path, table: str, column: str, value: object
) -> None:
    event = whole_event()
    event.tables[table][0][column] = value
    assert judge_public(public_truth(tmp_path), [event]).reports_right == 0


@pytest.mark.parametrize(
    "column",
    [
        "invoker_comm",
        "gfp_mask",
        "alloc_order",
        "invoker_oom_score_adj",
        "constraint_printed",
        "constraint_kind",
        "ram_pages",
        "kernel_release",
    ],
)
def test_a_lost_value_of_a_public_log_is_caught(tmp_path: Path, column: str) -> None:
    event = whole_event()
    event.row[column] = None
    assert judge_public(public_truth(tmp_path), [event]).reports_right == 0


def test_nonsense_must_be_null_in_a_public_log(tmp_path: Path) -> None:
    truth = public_truth(tmp_path)
    truth[0].zones[0]["high"] = 147673348131571488
    truth[0].zones[0]["lowmem_reserve"][2] = 72057594037927865
    event = whole_event()
    event.tables["watermarks"][0]["high_kb"] = None
    event.tables["lowmem_reserves"][2]["reserve_pages"] = None
    assert judge_public(truth, [event]).right


def expected_report(invoker: str | None, *pids: int) -> Expected:
    kills = [Kill(pid, "a") for pid in pids]
    return Expected(invoker, {}, None, kills, [], False, None, None, 0, 0, [], None, None, {})


def found_report(invoker: str | None, *pids: int) -> Event:
    row = {"kind": "oom_kill", "invoker_comm": invoker}
    return Event(row, {"victims": [{"pid": pid, "comm": "a"} for pid in pids]})


def test_reports_are_paired_by_likeness_in_order() -> None:
    expected = [expected_report(None, 1), expected_report("b", 2), expected_report("b", 3)]
    events = [found_report("b", 2), found_report("c", 9), found_report("b", 3)]
    paired = [event and events.index(event) for _, event in align(expected, events)]
    assert paired == [None, 0, 2]
    verdict = judge_public(expected, events)
    assert [one.what for one in verdict.differences] == ["event", "extra report"]
    assert verdict.reports_right == 2


def test_only_a_report_of_the_oom_killer_spoils_a_decoy() -> None:
    failure, dump = found_report("a"), found_report("a")
    failure.row["kind"], dump.row["kind"] = "allocation_failure", "memory_dump"
    assert judge_decoy([failure, dump]).right
    assert not judge_decoy([failure, found_report("a", 1)]).right


_TYPES = {
    tables.Type.TEXT: "VARCHAR",
    tables.Type.INTEGER: "BIGINT",
    tables.Type.REAL: "DOUBLE",
    tables.Type.BOOLEAN: "BOOLEAN",
    tables.Type.TIMESTAMP: "TIMESTAMP",
    tables.Type.BLOB: "BLOB",
}


def fill(database: Path, event: Event) -> None:
    """A database of the contract's tables that holds one event, without the store."""
    with duckdb.connect(str(database)) as connection:
        for table in tables.TABLES:
            columns = ", ".join(f'"{one.name}" {_TYPES[one.type]}' for one in table.columns)
            connection.execute(f"CREATE TABLE {table.name} ({columns})")
        sighting = {"source_id": "s", "first_line": 2, "last_line": 28}
        filled = {"events": [event.row], "sightings": [sighting], **event.tables}
        for name, rows in filled.items():
            for row in rows:
                full = {"event_id": "e1", **row}
                names = ", ".join(full)
                marks = ", ".join("?" for _ in full)
                connection.execute(
                    f"INSERT INTO {name} ({names}) VALUES ({marks})", list(full.values())
                )


def test_a_database_is_read_as_it_was_filled(tmp_path: Path) -> None:
    database = tmp_path / "one.duckdb"
    fill(database, whole_event())
    (event,) = read_events(database)
    assert (event.first_line, event.last_line, event.is_report) == (2, 28, True)
    assert event.row["gfp_mask"] == 0x140CCA
    assert problems(event) == []
    assert lab_verdict(event).right


def test_a_crash_of_the_ingest_is_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "one.log"
    log.write_text("x invoked oom-killer: \n" * 3, "utf-8")

    def crash(*_: object) -> list[Event]:
        raise SystemExit(3)

    monkeypatch.setattr(score, "ingest_one", crash)
    verdict = score.judge(score.Job("lab", log)).verdict
    assert (verdict.reports, verdict.reports_right) == (3, 0)
    assert "SystemExit: 3" in str(verdict.differences[0])


def test_rows_that_the_judge_cannot_read_are_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "one.log"
    log.write_bytes(REPORT)
    monkeypatch.setattr(score, "ingest_one", lambda *_: [Event({"kind": "oom_kill"})])
    verdict = score.judge(score.Job("public", log)).verdict
    assert "crash" in {difference.what for difference in verdict.differences}


def test_a_log_that_never_ends_is_stopped() -> None:
    with pytest.raises(found.TimedOutError), found.time_limit(1):
        while True:
            pass


def test_without_a_corpus_nothing_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(tmp_path / "absent"), "--strict"]) == 0
    assert "nothing judged" in capsys.readouterr().out


@pytest.mark.parametrize(("strict", "status"), [([], 0), (["--strict"], 1)])
def test_the_score_and_the_exit_status(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    strict: list[str],
    status: int,
) -> None:
    (tmp_path / "public").mkdir()
    for name in ("a.log", "decoy-b.log"):
        (tmp_path / "public" / name).write_text("text\n", "utf-8")
    wrong = Verdict(reports=2)
    wrong.expect("victims", [1], [2], 2)

    def results(jobs: list[score.Job], processes: int) -> list[score.Result]:
        assert processes == 2
        return [score.Result(job, wrong if job.section == "public" else Verdict()) for job in jobs]

    monkeypatch.setattr(command, "judge_all", results)
    assert command.main([str(tmp_path), *strict]) == status
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "public/a.log: report 2: victims: expected [1], got [2]"
    assert "public    0 / 1 logs right, 1 / 2 reports right" in lines
    assert "decoys    1 / 1 logs right, 0 / 0 reports right" in lines


def test_the_seed_is_held_against_its_published_facts() -> None:
    event = whole_event()
    whats = {difference.what for difference in compare.judge_seed([event]).differences}
    assert {"invoker_comm", "victims", "table rows", "buddy sums"} <= whats
