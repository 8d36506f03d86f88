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
from oomdb.output import values, writer

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
]


def as_html(report: FleetReport) -> str:
    """The report as one page. OomdbError where what draws pages is not installed."""
    return html.written(report, lambda _: None)


def as_json(report: FleetReport) -> str:
    """The report as one JSON object with the fields of the dataclasses."""
    return writer.json_text(values.plain(asdict(report)), indent=2)
