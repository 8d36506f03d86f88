"""A fleet report in words, as text and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.explain import markdown
from oomdb.explain.blocks import Blocks
from oomdb.explain.page import TextPage, plural
from oomdb.fleet_report.hosts import where
from oomdb.fleet_report.sections import sections
from oomdb.output import terminal
from oomdb.pages.tables import ABSENT, as_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.explain.page import Page
    from oomdb.fleet_report.facts import FleetReport
    from oomdb.fleet_report.sections import Section
    from oomdb.pages.tables import Source, Value

#: Rows of each table in text.
_TEXT_ROWS = 10
#: What stands before the lines of each severity.
_LABELS = {"bad": "look", "warn": "look", "note": "note"}
#: Columns that a text leaves out where there is no room, from the first on.
_LEFT_OUT = (
    *("cgroups", "kind", "lowest kB", "budget's note", "last (UTC)", "reports", "hosts"),
    *("cause", "before"),
)
_INDENT, _GAP = 3, "  "
_DAY_S, _HOUR_S, _MINUTE_S = 86400, 3600, 60


def headline(report: FleetReport) -> str:
    """The whole report in a sentence without a full stop."""
    incidents, kills = report.count("incidents"), report.count("kills")
    if not incidents.now:
        return f"No OOM incident in {_length(report.period.length_s)}"
    place = where(report.count("hosts").now, report.count("reports of unknown hosts").now)
    return (
        f"{plural(incidents.now, 'OOM incident')} in {_length(report.period.length_s)},"
        f" {plural(kills.now, 'process', 'processes')} killed{place}"
    )


def period_words(report: FleetReport) -> str:
    """The period, the one before, and the hosts that were asked for."""
    hosts = f" Only hosts {', '.join(report.hosts_asked)}." if report.hosts_asked else ""
    return (
        f"{report.period.in_words()}, beside the {_length(report.period.length_s)} before.{hosts}"
    )


def _length(seconds: int) -> str:
    for unit_s, name in ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute")):
        if seconds % unit_s == 0 and seconds >= unit_s:
            return plural(seconds // unit_s, name)
    return plural(seconds, "second")


def _no_link(_: str) -> None:
    """Text has no pages of events."""


def as_text(report: FleetReport, width: int) -> str:
    """The report in lines of at most `width` cells, where its names are short enough."""
    page = TextPage(width)
    _head(page, report)
    for section in sections(report, _no_link):
        page.heading(section.title)
        _table(page, section, _TEXT_ROWS)
    page.blank()
    page.say("The SQL behind each number: oomdb report --format md, or json.", indent=0)
    return "\n".join(page.lines)


def as_markdown(report: FleetReport) -> str:
    """The report as Markdown, with the SQL of each number."""
    head = Blocks()
    _head(head, report)
    parts = [markdown.written(head)]
    for section in sections(report, _no_link):
        blocks = Blocks()
        blocks.heading(section.title)
        if section.lead:
            blocks.say(section.lead)
        _table(blocks, section, len(section.table.rows))
        parts.append(markdown.written(blocks))
        parts.append(_statement(section.table.caption, section.table.source))
        parts += [_statement(what, source) for what, source in section.sources]
    # They are longer than all that is before them: who reads the lines need not page over them.
    last = Blocks()
    last.heading("The SQL of the lines and numbers at the top")
    parts.append(markdown.written(last))
    parts += [_fenced(finding.text, finding.view, finding.sql) for finding in report.attention]
    parts += [_statement(count.name, count.source) for count in report.counts]
    return "\n\n".join(parts)


def _statement(what: str, source: Source) -> str:
    return _fenced(what, source.view, source.sql)


def _fenced(what: str, view: str, sql: str) -> str:
    said = markdown.paragraph(f"{what}, from the view {view}:")
    return f"{said}\n\n{markdown.code(sql, 'sql')}"


def _head(page: Page, report: FleetReport) -> None:
    page.say(headline(report) + ".", indent=0)
    page.field("period", period_words(report))
    before = [report.count(name) for name in ("incidents", "kills", "hosts", "units")]
    page.field("before", ", ".join(f"{count.name} {count.before:,}" for count in before))
    if not report.attention:
        page.field("look", "nothing is new, worse or over a limit")
    label, told = "", ""
    for finding in report.attention:
        now = _LABELS[finding.severity]
        step = f"; {finding.step}" if finding.step and finding.step != told else ""
        told = finding.step or told
        page.field(now if now != label else "", finding.text + step)
        label = now


def _table(page: Page, section: Section, most: int) -> None:
    table = section.table
    rows = [tuple(map(_shown, row)) for row in table.rows[:most]]
    header = tuple(column.label for column in table.columns)
    # Text that is last and on the left would be broken into lines.
    alignment = "".join(
        ">" if column.is_number or column.is_whole else "<" for column in table.columns
    )
    if isinstance(page, TextPage):
        kept = _fitting([header, *rows], page.width)
        header, *rows = [tuple(row[at] for at in kept) for row in (header, *rows)]
        alignment = "".join(alignment[at] for at in kept)
    page.table(rows, alignment, _INDENT, _GAP, header=header)
    left = table.left_out + len(table.rows) - len(rows)
    if left:
        page.say(f"and {left:,} more (view {table.source.view})")


def _fitting(lines: Sequence[tuple[str, ...]], width: int) -> list[int]:
    """The columns that a text has room for: those that are needed least are left out."""
    kept = list(range(len(lines[0])))
    widths = [max(map(terminal.cell_width, column)) for column in zip(*lines, strict=True)]
    for name in _LEFT_OUT:
        taken = _INDENT + sum(widths[at] + len(_GAP) for at in kept)
        if taken <= width + len(_GAP):
            break
        kept = [at for at in kept if lines[0][at] != name]
    return kept


def _shown(value: Value) -> str:
    text = as_cell(value).text
    return "-" if text == ABSENT else text
