"""The pictures of one event in bars: zones, limits, memory, processes, ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import sizes
from oomdb.explain import page as words
from oomdb.pages.figures import SMALL_TEXT_SIZE, WIDTH, bar, blank, finished, fitting, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from oomdb.explain.cgroup import Usage
    from oomdb.explain.html.details import Process, Ranked
    from oomdb.explain.memory import Part
    from oomdb.explain.zones import Fallback
    from oomdb.pages.figures import Figure

# Zones: for each a line of words above two bars.
_ZONE_HEIGHT = 50
_BAR_HEIGHT = 11
#: No bar reaches the edge, so that its end is seen.
_FULL_WIDTH = WIDTH * 0.97


def zones(fallbacks: Sequence[Fallback]) -> Figure | None:
    """For each zone its free memory above what the request needed; None where nothing is known."""
    if all(_free(zone) is None or zone.min_kb is None for zone in fallbacks):
        return None
    canvas, axes = blank(_ZONE_HEIGHT * len(fallbacks))
    told = [
        _draw_zone(axes, zone, position * _ZONE_HEIGHT) for position, zone in enumerate(fallbacks)
    ]
    colours = {"free", "min", "low", "high"} | {_colour_above_min(zone) for zone in fallbacks}
    if any(zone.reserve_kb for zone in fallbacks):
        colours.add("reserve")
    return finished(
        canvas,
        name="figure-zones",
        title="Free memory of each zone against what the request needed",
        description="; ".join(told) + ".",
        caption=(
            "Upper bar: what is free. Lower bar: what the zone keeps back at min, with the reserve"
            " on top, then the steps to low and high. A request is granted only where the upper"
            " bar passes the upright line. Each zone has a scale of its own."
        ),
        legend=tuple((colour, said) for colour, said in _ZONE_LEGEND if colour in colours),
    )


_ZONE_LEGEND = (
    ("free", "free, below the zone's own min"),
    ("refused", "free but refused"),
    ("granted", "free and usable"),
    ("min", "min"),
    ("reserve", "lowmem_reserve"),
    ("low", "to low"),
    ("high", "to high"),
)


def _free(zone: Fallback) -> int | None:
    """What counts as free for the request."""
    return zone.free_kb if zone.usable_free_kb is None else zone.usable_free_kb


def _colour_above_min(zone: Fallback) -> str | None:
    """The colour of what is free above the zone's own min; None where nothing is."""
    free = _free(zone)
    if free is None or zone.min_kb is None or free <= zone.min_kb:
        return None
    return "granted" if zone.verdict == "usable" else "refused"


def _draw_zone(axes: Axes, zone: Fallback, top: float) -> str:
    """One zone from `top` on; what it shows, in words."""
    name = f"Node {zone.node} {zone.zone}"
    free = _free(zone)
    label(axes, 0, top + 13, name, is_bold=True)
    said, tone = _zone_words(zone, free)
    label(axes, WIDTH, top + 13, said, colour=tone, side="right", is_bold=True)
    if free is None or zone.min_kb is None:
        return f"{name}: {said}"
    reserve = zone.reserve_kb or 0
    least, needed = zone.min_kb, zone.min_kb + reserve
    low = max((zone.needed_low_kb or needed) - needed, 0)
    high = max((zone.needed_high_kb or needed) - needed - low, 0)
    unit = _FULL_WIDTH / max(free, needed + low + high, 1)
    own = min(max(free, 0), least)
    _stack(
        axes,
        top + 18,
        unit,
        (own, "free"),
        (free - own, _colour_above_min(zone) or "free"),
    )
    _stack(
        axes,
        top + 18 + _BAR_HEIGHT + 1,
        unit,
        (least, "min"),
        (reserve, "reserve"),
        (low, "low"),
        (high, "high"),
    )
    bar(axes, needed * unit - 0.75, top + 16, 1.5, 2 * _BAR_HEIGHT + 5, "ink")
    return f"{name}: {said}, {words.kb(least)} min and {words.kb(reserve)} reserve"


