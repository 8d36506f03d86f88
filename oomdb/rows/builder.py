"""A report's tokens to typed rows of the tables; no patterns of lines, no SQL.

Types are made here, once, by the declared column. A number that cannot be true is
left out (NULL), its printed text goes to `extra_fields`, and the report is marked
`nonsense_value`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.gfp import choose_layout
from oomdb.grammar import PAIR, Section
from oomdb.reports.tokens import TaskRows
from oomdb.rows.batch import RowBatch
from oomdb.rows.cgroups import CgroupCounters
from oomdb.rows.columns import names, place
from oomdb.rows.killing import Killing
from oomdb.rows.plans import CONTEXT, PLANS, Place, column_of, place_of
from oomdb.rows.processes import ProcessTable, Unfinished, finish_all
from oomdb.rows.traces import Traces
from oomdb.rows.values import NONSENSE, reader, readers, sane
from oomdb.rows.verdict import UNIFORM, Verdict
from oomdb.text import stored

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from oomdb.grammar import LineKind
    from oomdb.reports.cut import Report
    from oomdb.reports.tokens import Token

#: Tables whose rows belong to a node or zone.
_ZONAL = frozenset(
    table.name
    for table in tables.TABLES
    if any(column.name == "node" for column in table.columns) and table.name != "extra_fields"
)
#: Columns of names, and the columns of their bytes.
_RAW_NAMES = {"invoker_comm": "invoker_comm_bytes", "comm": "comm_bytes"}
#: Tables whose rows hold more than their lines print.
_COUNTED = frozenset({"zones", "allocation_sites", "trace_lines"})


def rows_of(report: Report) -> RowBatch:
    """The report's rows in every table of events, without their id and host."""
    unfinished = ReportRows(report)
    finish([unfinished])
    return unfinished.batch


def finish(reports: Sequence[ReportRows]) -> None:
    """Complete the rows of reports whose lines are read; it costs less for many at once."""
    for one in reports:
        one.finish_lines()
    finish_all([one.process_table() for one in reports])
    for one in reports:
        one.finish_event()


