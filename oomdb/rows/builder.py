"""A report's tokens to typed rows of the tables; no patterns of lines, no SQL.

Types are made here, once, by the declared column. A number that cannot be true is
left out (NULL), its printed text goes to `extra_fields`, and the report is marked
`nonsense_value`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.gfp import choose_layout
from oomdb.grammar import PAIR, Section
from oomdb.rows.batch import RowBatch
from oomdb.rows.cgroups import CgroupCounters
from oomdb.rows.killing import Killing
from oomdb.rows.processes import ProcessTable
from oomdb.rows.traces import Traces
from oomdb.rows.values import convert
from oomdb.rows.verdict import constraint, damage_words, kind_of_event, page_size
from oomdb.text import stored

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from oomdb.grammar import LineKind
    from oomdb.reports.cut import Report
    from oomdb.reports.tokens import Token

#: Columns that a line sets for the lines after it.
_CONTEXT = ("node", "zone", "cpu")
#: Tables whose rows belong to a node or zone.
_ZONAL = frozenset(
    table.name
    for table in tables.TABLES
    if any(column.name == "node" for column in table.columns) and table.name != "extra_fields"
)
#: Columns of names, and the columns of their bytes.
_RAW_NAMES = {"invoker_comm": "invoker_comm_bytes", "comm": "comm_bytes"}


def rows_of(report: Report) -> RowBatch:
    """The report's rows in every table of events, without their id and host."""
    builder = _Builder(report)
    for line_no, token in enumerate(report.tokens, 1):
        builder.read(token, line_no)
    return builder.finish()