def _zone_words(zone: Fallback, free_kb: int | None) -> tuple[str, str]:
    """The verdict beside the zone's name, and its tone."""
    if free_kb is None:
        return "free memory not printed", "muted"
    free = f"{free_kb:,} kB free"
    match zone.verdict:
        case "reserve_blocked":
            return f"{free}, but refused: {words.kb(zone.short_min_kb)} short", "bad"
        case "below_watermark":
            return f"{free}: {words.kb(zone.short_min_kb)} short", "bad"
        case "no_block_of_order":
            return f"{free}, in pieces too small", "bad"
        case "usable" if zone.usable_reason == "refused_at_high":
            return f"{free}: enough at min, not at high", "warn"
        case "usable":
            return f"{free}: enough", "good"
        case _:
            return f"{free}; verdict unknown", "muted"


def _stack(axes: Axes, top: float, unit: float, *parts: tuple[float, str]) -> None:
    left = 0.0
    for size, colour in parts:
        bar(axes, left, top, size * unit, _BAR_HEIGHT, colour)
        left += max(size, 0) * unit


def limits(usages: Iterable[Usage]) -> Figure | None:
    """A cgroup's usage of each resource against its limit; None where no limit is printed."""
    shown = [usage for usage in usages if usage.usage_kb is not None and usage.limit_kb]
    if not shown:
        return None
    canvas, axes = blank(38 * len(shown))
    told = []
    for position, usage in enumerate(shown):
        top, used, limit = position * 38, usage.usage_kb or 0, usage.limit_kb or 1
        is_full = used >= limit
        unit = _FULL_WIDTH / max(used, limit)
        said = f"{used:,} of {words.kb(limit)}{', full' if is_full else ''}"
        label(axes, 0, top + 13, usage.resource, is_bold=True)
        tone = "bad" if is_full else "ink"
        label(axes, WIDTH, top + 13, said, colour=tone, side="right", is_bold=is_full)
        bar(axes, 0, top + 18, limit * unit, 14, "high")
        bar(axes, 0, top + 18, used * unit, 14, "refused" if is_full else "free")
        bar(axes, limit * unit - 0.75, top + 16, 1.5, 18, "ink")
        told.append(f"{usage.resource}: {said}")
    return finished(
        canvas,
        name="figure-limits",
        title="Usage of the cgroup against its limits",
        description="; ".join(told) + ".",
        caption="The upright line is the limit.",
    )


#: The colour of each part of the view `memory_balance`; those without one are kernel memory.
PART_COLOURS = {
    "anon": "anon",
    "anon_and_file": "anon",
    "shmem": "shmem",
    "file": "file",
    "file_and_shmem": "file",
    "mlocked": "locked",
    "unevictable": "locked",
    "slab": "slab",
    "slab_reclaimable": "slab",
    "slab_unreclaimable": "slab",
    "page_tables": "tables",
    "hugetlb": "huge",
    "zspages": "compressed",
    "zswap": "compressed",
    "balloon": "outside",
    "gpu": "outside",
    "hwpoisoned": "outside",
    "free": "spare",
    "free_cma": "spare",
    "free_per_cpu": "spare",
    "reserved": "reserved",
    "unaccounted": "unknown",
}
_LEAST_NAMED_SHARE = 0.13
_MOST_NODES = 16


def part_colour(part: str) -> str:
    """The name of the part's colour."""
    return PART_COLOURS.get(part, "kernel")


def memory(scopes: Sequence[tuple[str, Sequence[Part]]], name: str, title: str) -> Figure | None:
    """One stacked bar for each scope (a name and its parts); None where nothing is known."""
    shown = [(scope, [part for part in parts if part.size_kb > 0]) for scope, parts in scopes]
    shown = [(scope, parts) for scope, parts in shown if parts][:_MOST_NODES]
    if not shown:
        return None
    canvas, axes = blank(56 * len(shown))
    told = []
    for position, (scope, parts) in enumerate(shown):
        top, total = position * 56, sum(part.size_kb for part in parts)
        label(axes, 0, top + 13, scope, is_bold=True)
        label(axes, WIDTH, top + 13, words.kb_and_gib(total), colour="muted", side="right")
        left = 0.0
        for part in parts:
            width = part.size_kb / total * WIDTH
            bar(axes, left, top + 18, width - 0.5, 28, part_colour(part.part))
            if part.size_kb / total >= _LEAST_NAMED_SHARE:
                middle = left + width / 2
                share = f"{part.size_kb / total:.0%}"
                text = fitting(part.part.replace("_", " "), max(int(width / 6), 4))
                label(
                    axes,
                    middle,
                    top + 30,
                    text,
                    colour="on-fill",
                    size=SMALL_TEXT_SIZE,
                    side="center",
                )
                label(
                    axes,
                    middle,
                    top + 41,
                    share,
                    colour="on-fill",
                    size=SMALL_TEXT_SIZE,
                    side="center",
                )
            left += width
        largest = ", ".join(f"{part.part} {part.size_kb / total:.0%}" for part in parts[:5])
        told.append(f"{scope}: {largest}")
    return finished(
        canvas,
        name=name,
        title=title,
        description="; ".join(told) + ".",
        caption="The largest part first; the table has the colours.",
    )


