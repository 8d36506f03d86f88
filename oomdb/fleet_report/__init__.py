"""What the OOM killer did to a fleet in a period: facts first, then as text, Markdown or a page.

`fleet_report(connection, period, hosts)` reads it; `FleetReport.attention` is what is worth
a look, the worst first, and `FleetReport.has_findings` whether anything is.
"""

from __future__ import annotations

from dataclasses import asdict

from oomdb.fleet_report import html
from oomdb.fleet_report.facts import Finding, FleetReport
from oomdb.fleet_report.hosts import check_known
from oomdb.fleet_report.period import Period, period_of
from oomdb.fleet_report.read import fleet_report
from oomdb.fleet_report.words import as_markdown, as_text
from oomdb.output import terminal, values, writer
from oomdb.output.formats import StoryFormat

__all__ = [
    "Finding",
    "FleetReport",
    "Period",
    "as_html",
    "as_json",
    "as_markdown",
    "as_text",
    "check_known",
    "fleet_report",
    "period_of",
    "written",
]


def written(report: FleetReport, form: StoryFormat, width: int = terminal.DEFAULT_WIDTH) -> str:
    """The report in one of its forms; text in lines of at most `width` cells."""
    match form:
        case StoryFormat.JSON:
            return as_json(report)
        case StoryFormat.MD:
            return as_markdown(report)
        case StoryFormat.HTML:
            return as_html(report)
        case StoryFormat.TEXT:
            return as_text(report, width)


def as_html(report: FleetReport) -> str:
    """The report as one page. OomdbError where what draws pages is not installed."""
    return html.written(report, lambda _: None)


def as_json(report: FleetReport) -> str:
    """The report as one JSON object with the fields of the dataclasses."""
    return writer.json_text(values.plain(asdict(report)), indent=2)
