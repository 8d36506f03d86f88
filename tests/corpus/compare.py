"""Hold what was found against what is true, and say in words where they differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.corpus.digits import account, lost_numbers
from tests.corpus.found import comm_bytes
from tests.corpus.reread import reread
from tests.corpus.truth import constraint_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.corpus.found import Event, Row
    from tests.corpus.printed import PrintedReport
    from tests.corpus.truth import CarrierReport, LabTruth


@dataclass(frozen=True)
class Difference:
    """One way in which a log was read otherwise than it is; `report` counts from 1."""

    what: str
    expected: object
    got: object
    report: int = 0

    def __str__(self) -> str:
        where = f"report {self.report}: " if self.report else ""
        return f"{where}{self.what}: expected {_shown(self.expected)}, got {_shown(self.got)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "..."


@dataclass(frozen=True)
class Remark:
    """What is no difference but is counted: its kind, its explanation, where it is."""

    kind: str
    explanation: str
    where: str


@dataclass
class Verdict:
    """The judgement of one log: how many reports it has, how many were read right."""

    reports: int = 0
    differences: list[Difference] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing at all differs."""
        return not self.differences

    @property
    def reports_right(self) -> int:
        """Reports of which nothing differs; none when the whole log failed."""
        wrong = {difference.report for difference in self.differences if difference.report}
        crashed = any(difference.what == "crash" for difference in self.differences)
        return 0 if crashed else max(0, self.reports - len(wrong))

    def expect(self, what: str, expected: object, got: object, report: int = 0) -> None:
        """Note a difference unless `expected` equals `got`."""
        if expected != got:
            self.differences.append(Difference(what, expected, got, report))


def describe(event: Event) -> str:
    """An event in a few words, for the list of differences."""
    victims = ",".join(str(row.get("pid")) for row in event.rows("victims")) or "none"
    kind, comm = event.row.get("kind"), event.row.get("invoker_comm")
    return f"{kind} at line {event.first_line}, invoker {comm!r}, victims {victims}"


def judge_kept(
    verdict: Verdict, events: Sequence[Event], known: Mapping[int, str] | None = None
) -> None:
    """Note the numbers of each event's own lines that are nowhere in its rows.

    `known` names those that need not be there, with the reason.
    """
    for event in events:
        lost = [
            (text, number) for text, number in lost_numbers(event) if number not in (known or {})
        ]
        where = f"event at line {event.first_line}: lost number"
        for text, number in lost[:4]:
            verdict.differences.append(Difference(where, number, text.strip()))
        if len(lost) > 4:
            verdict.differences.append(Difference(where, "none", f"{len(lost)} in all"))


def judge_decoy(events: Sequence[Event]) -> Verdict:
    """A log without any OOM kill: no event may count as a report."""
    verdict = Verdict()
    for event in events:
        if event.is_report:
            verdict.differences.append(Difference("false report", "none", describe(event)))
    return verdict


def judge_carrier(expected: Sequence[CarrierReport], events: Sequence[Event]) -> Verdict:
    """One incident as some program wrote it: the same reports, whatever the writer."""
    verdict = Verdict(reports=len(expected))
    reports = [event for event in events if event.is_report]
    verdict.expect("number of reports", len(expected), len(reports))
    for number, (one, event) in enumerate(zip(expected, reports, strict=False), start=1):
        pids = [victim.get("pid") for victim in event.rows("victims")]
        verdict.expect("victims", one.killed_pids, pids, number)
        printed = event.row.get("constraint_printed")
        verdict.expect("constraint_printed", one.constraint, printed, number)
        for victim in event.rows("victims"):
            name = one.names.get(_int(victim.get("pid")))
            if name is not None:
                verdict.expect(f"comm of {victim['pid']}", name, comm_bytes(victim), number)
        verdict.expect("damage", None, event.row.get("damage"), number)
        verdict.expect("unparsed lines", 0, len(event.rows("unparsed_lines")), number)
    return verdict


