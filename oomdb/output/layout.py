"""Rows of text on a screen: a table where it fits, else one record below the other."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING

from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.output.cells import Column

#: Rows that decide the widths; later rows are wrapped into them.
_MEASURED_ROWS = 1000
_GAP = "  "
#: Columns of text are squeezed to their longest word, but not below or above this, in cells.
_LEAST_TEXT_WIDTH = 12
_LONGEST_WORD = 24


def table(
    columns: Sequence[Column], rows: Iterable[tuple[str, ...]], width: int, *, bold: bool = False
) -> Iterator[str]:
    """Lines of at most `width` cells that show `rows` of printable text under their names.

    Columns stand side by side, wrapped where needed; when even that does not fit, every
    row becomes a record with one `name  value` line for each column. Nothing is cut off.
    `bold` marks the names.
    """
    names = [terminal.printable(column.name) for column in columns]
    following = iter(rows)
    measured = list(islice(following, _MEASURED_ROWS))
    widths = _fitting_widths(columns, names, measured, width)
    every_row = chain(measured, following)
    if widths is None:
        yield from _records(names, every_row, width, bold=bold)
    else:
        yield from _grid(columns, names, widths, every_row, bold=bold)


def _pieces(name: str) -> list[str]:
    """The pieces of a name that may stand below each other: it breaks after underscores."""
    return re.findall(r"[^_]*_+|[^_]+", name) or [name]


def _stacked(name: str, width: int) -> list[str]:
    """`name` in lines of at most `width` cells, broken after underscores where possible."""
    lines = [""]
    for piece in _pieces(name):
        if terminal.cell_width(lines[-1] + piece) <= width or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece)
    return list(chain.from_iterable(terminal.wrap(line, width) for line in lines))


def _fitting_widths(
    columns: Sequence[Column], names: Sequence[str], rows: Sequence[tuple[str, ...]], width: int
) -> list[int] | None:
    """A width for each column so that all fit; None when they cannot."""
    room = width - len(_GAP) * (len(names) - 1)
    least, named, wanted = [], [], []
    for at, (column, name) in enumerate(zip(columns, names, strict=True)):
        cells = [row[at] for row in rows]
        widest = max(map(terminal.cell_width, cells), default=0)
        squeezed = widest if column.is_number else _squeezed(cells, widest)
        least.append(max(squeezed, *map(terminal.cell_width, _pieces(name))))
        named.append(max(least[-1], terminal.cell_width(name)))
        wanted.append(max(named[-1], widest))
    if sum(wanted) <= room:
        return wanted
    if sum(least) > room:
        return None
    return _widened(_widened(least, named, room), wanted, room)


def _squeezed(cells: Sequence[str], widest: int) -> int:
    """The least width for a column of text: words of ordinary length stay whole."""
    words = chain.from_iterable(cell.split(" ") for cell in cells)
    longest = max(map(terminal.cell_width, words), default=0)
    return min(widest, max(min(longest, _LONGEST_WORD), _LEAST_TEXT_WIDTH))


def _widened(widths: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """`widths` brought nearer to `wanted` with what they leave of `room`, in fair shares.

    Who needs less than a fair share gets all of it, so that only long text is wrapped.
    """
    widened = list(widths)
    left = room - sum(widths)
    by_need = sorted(range(len(widened)), key=lambda at: wanted[at] - widened[at])
    for position, at in enumerate(by_need):
        given = min(wanted[at] - widened[at], left // (len(by_need) - position))
        widened[at] += given
        left -= given
    return widened


def _grid(
    columns: Sequence[Column],
    names: Sequence[str],
    widths: Sequence[int],
    rows: Iterable[tuple[str, ...]],
    *,
    bold: bool,
) -> Iterator[str]:
    def lines(pieces: list[list[str]], *, bottom: bool = False) -> Iterator[str]:
        height = max(map(len, pieces), default=0)
        for number in range(height):
            parts = []
            for column, piece, width in zip(columns, pieces, widths, strict=True):
                at = number - (height - len(piece)) if bottom else number
                text = piece[at] if 0 <= at < len(piece) else ""
                parts.append(terminal.pad(text, width, right=column.is_number))
            yield _GAP.join(parts).rstrip(" ")

    heading = [_stacked(name, width) for name, width in zip(names, widths, strict=True)]
    for line in lines(heading, bottom=True):
        yield f"\x1b[1m{line}\x1b[0m" if bold else line
    yield _GAP.join("-" * width for width in widths)
    for row in rows:
        yield from lines(
            [terminal.wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        )


def _records(
    names: Sequence[str], rows: Iterable[tuple[str, ...]], width: int, *, bold: bool
) -> Iterator[str]:
    name_width = max(map(terminal.cell_width, names))
    hanging = " " * (name_width + len(_GAP))
    room = width - len(hanging)
    for number, row in enumerate(rows, 1):
        title = f"-- row {number} "
        yield title + "-" * max(min(width, 80) - len(title), 0)
        for name, cell in zip(names, row, strict=True):
            label = terminal.pad(name, name_width)
            shown = f"\x1b[1m{label}\x1b[0m" if bold else label
            if room < _LEAST_TEXT_WIDTH:
                yield shown
                yield from terminal.wrap_indented(cell, width, "  ")
                continue
            first, *others = terminal.wrap(cell, room)
            yield (shown + _GAP + first).rstrip(" ")
            yield from (hanging + line for line in others)
