"""The pictures of a fleet report."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from oomdb.explain.page import kb_and_gib, plural
from oomdb.fleet_report.sections import CAUSE_COLOURS, OTHER_COLOUR, cause_colour
from oomdb.pages.figures import WIDTH, Figure, bar, blank, finished, fitting, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from oomdb.fleet_report.facts import FleetReport, History

_SMALL = 9
#: Slots that a picture shows; more are put together.
_MOST_SLOTS = 62


def _groups(count: int) -> int:
    """How many slots stand together as one."""
    return max(ceil(count / _MOST_SLOTS), 1)


def _grouped(values: Sequence[int], size: int) -> list[int]:
    return [sum(values[at : at + size]) for at in range(0, len(values), size)]


def _slot_words(report: FleetReport) -> str:
    """What one column of a picture is."""
    size, unit = _groups(len(report.slots)), "hour" if report.period.is_by_hour else "day"
    return f"{size} {unit}s" if size > 1 else unit


def _short_slot(slot: str) -> str:
    """A day without its year, an hour without its date."""
    return slot[11:] + "h" if len(slot) > 10 else slot[5:]


_PLOT_LEFT, _PLOT_TOP, _PLOT_HEIGHT = 34, 8, 150


def causes_over_time(report: FleetReport) -> Figure | None:
    """Incidents by the time of their first report, stacked by cause; None without any."""
    size = _groups(len(report.slots))
    columns = {
        cause.cause: _grouped(cause.by_slot, size)
        for cause in report.causes.rows
        if cause.incidents
    }
    if not columns:
        return None
    totals = [sum(values) for values in zip(*columns.values(), strict=True)]
    most = max(totals)
    canvas, axes = blank(_PLOT_TOP + _PLOT_HEIGHT + 22)
    bottom, room = _PLOT_TOP + _PLOT_HEIGHT, WIDTH - _PLOT_LEFT
    _scale(axes, most, bottom, _PLOT_HEIGHT)
    step = room / len(totals)
    gap = min(step * 0.15, 3)
    for position in range(len(totals)):
        top = float(bottom)
        for cause, values in columns.items():
            height = values[position] / most * _PLOT_HEIGHT
            top -= height
            left = _PLOT_LEFT + position * step
            bar(axes, left, top, step - gap if height else 0, height, cause_colour(report, cause))
    _dates(axes, report, _PLOT_LEFT, step, bottom + 14)
    busiest = totals.index(most) * size
    return finished(
        canvas,
        name="figure-causes",
        title=f"Incidents by {_slot_words(report)} and cause",
        description=(
            f"{plural(sum(totals), 'incident')}, most on {report.slots[busiest]}:"
            f" {most:,}. By cause: "
            + ", ".join(f"{cause} {sum(values):,}" for cause, values in columns.items())
            + "."
        ),
        caption=f"Incidents by the {_slot_words(report)} of their first report (UTC).",
        legend=_cause_legend(report, list(columns)),
    )


def _cause_legend(report: FleetReport, causes: list[str]) -> tuple[tuple[str, str], ...]:
    named = [(cause_colour(report, cause), cause) for cause in causes]
    own = [(colour, cause) for colour, cause in named if colour in CAUSE_COLOURS]
    rest = [cause for colour, cause in named if colour == OTHER_COLOUR]
    if not rest:
        return tuple(own)
    return (*own, (OTHER_COLOUR, rest[0] if len(rest) == 1 else f"{len(rest)} others"))


def _scale(axes: Axes, most: int, bottom: float, height: float) -> None:
    """The greatest value and nothing, with a line each."""
    for value, y in ((most, bottom - height), (0, bottom)):
        bar(axes, _PLOT_LEFT, y - 0.4, WIDTH - _PLOT_LEFT, 0.8, "line")
        label(axes, _PLOT_LEFT - 4, y + 4, f"{value:,}", colour="muted", size=_SMALL, side="right")


def _dates(axes: Axes, report: FleetReport, left: float, step: float, y: float) -> None:
    """The names of the first, the last and some columns between."""
    size = _groups(len(report.slots))
    slots = report.slots[::size]
    every = max(ceil(len(slots) / ((WIDTH - left) / 46)), 1)
    for position in range(0, len(slots), every):
        middle = min(left + (position + 0.5) * step, WIDTH - 14)
        text = _short_slot(slots[position])
        label(axes, middle, y, text, colour="muted", size=_SMALL, side="center")


_ROW, _HOST_WIDTH = 17, 112


def heat_map(report: FleetReport) -> Figure | None:
    """OOM reports of the most struck hosts by time; None without any."""
    if not report.heat.rows:
        return None
    size = _groups(len(report.slots))
    rows = [(row.host, _grouped(row.reports, size)) for row in report.heat.rows]
    columns = len(rows[0][1])
    step = (WIDTH - _HOST_WIDTH) / columns
    most = max(max(values) for _, values in rows)
    canvas, axes = blank(_ROW * (len(rows) + 1) + 4)
    for number, (host, values) in enumerate(rows):
        top = number * _ROW
        label(axes, 0, top + 12, fitting(_short_host(host), 17))
        bar(axes, _HOST_WIDTH, top + _ROW - 1.5, WIDTH - _HOST_WIDTH, 0.6, "line")
        for position, value in enumerate(values):
            if value:
                left = _HOST_WIDTH + position * step
                bar(axes, left, top, step - min(step * 0.1, 1), _ROW - 2, _heat(value, most))
                if step >= 6 * len(f"{value:,}") + 3:
                    middle = left + step / 2
                    label(axes, middle, top + 11, f"{value:,}", size=_SMALL, side="center")
    _dates(axes, report, _HOST_WIDTH, step, _ROW * len(rows) + 13)
    others = report.heat.left_out
    beyond = f" {plural(others, 'more host')} had fewer." if others > 0 else ""
    return finished(
        canvas,
        name="figure-hosts",
        title=f"OOM reports by host and {_slot_words(report)}",
        description="; ".join(
            f"{host}: {sum(values):,}, at most {max(values):,} a {_slot_words(report)}"
            for host, values in rows[:8]
        )
        + ".",
        caption=(
            f"OOM reports of each host by {_slot_words(report)} (UTC), coloured more strongly"
            f" the more there were, up to {most:,}.{beyond}"
        ),
    )


def _short_host(host: str) -> str:
    """A host's name without its domain; an address is none without its end."""
    first = host.partition(".")[0]
    return host if first.isdigit() else first