def judge_seed(events: Sequence[Event]) -> Verdict:
    """The published RocketMQ report: the facts that a person worked out from it."""
    verdict = Verdict(reports=1)
    reports = [event for event in events if event.is_report]
    verdict.expect("number of reports", 1, len(reports))
    if len(reports) != 1:
        return verdict
    event = reports[0]
    for column, value in SEED_EVENT.items():
        verdict.expect(column, value, event.row.get(column), 1)
    verdict.expect("hostname", "iZ23tpcto8eZ", event.hostname, 1)
    victims = [{name: row.get(name) for name in SEED_VICTIM} for row in event.rows("victims")]
    verdict.expect("victims", [SEED_VICTIM], victims, 1)
    processes = event.rows("processes")
    verdict.expect("table rows", 36, len(processes), 1)
    verdict.expect("sum of rss_pages", 1752029, sum(_int(row["rss_pages"]) for row in processes), 1)
    for table, rows in (("zones", 3), ("lowmem_reserves", 12), ("buddy_orders", 33)):
        verdict.expect(f"rows of {table}", rows, len(event.rows(table)), 1)
    sums: Counter[str] = Counter()
    for row in event.rows("buddy_orders"):
        sums[row["zone"]] += row["block_kb"] * row["free_blocks"]
    verdict.expect("buddy sums", {"DMA": 15900, "DMA32": 43468, "Normal": 36220}, dict(sums), 1)
    verdict.expect("unparsed lines", [], [row["text"] for row in event.rows("unparsed_lines")], 1)
    return verdict


SEED_EVENT = {
    "kind": "oom_kill",
    "invoker_comm": "AliYunDun",
    "gfp_mask": 0x201DA,
    "alloc_order": 0,
    "constraint_kind": None,
    "page_size_kb": 4,
    "ram_pages": 2097151,
    "reserved_pages": 94167,
    "chosen_score": 800,
}
SEED_VICTIM = {
    "pid": 5424,
    "comm": "java",
    "score": 800,
    "total_vm_kb": 147654756,
    "anon_rss_kb": 6151080,
    "file_rss_kb": 0,
}


def judge_lab(
    truth: LabTruth, printed: Sequence[PrintedReport], events: Sequence[Event]
) -> Verdict:
    """A whole console: counts from the scan, each report from the judge's own reading."""
    verdict = Verdict(reports=len(printed))
    reports = [event for event in events if event.is_report]
    if len(reports) != len(printed):
        got = [describe(event) for event in reports]
        verdict.expect("number of reports", len(printed), len(reports))
        if not printed:
            verdict.differences.append(Difference("false reports", [], got))
    _judge_scan(verdict, truth, events, reports)
    free = list(reports)
    for number, report in enumerate(printed, start=1):
        event = _at_line(free, report.first_line)
        if event is None:
            verdict.expect("event", f"at line {report.first_line}", None, number)
            continue
        free.remove(event)
        _judge_lab_report(verdict, number, truth, report, event)
    for event in free:
        verdict.differences.append(Difference("extra report", None, describe(event)))
    for event in events:
        for row in event.rows("unparsed_lines"):
            unparsed = f"{row.get('text')} [{row.get('reason')}]"
            verdict.expect("unparsed line", None, unparsed, _number_of(event, printed))
    return verdict


def _at_line(events: Sequence[Event], line: int) -> Event | None:
    holding = [event for event in events if event.first_line <= line <= event.last_line]
    return max(holding, key=lambda event: event.first_line, default=None)


def _number_of(event: Event, printed: Sequence[PrintedReport]) -> int:
    for number, report in enumerate(printed, start=1):
        if event.is_report and event.first_line <= report.first_line <= event.last_line:
            return number
    return 0