class ReportRows:
    """The rows of one report: its lines are read, `finish` completes them.

    The report itself is not needed for that.
    """

    def __init__(self, report: Report) -> None:
        self.batch = RowBatch()
        self._event = self.batch.event
        self._damage: set[str] = set(report.damage)
        self._processes = ProcessTable()
        self._killing = Killing()
        self._cgroups = CgroupCounters()
        self._traces = Traces(self.batch)
        self._counts = {"zones": 0, "allocation_sites": 0}
        self._context: dict[str, str] = {}
        self._here = Place()
        self._lines_of_zone: set[tuple[str, str, str]] = set()
        self._verdict = Verdict(report)
        self._first = report.first
        self.lines_taken = 0
        line_no = 0
        for part in report.parts:
            if isinstance(part, TaskRows):
                line_nos = range(line_no + 1, line_no + len(part) + 1)
                block = part.pids, part.numbers, part.comms
                self._processes.add_block(*block, line_nos, part.texts)
                line_no += len(part)
                self.lines_taken += len(part)
            else:
                line_no += 1
                self._read(part, line_no)

    def _read(self, token: Token, line_no: int) -> None:
        """One line of the report."""
        understood = token.understood
        if understood is None or token.rest:
            self._keep_unparsed(token, line_no)
        if understood is None:
            return
        self.lines_taken += 1
        if understood.kind.name == "task":
            self._processes.add_all([understood.match], [line_no])
        else:
            read = _READ.get(understood.kind.name) or _reading(understood.kind)
            read(self, understood.kind, understood.match, line_no, token)

    def _keep_unparsed(self, token: Token, line_no: int) -> None:
        """A line that no kind took, or the end of one that was clipped."""
        printed, reason = (token.rest, "clipped") if token.understood else (token.text, "unknown")
        text, _ = stored(printed)
        self.batch.add("unparsed_lines", line_no=line_no, text=text, reason=reason)

    def _frame(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._traces.add_frame(kind, match)

    def _trace(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        known = self._event.get("invoker_comm")
        invoker = str(known) if known is not None else None
        values = self._traces.add(kind, _groups(match), token.text, line_no, invoker)
        if values:
            self._event_values(values, line_no)

    def _trace_line(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._traces.add_kept(kind, match["text"], line_no)

    def _cgroup(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._cgroups.add(kind, match, _groups(match), token.uptime_s)

    def _kill(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._killing.add(kind, _groups(match), token.uptime_s, line_no)

    def _summary(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._event_values(self._killing.named(_groups(match)), line_no)

    def _of_event(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._event_values(match.groupdict(), line_no)
        self._verdict.see_kind(kind.name)

    def _without_row(
        self, kind: LineKind, match: re.Match[str], line_no: int, token: Token
    ) -> None:
        self._verdict.see_kind(kind.name)

    def _event_values(self, groups: Mapping[str, str | None], line_no: int) -> None:
        """Values of the event itself; what was printed first stands."""
        values = self._typed("events", groups, line_no)
        reserved, ram = values.get("reserved_pages"), self._event.get("ram_pages")
        if isinstance(reserved, int) and isinstance(ram, int) and reserved > max(ram, 2**31):
            # A count of 32 bits that ran below zero.
            printed = {"value": groups["reserved_pages"]}
            self._extra(line_no, "events", "reserved_pages", printed, "nonsense_value")
            values["reserved_pages"] = None
        for column, value in values.items():
            self._event.setdefault(column, value)

    def _plain(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        """A line that is one row."""
        assert kind.table is not None
        row = None
        if kind.table not in _COUNTED and self._here.is_known:
            row = PLANS.plain(kind).row(match.groups(), self._here)
        if row is not None:
            self.batch.add_all(kind.table, (row,))
        else:
            self._row(kind.table, {**kind.constants, **_groups(match)}, line_no)

    def _items(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        """One row for each repeated piece of the line."""
        assert kind.items is not None
        assert kind.table is not None
        told = self._remember(kind, match)
        if "zone" not in told:
            self._forget_other_zone(kind, match)
        rows = PLANS.items(kind).rows(match["items"], self._here) if self._here.is_known else None
        if rows is not None:
            self.batch.add_all(kind.table, rows)
        else:
            for number, piece in enumerate(kind.items.regex.finditer(match["items"])):
                values = _groups(piece)
                if kind.items.index:
                    values[kind.items.index] = str(number)
                self._row(kind.table, {**kind.constants, **values}, line_no)
        if kind.name == "buddy":
            self._buddy_total(match["total_kb"], line_no)

    def _buddy_total(self, printed: str, line_no: int) -> None:
        total_kb = reader("buddy_totals", "total_kb")(printed)
        if total_kb is NONSENSE or not self._here.is_known:
            self._row("buddy_totals", {"total_kb": printed}, line_no)
            return
        here = self._here.of("buddy_totals")
        self.batch.add_all("buddy_totals", ((here.node, here.zone, total_kb),))

    def _pairs(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        """Fields read by key: columns of a row, or one row each."""
        assert kind.pairs is not None
        assert kind.table is not None
        if not kind.pairs.name_column:
            self._remember(kind, match)
        continued = kind.name.endswith("_more") and not kind.pairs.name_column
        plan = PLANS.pairs(kind, match["pairs"]) if not continued and self._here.is_known else None
        if plan is None:
            self._each_pair(kind, match["pairs"], line_no)
            return
        form, numbers = plan
        if form.names:
            self.batch.add_all(kind.table, zip(form.names, numbers, strict=True))
            return
        here = self._here.of(kind.table)
        for row in form.rows:
            basis, number = self._of_zone() if row.table == "zones" else (None, None)
            after = (None, True, False, here.node, here.zone, basis, number)
            values = row.pick((*numbers, *after))
            self.batch.add_all(row.table, (values,))
            self._verdict.see_row(row.table, row.printed, values)

    def _each_pair(self, kind: LineKind, text: str, line_no: int) -> None:
        """A line with a key that has no column, or a number that cannot be true."""
        assert kind.pairs is not None
        assert kind.table is not None
        fields = [found.groupdict() for found in PAIR.finditer(text)]
        if kind.pairs.name_column:
            for pair in fields:
                self._counter(kind, pair, line_no)
            return
        rows: dict[str, dict[str, str]] = {kind.table: {}}
        for pair in fields:
            target = column_of(kind, pair["key"])
            if target is None:
                self._extra(line_no, kind.table, pair["key"], pair, "unknown_key")
                continue
            name, column = target
            rows.setdefault(name, {})[column] = pair["value"] or pair["answer"]
        continued = kind.name.endswith("_more")
        for name, values in rows.items():
            if continued and self._is_begun(name):
                self._go_on(name, values, line_no)
            elif values:
                self._row(name, values, line_no)

    def _is_begun(self, name: str) -> bool:
        """Whether the last row of a table is of this node and zone."""
        rows = self.batch.leaves.get(name)
        if not rows:
            return False
        here = self._here.of(name)._asdict()
        last = dict(zip(names(name), rows[-1], strict=True))
        return all(last.get(key, here[key]) == here[key] for key in ("node", "zone"))

    def _go_on(self, name: str, values: dict[str, str], line_no: int) -> None:
        """Complete a table's last row, whose line was wrapped."""
        rows = self.batch.leaves[name]
        more = self._typed(name, values, line_no)
        rows[-1] = tuple(
            more.get(column, value) for column, value in zip(names(name), rows[-1], strict=True)
        )
        self._verdict.see_more(name, more)

    def _counter(self, kind: LineKind, pair: dict[str, str], line_no: int) -> None:
        assert kind.table is not None
        assert kind.pairs is not None
        if pair["unit"]:
            self._extra(line_no, kind.table, pair["key"], pair, "unknown_key")
            return
        column = kind.pairs.value_column
        self._row(kind.table, {"name": pair["key"].lower(), column: pair["value"]}, line_no)

    def _head(self, kind: LineKind, match: re.Match[str], line_no: int, token: Token) -> None:
        self._remember(kind, match)
        self._verdict.see_kind(kind.name)

    def _remember(self, kind: LineKind, match: re.Match[str]) -> dict[str, str]:
        """Node and zone of this line, which hold for the lines after it."""
        groups = kind.regex.groupindex
        told = {name: match[name] for name in CONTEXT if name in groups and match[name] is not None}
        if "zone" in told:
            self._lines_of_zone.clear()
            if "node" not in told:
                self._context.pop("node", None)
        if told:
            self._context.update(told)
            self._note_place()
        return told

    def _note_place(self) -> None:
        self._here = place_of(*map(self._context.get, CONTEXT))

    def _forget_other_zone(self, kind: LineKind, match: re.Match[str]) -> None:
        """Let go of the zone before when a line is its second: the line with its own is lost."""
        label, _, _ = match["items"].partition(":")
        cpu = match["cpu"] if "cpu" in match.re.groupindex else None
        line = (kind.name, cpu or "", label if label.isalpha() else "")
        if line in self._lines_of_zone or "zone" not in self._context:
            self._damage.add("lost_lines")
            self._context.pop("zone", None)
            self._context.pop("node", None)
            self._note_place()
        self._lines_of_zone.add(line)

    def _row(self, name: str, values: Mapping[str, str], line_no: int) -> None:
        """Add one row, with node and zone from the lines before where it has none."""
        columns = names(name)
        filled = {
            key: self._context[key] for key in CONTEXT if key in columns and key in self._context
        }
        row = self._typed(name, {**filled, **values}, line_no)
        printed_columns = frozenset(row).difference(CONTEXT)
        if "node" in columns and ("zone" in row or "zone" not in columns):
            row.setdefault("node", 0)
        if "line_no" in columns:
            row["line_no"] = line_no
        if name == "zones":
            row["node_basis"], row["zone_no"] = self._of_zone()
        if name == "allocation_sites":
            row["position"] = self._next(name)
            printed = str(row["size_printed"])
            known = sane("allocation_sites", "size_bytes", printed) if printed.isdecimal() else None
            row["size_bytes"] = known
        self.batch.add(name, **row)
        if name in UNIFORM:
            self._verdict.see_row(name, printed_columns, self.batch.leaves[name][-1])

    def _of_zone(self) -> tuple[str, int]:
        """What a row of `zones` holds beside what is printed: node_basis and zone_no."""
        return "printed" if "node" in self._context else "no_numa", self._next("zones")

    def _next(self, table: str) -> int:
        self._counts[table] += 1
        return self._counts[table]

    def _typed(
        self, table: str, values: Mapping[str, str | None], line_no: int
    ) -> dict[str, object]:
        """The values that are columns of the table, as the columns' types."""
        typed: dict[str, object] = {}
        reads = readers(table)
        wrong = []
        for name, printed in values.items():
            read = reads.get(name)
            if printed is None or read is None:
                continue
            if name in _RAW_NAMES:
                typed[name], raw = stored(printed)
                if raw is not None:
                    typed[_RAW_NAMES[name]] = raw
                continue
            typed[name] = read(printed)
            if typed[name] is NONSENSE:
                typed[name] = None
                wrong.append((place(table, name), name, printed))
        for _, name, printed in sorted(wrong):
            self._extra(line_no, table, name, {"value": printed}, "nonsense_value")
        return typed

    def _extra(
        self,
        line_no: int,
        scope: str,
        name: str,
        pair: Mapping[str, str | None],
        reason: str,
        row_no: int | None = None,
    ) -> None:
        if reason == "nonsense_value":
            self._damage.add(reason)
        self.batch.add(
            "extra_fields",
            line_no=line_no,
            scope=scope,
            node=sane("zones", "node", self._context.get("node", "0")) if scope in _ZONAL else None,
            zone=self._context.get("zone") if scope in _ZONAL else None,
            row_no=row_no,
            name=name,
            value=pair.get("value") or pair.get("answer"),
            unit=pair.get("unit"),
            reason=reason,
        )

    def finish_lines(self) -> None:
        """Write the rows that needed all lines, but for those of the process table."""
        event = self._event
        self._cgroups.finish(self.batch, self._damage, event.get("oom_memcg"))
        self._traces.finish(event)
        self._killing.finish(self.batch, event, self._extra)

    def process_table(self) -> Unfinished:
        """The process table, whose rows are written together with those of other reports."""
        header = str(self._event.get("task_table_header") or "")
        return Unfinished(self._processes, header, self.batch, self._damage, self._extra)

    def finish_event(self) -> None:
        """Complete the event with what the whole report tells."""
        event = self._event
        mask = event.get("gfp_mask")
        if mask is not None:
            named = event.get("gfp_names")
            assert isinstance(mask, int)
            layout = choose_layout(mask, str(named) if named is not None else None)
            event["gfp_layout"], event["gfp_layout_basis"] = layout
        event["uptime_s"] = self._first.uptime_s
        event["printed_time"] = self._first.stamp
        self._verdict.judge(self.batch, self._damage)


_Read = Callable[["ReportRows", "LineKind", "re.Match[str]", int, "Token"], None]
#: What reads the lines of kinds, the first that fits what a kind declares.
_BY_FORM: tuple[tuple[Callable[[LineKind], bool], _Read], ...] = (
    (lambda kind: kind.table == "stack_frames", ReportRows._frame),
    (
        lambda kind: kind.section is Section.TRACE and kind.table == "trace_lines",
        ReportRows._trace_line,
    ),
    (lambda kind: kind.section is Section.TRACE, ReportRows._trace),
    (lambda kind: kind.table == "victims", ReportRows._kill),
    (lambda kind: kind.table == "cgroup_counters", ReportRows._cgroup),
    (lambda kind: kind.name == "oom_summary", ReportRows._summary),
    (lambda kind: kind.heads, ReportRows._head),
    (lambda kind: kind.items is not None, ReportRows._items),
    (lambda kind: kind.pairs is not None, ReportRows._pairs),
    (lambda kind: kind.table == "events", ReportRows._of_event),
    (lambda kind: kind.table is None, ReportRows._without_row),
    (lambda kind: True, ReportRows._plain),
)
#: What reads the lines of a kind, by the kind's name.
_READ: dict[str, _Read] = {}


def _reading(kind: LineKind) -> _Read:
    """What reads a kind's lines, put into `_READ`."""
    read = _READ[kind.name] = next(read for fits, read in _BY_FORM if fits(kind))
    return read


def _groups(match: re.Match[str]) -> dict[str, str]:
    """The groups of a match that took part in it."""
    return {name: value for name, value in match.groupdict().items() if value is not None}