class _Builder:
    """Collects the rows of one report while its lines go by."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.batch = RowBatch()
        self.event: dict[str, object] = {}
        self.damage: set[str] = set(report.damage)
        self.processes = ProcessTable()
        self.killing = Killing()
        self.cgroups = CgroupCounters()
        self.traces = Traces(self.batch)
        self.counts: dict[str, int] = {}
        self.context: dict[str, str] = {}
        self.lines_of_zone: set[tuple[str, str, str]] = set()

    def read(self, token: Token, line_no: int) -> None:
        """Turn one token into rows."""
        if token.understood is None:
            text, _ = stored(token.text)
            self.batch.add("unparsed_lines", line_no=line_no, text=text, reason="unknown")
            return
        if token.rest:
            text, _ = stored(token.rest)
            self.batch.add("unparsed_lines", line_no=line_no, text=text, reason="clipped")
        kind, match = token.understood.kind, token.understood.match
        groups = {name: value for name, value in match.groupdict().items() if value is not None}
        if kind.section is Section.TRACE:
            known = self.event.get("invoker_comm")
            invoker = str(known) if known is not None else None
            self._event(self.traces.add(kind, groups, token.text, line_no, invoker), line_no)
        elif kind.name == "task":
            self.processes.add(match, line_no)
        elif kind.table == "victims":
            self.killing.add(kind, groups, token.first.uptime_s, line_no)
        elif kind.table == "cgroup_counters":
            self.cgroups.add(kind, match, groups, token.first.uptime_s)
        elif kind.name == "oom_summary":
            self._event(self.killing.named(groups), line_no)
        else:
            self._by_shape(kind, match, groups, line_no)

    def _by_shape(
        self, kind: LineKind, match: re.Match[str], groups: dict[str, str], line_no: int
    ) -> None:
        """A line that needs nothing but its kind's declaration."""
        if kind.heads:
            self._remember(groups)
        elif kind.items is not None:
            self._items(kind, match, groups, line_no)
        elif kind.pairs is not None:
            self._pairs(kind, groups, line_no)
        elif kind.table == "events":
            self._event(groups, line_no)
        elif kind.table is not None:
            self._row(kind.table, {**kind.constants, **groups}, line_no)

    def _next(self, name: str) -> int:
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    def _event(self, groups: dict[str, str], line_no: int) -> None:
        """Values of the event itself; what was printed first stands."""
        values = self._typed(tables.EVENTS, groups, line_no)
        reserved, ram = values.get("reserved_pages"), self.event.get("ram_pages")
        if isinstance(reserved, int) and isinstance(ram, int) and reserved > max(ram, 2**31):
            # A count of 32 bits that ran below zero.
            printed = {"value": groups["reserved_pages"]}
            self._extra(line_no, "events", "reserved_pages", printed, "nonsense_value")
            values["reserved_pages"] = None
        for column, value in values.items():
            self.event.setdefault(column, value)

    def _items(
        self, kind: LineKind, match: re.Match[str], groups: dict[str, str], line_no: int
    ) -> None:
        """One row for each repeated piece of the line."""
        assert kind.items is not None
        self._remember(groups)
        if "zone" not in groups:
            self._forget_other_zone(kind, match, groups)
        for number, piece in enumerate(kind.items.regex.finditer(match["items"])):
            values = {name: value for name, value in piece.groupdict().items() if value is not None}
            if kind.items.index:
                values[kind.items.index] = str(number)
            values = {**kind.constants, **values}
            if kind.table is not None:
                self._row(kind.table, values, line_no)
        if kind.name == "buddy":
            self._row("buddy_totals", {"total_kb": groups["total_kb"]}, line_no)

    def _pairs(self, kind: LineKind, groups: dict[str, str], line_no: int) -> None:
        """Fields read by key: columns of a row, or one row each."""
        assert kind.pairs is not None
        assert kind.table is not None
        fields = [found.groupdict() for found in PAIR.finditer(groups["pairs"])]
        if kind.pairs.name_column:
            for pair in fields:
                self._counter(kind, pair, line_no)
            return
        self._remember(groups)
        table = tables.BY_NAME[kind.table]
        rows: dict[str, dict[str, str]] = {kind.table: {}}
        for pair in fields:
            target = kind.pairs.columns.get(pair["key"]) or _column_for(table, pair["key"])
            if target is None:
                self._extra(line_no, kind.table, pair["key"], pair, "unknown_key")
                continue
            name, column = target.split(".")
            rows.setdefault(name, {})[column] = pair["value"] or pair["answer"]
        continued = kind.name.endswith("_more")
        for name, values in rows.items():
            if continued and self.batch.rows.get(name):
                self.batch.rows[name][-1].update(self._typed(tables.BY_NAME[name], values, line_no))
            elif values:
                self._row(name, values, line_no)

    def _counter(self, kind: LineKind, pair: dict[str, str], line_no: int) -> None:
        assert kind.table is not None
        assert kind.pairs is not None
        if pair["unit"]:
            self._extra(line_no, kind.table, pair["key"], pair, "unknown_key")
            return
        column = kind.pairs.value_column
        self._row(kind.table, {"name": pair["key"].lower(), column: pair["value"]}, line_no)

    def _remember(self, groups: dict[str, str]) -> None:
        """Node and zone of this line hold for the lines after it."""
        if "zone" in groups:
            self.lines_of_zone.clear()
            if "node" not in groups:
                self.context.pop("node", None)
        for name in _CONTEXT:
            if name in groups:
                self.context[name] = groups[name]

    def _forget_other_zone(
        self, kind: LineKind, match: re.Match[str], groups: dict[str, str]
    ) -> None:
        """Let go of the zone before when a line is its second: the line with its own is lost."""
        label, _, _ = match["items"].partition(":")
        line = (kind.name, groups.get("cpu", ""), label if label.isalpha() else "")
        if line in self.lines_of_zone or "zone" not in self.context:
            self.damage.add("lost_lines")
            self.context.pop("zone", None)
            self.context.pop("node", None)
        self.lines_of_zone.add(line)

    def _row(self, name: str, values: dict[str, str], line_no: int) -> None:
        """Add one row, with node and zone from the lines before where it has none."""
        table = tables.BY_NAME[name]
        columns = {column.name for column in table.columns}
        filled = {key: self.context[key] for key in _CONTEXT if key in columns & set(self.context)}
        row = self._typed(table, {**filled, **values}, line_no)
        if "node" in columns and ("zone" in row or "zone" not in columns):
            row.setdefault("node", 0)
        if "line_no" in columns:
            row["line_no"] = line_no
        if name == "zones":
            row["node_basis"] = "printed" if "node" in self.context else "no_numa"
            row["zone_no"] = self._next("zone")
        if name == "allocation_sites":
            row["position"] = self._next("allocation_site")
            printed = str(row["size_printed"])
            row["size_bytes"] = int(printed) if printed.isdecimal() else None
        self.batch.add(name, **row)

    def _typed(
        self, table: tables.Table, values: dict[str, str], line_no: int
    ) -> dict[str, object]:
        """The values that are columns of the table, as the columns' types."""
        typed: dict[str, object] = {}
        for column in table.columns:
            printed = values.get(column.name)
            if printed is None:
                continue
            if column.name in _RAW_NAMES:
                typed[column.name], raw = stored(printed)
                if raw is not None:
                    typed[_RAW_NAMES[column.name]] = raw
                continue
            value, sane = convert(column, printed)
            typed[column.name] = value
            if not sane:
                self._extra(line_no, table.name, column.name, {"value": printed}, "nonsense_value")
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
            self.damage.add(reason)
        self.batch.add(
            "extra_fields",
            line_no=line_no,
            scope=scope,
            node=int(self.context.get("node", "0")) if scope in _ZONAL else None,
            zone=self.context.get("zone") if scope in _ZONAL else None,
            row_no=row_no,
            name=name,
            value=pair.get("value") or pair.get("answer"),
            unit=pair.get("unit"),
            reason=reason,
        )

    def finish(self) -> RowBatch:
        """Complete the event with what the whole report tells."""
        event = self.event
        self.cgroups.finish(self.batch, self.damage, event.get("oom_memcg"))
        self.traces.finish(event)
        self.killing.finish(self.batch, event, self._extra)
        header = str(event.get("task_table_header") or "")
        self.processes.finish(header, self.batch, self.damage, self._extra)
        event["kind"] = kind_of_event(self.report, event, bool(self.batch.rows.get("victims")))
        constraint(event)
        if event.get("gfp_mask") is not None:
            names = event.get("gfp_names")
            mask = event["gfp_mask"]
            assert isinstance(mask, int)
            layout = choose_layout(mask, str(names) if names is not None else None)
            event["gfp_layout"], event["gfp_layout_basis"] = layout
        event["page_size_kb"], event["page_size_basis"] = page_size(self.batch)
        first = self.report.tokens[0].first
        event["uptime_s"] = first.uptime_s
        event["printed_time"] = first.stamp
        event["damage"] = damage_words(self.report, event, self.batch, self.damage)
        self.batch.add("events", **event)
        return self.batch


def _column_for(table: tables.Table, key: str) -> str | None:
    """The column that a printed key names: itself or with `_kb`, parentheses as underscores."""
    plain = key.lower().replace("(", "_").replace(")", "")
    names = {column.name for column in table.columns}
    for column in (f"{plain}_kb", plain):
        if column in names:
            return f"{table.name}.{column}"
    return None