def _judge_scan(
    verdict: Verdict, truth: LabTruth, events: Sequence[Event], reports: Sequence[Event]
) -> None:
    scan = truth.scan
    if not scan:
        return
    kinds = Counter(event.row.get("kind") for event in events)
    failures = scan["alloc_failure"] + scan["vmalloc_error"]
    verdict.expect("allocation failures", failures, kinds["allocation_failure"])
    if scan["invoked"]:
        printed = sum(event.row.get("constraint_printed") is not None for event in reports)
        verdict.expect("events with a constraint", scan["oom_kill_line"], printed)
    panics = sum(event.row.get("panic_message") is not None for event in reports)
    verdict.expect("events with a panic", scan["panic"], panics)
    verdict.expect("events with slabs", scan["slab_info"], sum(map(_has_slabs, reports)))
    outcomes = sum(
        row.get("reaper_outcome") is not None for event in reports for row in event.rows("victims")
    )
    verdict.expect("reaper lines", scan["reaped"] + scan["unable_reap"], outcomes)
    if not scan["invoked"]:
        return
    pids = [row.get("pid") for event in reports for row in event.rows("victims")]
    verdict.expect("victims in order", truth.killed_pids, pids)
    if truth.killed_by_guest is not None:
        verdict.expect(
            "killed, says the guest", sorted(truth.killed_by_guest), sorted(map(_int, pids))
        )


def _int(value: object) -> int:
    return value if isinstance(value, int) else -1


def _has_slabs(event: Event) -> bool:
    return bool(event.rows("slab_caches"))


def _judge_lab_report(
    verdict: Verdict, number: int, truth: LabTruth, report: PrintedReport, event: Event
) -> None:
    row = event.row
    shapes = {line.shape for line in report.lines}
    kinds = {"oom_kill"} if report.killed_pids else {"panic", "no_victim"}
    if not report.killed_pids and "no_killable" not in shapes:
        kinds = {"panic"}
    if row.get("kind") not in kinds:
        verdict.expect("kind", sorted(kinds), row.get("kind"), number)
    victims = event.rows("victims")
    verdict.expect("victims", report.killed_pids, [one.get("pid") for one in victims], number)
    for victim in victims:
        _judge_lab_victim(verdict, number, truth, victim)
    _judge_constraint(verdict, number, truth, report, event)
    verdict.expect("damage", None, row.get("damage"), number)
    if truth.kernel is not None:
        verdict.expect("kernel_release", truth.kernel, row.get("kernel_release"), number)
    if truth.page_size is not None and (
        row.get("page_size_kb") is not None or event.rows("buddy_orders")
    ):
        verdict.expect("page_size_kb", truth.page_size // 1024, row.get("page_size_kb"), number)
    for misread in reread(report, event)[:8]:
        verdict.differences.append(Difference("misread", "as printed", str(misread), number))
    wrong = account(report, event)
    for mismatch in wrong[:8]:
        verdict.differences.append(Difference("digits", "accounted for", str(mismatch), number))
    if len(wrong) > 8:
        verdict.differences.append(
            Difference("digits", "accounted for", f"{len(wrong)} in all", number)
        )


def _judge_lab_victim(verdict: Verdict, number: int, truth: LabTruth, victim: Row) -> None:
    pid = _int(victim.get("pid"))
    if pid in truth.exact_names:
        verdict.expect(f"comm of {pid}", truth.exact_names[pid], comm_bytes(victim), number)
    for column, known in (("oom_score_adj", truth.adj), ("uid", truth.uid)):
        if pid in known:
            verdict.expect(f"{column} of {pid}", known[pid], victim.get(column), number)


def _judge_constraint(
    verdict: Verdict, number: int, truth: LabTruth, report: PrintedReport, event: Event
) -> None:
    printed = event.row.get("constraint_printed")
    if not report.has_summary:
        verdict.expect("constraint_printed", None, printed, number)
        verdict.expect("constraint_kind", None, event.row.get("constraint_kind"), number)
        return
    if truth.constraints is None:
        return
    several = len(truth.constraints) > 1
    expected = truth.constraints[number - 1 if several else 0]
    verdict.expect("constraint_printed", expected, printed, number)
    kind = event.row.get("constraint_kind")
    verdict.expect("constraint_kind", constraint_kind(expected), kind, number)