@dataclass(frozen=True, slots=True)
class _Bar:
    name: str
    value: int
    text: str
    colour: str


_NAME_CELLS = 24
_NAME_WIDTH = 148
_VALUE_WIDTH = 76
_LINE_HEIGHT = 18


def _bars(rows: Sequence[_Bar], *, name: str, title: str, caption: str, is_marked: bool) -> Figure:
    """Bars with names on the left and values on the right, the longest as long as fits."""
    canvas, axes = blank(_LINE_HEIGHT * len(rows) + 4)
    room = WIDTH - _NAME_WIDTH - _VALUE_WIDTH
    unit = room / max(max(row.value for row in rows), 1)
    for position, row in enumerate(rows):
        top, is_victim = position * _LINE_HEIGHT, row.colour == "victim"
        tone = "bad" if is_victim else "ink"
        text = fitting(row.name, _NAME_CELLS)
        label(axes, 0, top + 13, text, colour=tone, is_bold=is_victim)
        bar(axes, _NAME_WIDTH, top + 4, max(row.value * unit, 1), 11, row.colour)
        end = _NAME_WIDTH + max(row.value * unit, 1) + 5
        label(axes, end, top + 13, row.text, colour=tone, size=SMALL_TEXT_SIZE, is_bold=is_victim)
    return finished(
        canvas,
        name=name,
        title=title,
        description="; ".join(f"{row.name}: {row.text}" for row in rows[:5]) + ".",
        caption=caption,
        legend=(("victim", "killed"),) if is_marked else (),
    )


_MOST_PROCESSES = 15


def processes(everyone: Sequence[Process]) -> Figure | None:
    """The largest by resident memory, the victims, and all others together; None without any."""
    sized = [process for process in everyone if process.rss_kb is not None]
    if not sized:
        return None
    shown = [
        process
        for position, process in enumerate(sized)
        if position < _MOST_PROCESSES or process.is_victim
    ][: 2 * _MOST_PROCESSES]
    rows = [
        _Bar(
            _named(process.comm, process.pid),
            process.rss_kb or 0,
            sizes.shown((process.rss_kb or 0) << 10),
            "victim" if process.is_victim else "bar",
        )
        for process in shown
    ]
    left = len(sized) - len(shown)
    if left:
        kept = sum(row.value for row in rows)
        rest_kb = sum(process.rss_kb or 0 for process in sized) - kept
        rows.append(_Bar(f"all {left:,} others", rest_kb, sizes.shown(rest_kb << 10), "rest"))
    return _bars(
        rows,
        name="figure-processes",
        title="Resident memory of the largest processes",
        caption="Resident memory (rss); what processes share is counted for each of them.",
        is_marked=any(row.colour == "victim" for row in rows),
    )


_MOST_RANKED = 10


def ranking(everyone: Sequence[Ranked]) -> Figure | None:
    """The first of the ranking and the victims by badness; None where it is not known."""
    ranked = [process for process in everyone if process.badness_rank is not None]
    shown = [
        process
        for position, process in enumerate(ranked)
        if (position < _MOST_RANKED or process.is_victim) and process.points is not None
    ][: 2 * _MOST_RANKED]
    if not shown:
        return None
    rows = [
        _Bar(
            f"{process.badness_rank}. {_named(process.comm, process.pid)}",
            max(process.points or 0, 0),
            f"{process.points or 0:,}",
            "victim" if process.is_victim else "bar",
        )
        for process in shown
    ]
    return _bars(
        rows,
        name="figure-ranking",
        title="The kernel's ranking of whom to kill",
        caption="Badness in pages: who has most is killed.",
        is_marked=any(row.colour == "victim" for row in rows),
    )


def _named(comm: str | None, pid: int | None) -> str:
    name = comm or "(no name)"
    return name if pid is None else f"{name} {pid}"
