"""Tokens to reports: the only state machine.

A report only ever advances through the sections of `oomdb.grammar.Section`, and no
block stands in it twice. A token goes to the newest open report that can take it, so
two reports printed at once come apart; a token that none can take begins a report
whose head is lost. Lines that nothing takes belong to a report when they stand
between two of its lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.grammar import Section
from oomdb.reports.report import IDLE_LINES, NAMES_INVOKER, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.reports.tokens import TaskRows, Token

__all__ = ["Cutter", "Report"]

#: Reports that stay open for late lines, such as oom_reaper's.
MOST_OPEN = 16
#: Nor does the log go on to be read for a report that took nothing of so much of it.
IDLE_BYTES = 256 << 10
#: Lines between one that stands before a report and its header.
MOST_PREFACE = 100


class Cutter:
    """Cuts the reports out of one host's tokens; finished ones come from `feed`."""

    def __init__(self) -> None:
        self._open: list[Report] = []
        self._prefaces: list[tuple[int, Token]] = []
        self._clock = 0
        self._latest: Report | None = None
        self._in_quotation = False
        self._bits: list[Report] = []

    def feed(self, token: Token) -> Iterable[Report]:
        """Reports that are finished now that `token` is known."""
        if token.understood is None:
            return self._pass(token)
        self._clock += 1
        if token.understood.kind.section is Section.PREFACE:
            self._prefaces.append((self._clock, token))
            return ()
        if not self._goes_on(token):
            self._place(token)
        if len(self._open) > MOST_OPEN:
            return list(self._close(self._open.pop(0)))
        return ()

    def feed_run(self, tokens: list[Token]) -> list[Report]:
        """The same for many tokens, all understood, of which most only go on with a report."""
        finished: list[Report] = []
        at = 0
        while at < len(tokens):
            latest = self._latest
            if latest is not None and self._open and self._open[-1] is latest:
                taken = latest.follow(tokens, at, self._clock)
                self._clock += taken
                at += taken
            if at < len(tokens):
                finished += self.feed(tokens[at])
                at += 1
        return finished

    def feed_rows(self, rows: TaskRows) -> bool:
        """Whether the rows were taken, as the next ones of the report before them."""
        latest = self._latest
        if latest is None or not self._open or self._open[-1] is not latest:
            return False
        if not latest.takes_rows(rows, self._clock):
            return False
        self._clock += len(rows)
        latest.add_rows(rows, self._clock)
        return True

    def pass_by(self, count: int) -> None:
        """Go on after so many lines of other programs."""
        self._clock += count

    def _pass(self, token: Token) -> Iterable[Report]:
        """A line that no kind took: it may end a quotation, or lie inside a report."""
        if not token.text.strip():
            return ()
        self._clock += 1
        if token.text.lstrip().startswith(("```", "~~~")):
            return list(self._fence())
        if not token.first.foreign:
            for report in self._open[-2:]:
                report.wait(token)
        return ()

    def _goes_on(self, token: Token) -> bool:
        """Whether the token was taken by the newest report, which took the last one too."""
        latest = self._latest
        if latest is None or not self._open or self._open[-1] is not latest:
            return False
        assert token.understood is not None
        kind = token.understood.kind
        if kind.name in NAMES_INVOKER or (kind.opens and kind.section is Section.HEADER):
            return False
        if latest.repeats(token) or not latest.takes(token, self._clock):
            return False
        latest.add(token, self._clock)
        return True

    def flush(self) -> Iterator[Report]:
        """The reports that are still open when the stream ends."""
        for report in self._open:
            yield from self._close(report)
        self._open.clear()
        if len(self._bits) == 1 and self._bits[0].is_kill_quoted:
            yield from self._close(self._bits[0])
        self._bits.clear()

    def is_busy(self, at_byte: int | None = None) -> bool:
        """Whether an open report still waits for lines of its body.

        Where the log is read up to `at_byte`, a report has ended that took nothing for long:
        its host may have died, and print no line by which that could be told.
        """
        return any(
            not report.victim_pids
            and self._clock - report.last_seen < IDLE_LINES
            and (at_byte is None or at_byte - report.last_byte < IDLE_BYTES)
            for report in self._open
        )

    def _place(self, token: Token) -> None:
        assert token.understood is not None
        kind = token.understood.kind
        opens = bool(kind.opens) and kind.section is Section.HEADER
        for report in self._nearest_first(token):
            if report.repeats(token):
                report.pass_repeated(token, self._clock)
                return
            if not opens and report.takes(token, self._clock):
                self._note_interleaved(report, token)
                report.add(token, self._clock)
                self._latest = report
                return
        copied = next((one for one in self._open if one.holds(token)), None)
        if copied is not None and not opens:
            copied.pass_repeated(token, self._clock)
            return
        if kind.section < Section.HEADER or kind.section is Section.TRACE:
            return
        if "spliced" in token.mends:
            return
        headless = kind.section is not Section.HEADER or not kind.opens
        report = Report(kind.opens or _kind_of_headless(kind.section), headless)
        for clock, preface in self._prefaces:
            if not headless and self._clock - clock <= MOST_PREFACE:
                report.add(preface, clock)
        self._prefaces.clear()
        report.add(token, self._clock)
        self._latest = report
        self._open.append(report)

    def _note_interleaved(self, report: Report, token: Token) -> None:
        """Lines go by turns to two reports: nothing but a caller's id tells them apart."""
        other = self._latest
        if (
            other is not report
            and other in self._open
            and token.caller is None
            and token.understood is not None
            and token.understood.kind.section is not Section.AFTERMATH
        ):
            report.damage.add("interleaved")
            other.damage.add("interleaved")

    def _nearest_first(self, token: Token) -> list[Report]:
        """The open reports: first those whose invoker the line names, then the newest."""
        newest_first = self._open[::-1]
        assert token.understood is not None
        group = NAMES_INVOKER.get(token.understood.kind.name)
        if group is None:
            return newest_first
        comm = token.understood.match[group]
        return sorted(newest_first, key=lambda report: report.invoker != comm)

    def _fence(self) -> Iterator[Report]:
        """A code fence ends what was quoted; bits of a report explain, they do not report.

        A document that explains a report shows several; one that shows nothing but the
        kernel's lines of one kill reports it.
        """
        for report in self._open:
            if not self._in_quotation or report.is_quoted_report:
                yield from self._close(report)
            else:
                self._bits.append(report)
        self._open.clear()
        self._in_quotation = not self._in_quotation

    def _close(self, report: Report) -> Iterator[Report]:
        copied = [other for other in self._open if report.is_copied_by(other)]
        for other in copied:
            other.damage.add("duplicated")
        if report.whole_enough and not copied:
            yield report


def _kind_of_headless(section: Section) -> str:
    return "memory_dump" if Section.MEMORY <= section <= Section.PROFILE else "oom_kill"
