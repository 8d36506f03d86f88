"""A fleet report as a page for a browser: what needs attention first, then pictures and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.explain.page import plural
from oomdb.fleet_report.html import figures
from oomdb.fleet_report.sections import Section, minute, sections
from oomdb.fleet_report.words import headline, period_words
from oomdb.pages import shell

if TYPE_CHECKING:
    from oomdb.fleet_report.facts import FleetReport
    from oomdb.fleet_report.sections import Link
    from oomdb.pages.figures import Figure

#: Findings that are shown at once; more are behind a summary.
_OPEN_FINDINGS = 8
#: Where each count of the head leads to.
_COUNT_SECTIONS = {
    "incidents": "incidents",
    "kills": "victims",
    "hosts": "hosts",
    "units": "services",
    "panics": "incidents",
}


def written(report: FleetReport, link: Link, everything: str | None = None) -> str:
    """The page; `link` gives the page of an event, `everything` the list of all incidents.

    OomdbError where jinja2 or matplotlib is missing.
    """
    shown = sections(report, link)
    present = {section.name for section in shown}
    return shell.render(
        "fleet.html",
        headline=headline(report),
        period=period_words(report),
        report=report,
        findings=report.attention[:_OPEN_FINDINGS],
        more_findings=report.attention[_OPEN_FINDINGS:],
        anchor=lambda name: f"#{name}" if name in present else None,
        counts=[
            (count, _COUNT_SECTIONS.get(count.name))
            for count in report.counts
            if count.now or count.before or count.name in ("incidents", "kills", "hosts")
        ],
        change=_change,
        sections=[(section, _figures(section, report)) for section in shown],
        behind=[entry for section in shown for entry in section.behind],
        link=link,
        everything=everything,
        minute=minute,
        plural=plural,
    )


def _change(now: int, before: int) -> str:
    """What a count became, beside the period before."""
    if not before:
        return "none before" if now else "none before either"
    if now == before:
        return f"as many as before ({before:,})"
    percent = round(abs(now - before) / before * 100)
    if percent < 1:
        return f"{before:,} before"
    return f"{'+' if now > before else '-'}{percent:,} %, {before:,} before"


def _figures(section: Section, report: FleetReport) -> tuple[Figure, ...]:
    """The pictures of one section."""
    if section.name == "causes":
        drawn = [figures.causes_over_time(report)]
    elif section.name == "hosts":
        drawn = [figures.heat_map(report)]
    elif section.name == "victims":
        drawn = [figures.trends(report)]
        drawn += [
            figures.history(report, told, number)
            for number, told in enumerate(report.histories, start=1)
        ]
    else:
        drawn = []
    return tuple(figure for figure in drawn if figure is not None)
