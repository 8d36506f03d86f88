"""The picture of the free lists: zones by orders."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from oomdb import sizes
from oomdb.pages.figures import SMALL_TEXT_SIZE, WIDTH, bar, blank, finished, fitting, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from oomdb.explain.html.details import FreeBlocks
    from oomdb.pages.figures import Figure

_HEAD_HEIGHT = 34
_CELL_HEIGHT = 22
_ZONE_NAME_WIDTH = 92
#: Shares of a zone's free memory, in thousandths, from which on a cell has a stronger colour.
_STEPS = ((400, "heat-4"), (150, "heat-3"), (40, "heat-2"), (0, "heat-1"))


def free_blocks(blocks: Sequence[FreeBlocks]) -> Figure | None:
    """Zones by orders: how many blocks are free, and where most memory is; None without."""
    if not blocks:
        return None
    orders = sorted({block.alloc_order for block in blocks})
    places = [
        (node, zone, list(rows))
        for (node, zone), rows in groupby(blocks, key=lambda block: (block.node, block.zone))
    ]
    asked = blocks[0].request_order
    width = (WIDTH - _ZONE_NAME_WIDTH) / len(orders)
    canvas, axes = blank(_HEAD_HEIGHT + _CELL_HEIGHT * len(places) + 4)
    _draw_heads(axes, {block.alloc_order: block.block_kb for block in blocks}, asked, width)
    for row, (node, zone, cells) in enumerate(places):
        top = _HEAD_HEIGHT + row * _CELL_HEIGHT
        label(axes, 0, top + 15, fitting(f"{node} {zone}", 15))
        for cell in cells:
            left = _ZONE_NAME_WIDTH + orders.index(cell.alloc_order) * width
            _draw_cell(axes, cell, left, top, width)
    if asked and asked in orders:
        left = _ZONE_NAME_WIDTH + orders.index(asked) * width
        for x in (left - 1, left + width - 1):
            bar(axes, x, 0, 1.5, _HEAD_HEIGHT + _CELL_HEIGHT * len(places), "bad")
    caption = "Free blocks of each size, coloured more strongly where more of the free memory is."
    if asked == 0:
        caption += " One page was asked for: every block serves."
    elif asked is not None:
        caption += f" Between the lines: order {asked}, which was asked for; only it and what is"
        caption += " right of it serves."
    return finished(
        canvas,
        name="figure-blocks",
        title="Free blocks of each zone by order",
        description="; ".join(_blocks_told(*place) for place in places) + ".",
        caption=caption,
    )


def _draw_heads(
    axes: Axes, sizes_kb: dict[int, int | None], asked: int | None, width: float
) -> None:
    """Above each column its order and the size of a block; `sizes_kb` by order."""
    for y, text in ((12, "order"), (26, "block")):
        label(axes, 0, y, text, colour="muted", size=SMALL_TEXT_SIZE)
    for column, (order, size_kb) in enumerate(sorted(sizes_kb.items())):
        middle = _ZONE_NAME_WIDTH + (column + 0.5) * width
        is_asked = order == asked and order > 0
        tone = "bad" if is_asked else "muted"
        shown = "" if size_kb is None else sizes.written(size_kb << 10)
        draw = partial(label, axes, middle, colour=tone, size=SMALL_TEXT_SIZE, side="center")
        draw(12, str(order), is_bold=is_asked)
        draw(26, shown, is_bold=is_asked)


def _draw_cell(axes: Axes, cell: FreeBlocks, left: float, top: float, width: float) -> None:
    count = cell.free_blocks
    if count:
        share = cell.free_thousandths or 0
        colour = next(name for least, name in _STEPS if share >= least)
        bar(axes, left, top, width - 1, _CELL_HEIGHT - 1, colour)
    text = "?" if count is None else _short_count(count)
    tone = "ink" if count else "muted"
    middle = left + (width - 1) / 2
    label(axes, middle, top + 15, text, colour=tone, size=SMALL_TEXT_SIZE, side="center")


def _short_count(count: int) -> str:
    """A count in at most four characters, or nearly."""
    for unit, letter in ((10**6, "M"), (10**3, "k")):
        if count >= 10 * unit:
            return f"{count // unit}{letter}"
        if count >= unit:
            return f"{count / unit:.1f}{letter}".replace(".0", "")
    return str(count)


def _blocks_told(node: int, zone: str, cells: Sequence[FreeBlocks]) -> str:
    largest = max((cell.alloc_order for cell in cells if cell.free_blocks), default=None)
    if largest is None:
        return f"node {node} {zone}: no free block"
    return f"node {node} {zone}: largest free block of order {largest}"