def _heat(value: int, most: int) -> str:
    """A step of four, each half of the next: what is rare can still be told from nothing."""
    for steps, colour in ((2, "heat-4"), (4, "heat-3"), (8, "heat-2")):
        if value * steps >= most:
            return colour
    return "heat-1"


_NAME_WIDTH, _LINE, _COUNT_WIDTH = 118, 26, 92


def trends(report: FleetReport) -> Figure | None:
    """A small curve of kills for each of the first victims; None without any."""
    shown = [victim for victim in report.victims.rows if victim.trend]
    if not shown:
        return None
    canvas, axes = blank(_LINE * len(shown) + 16)
    room = WIDTH - _NAME_WIDTH - _COUNT_WIDTH
    before = len(shown[0].trend) - len(report.slots)
    size = _groups(len(shown[0].trend))
    for number, victim in enumerate(shown):
        bottom = (number + 1) * _LINE - 4
        values = _grouped(victim.trend, size)
        most, step = max(values), room / len(values)
        label(axes, 0, bottom - 4, fitting(victim.name or "(no name)", 18))
        for position, value in enumerate(values):
            left = _NAME_WIDTH + position * step
            colour = "rest" if position * size < before else "victim"
            height = value / most * (_LINE - 8)
            bar(axes, left, bottom - height, step * 0.85 if value else 0, height, colour)
        bar(axes, _NAME_WIDTH, bottom, room, 0.8, "line")
        text = f"{victim.kills:,} ({victim.kills_before:,})"
        tone = "bad" if victim.change == "worse" else "ink"
        label(axes, WIDTH, bottom - 4, text, colour=tone, side="right", is_bold=tone == "bad")
    divider = _NAME_WIDTH + before / len(shown[0].trend) * room
    bar(axes, divider - 0.4, 0, 0.8, _LINE * len(shown), "muted")
    y = _LINE * len(shown) + 10
    label(axes, divider - 4, y, "before", colour="muted", size=_SMALL, side="right")
    label(axes, divider + 4, y, "this period", colour="muted", size=_SMALL)
    return finished(
        canvas,
        name="figure-victims",
        title="Kills of the most killed process names over time",
        description="; ".join(
            f"{victim.name}: {victim.kills:,} kills, {victim.kills_before:,} in the period before"
            for victim in shown
        )
        + ".",
        caption=(
            "Kills over the period before and this one, each name on a scale of its own; on the"
            " right the kills of this period and, in brackets, of the one before."
        ),
        legend=(("rest", "the period before"), ("victim", "this period")),
    )


_HISTORY_HEIGHT = 90


def history(report: FleetReport, told: History, number: int) -> Figure:
    """The memory that a victim held at each of its kills."""
    deaths = told.deaths.rows
    most = max(max(death.rss_kb for death in deaths), 1)
    canvas, axes = blank(_HISTORY_HEIGHT + 40)
    top, bottom = 22.0, 22.0 + _HISTORY_HEIGHT
    label(axes, 0, 12, fitting(told.comm or "(no name)", 30), is_bold=True)
    label(axes, WIDTH, 12, f"up to {kb_and_gib(most)}", colour="muted", size=_SMALL, side="right")
    begin, end = report.before.since, report.period.until
    length = (end - begin).total_seconds()
    for y in (top, bottom):
        bar(axes, 0, y - 0.4, WIDTH, 0.8, "line")
    divider = (report.period.since - begin).total_seconds() / length * WIDTH
    bar(axes, divider - 0.4, top, 0.8, _HISTORY_HEIGHT, "muted")
    for death in deaths:
        x = (death.occurred_at - begin).total_seconds() / length * WIDTH
        y = bottom - death.rss_kb / most * _HISTORY_HEIGHT
        colour = "rest" if death.occurred_at < report.period.since else "victim"
        bar(axes, x - 0.4, y, 0.8, bottom - y, "low")
        bar(axes, x - 2, y - 2, 4, 4, colour)
    for x, text, side in (
        (0.0, f"{begin:%m-%d}", "left"),
        (divider, f"{report.period.since:%m-%d}", "center"),
        (float(WIDTH), f"{end:%m-%d}", "right"),
    ):
        label(axes, x, bottom + 13, text, colour="muted", size=_SMALL, side=side)
    least = min(death.rss_kb for death in deaths)
    last = deaths[-1]
    shown = f"the last {len(deaths):,} of {told.deaths.total:,} kills"
    if not told.deaths.left_out:
        shown = plural(len(deaths), "kill")
    return finished(
        canvas,
        name=f"figure-history-{number}",
        title=f"Resident memory of {told.comm} at each kill",
        description=(
            f"{shown}: {kb_and_gib(least)} to {kb_and_gib(most)}; the last one"
            f" {kb_and_gib(last.rss_kb)}."
        ),
        caption=f"Resident memory of {told.comm} when it was killed: {shown}.",
    )
