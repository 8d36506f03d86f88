"""Figures by matplotlib, in the page's style: axes to draw on, and the finished SVG."""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oomdb.output import terminal
from oomdb.pages import svg
from oomdb.pages.extra import needed
from oomdb.pages.palette import paint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

#: Units of length are those of the drawing: a phone shows one as a little less than a pixel.
WIDTH = 400
TEXT_SIZE = 11
SMALL_TEXT_SIZE = 9.5

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "oomdb",
    "path.simplify": False,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "font.size": TEXT_SIZE,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture for the macro `figure`.

    `markup` is an SVG with the title and description that screen readers tell; `caption` is
    shown below it, after `legend`: pairs of a colour's name and what it stands for.
    """

    name: str
    markup: str
    caption: str
    legend: tuple[tuple[str, str], ...] = ()


#: A canvas that was used before: its axes take longer to make than most pictures to draw.
_spare: list[Canvas] = []


@contextmanager
def _settings() -> Iterator[None]:
    """Matplotlib's own settings and ours: no file of a user's may change a page's bytes."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def blank(height: float, width: float = WIDTH) -> tuple[Canvas, Axes]:
    """A canvas and axes that fill it: one unit of data is one of length, y grows downwards.

    For a plot with scales of its own, set the axes' position and limits anew. OomdbError
    where matplotlib is missing.
    """
    # It tells of its caches and folders, which are no concern of who wants a page.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with needed():
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Canvas
    if _spare:
        canvas = _spare.pop()
        canvas.set_size_inches(width / 72, height / 72)
    else:
        with _settings():
            canvas = Canvas(figsize=(width / 72, height / 72), dpi=72)
            FigureCanvasSVG(canvas)
            canvas.patch.set_visible(False)
            canvas.add_axes((0, 0, 1, 1))
    (axes,) = canvas.axes
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return canvas, axes


def bar(axes: Axes, left: float, top: float, width: float, height: float, colour: str) -> None:
    """A filled bar; nothing where it would have no width."""
    from matplotlib.patches import Rectangle

    if width > 0:
        # Axes.barh() would find new limits for the axes each time, which takes longer than all
        # the rest.
        shape = Rectangle((left, top), width, height, color=paint(colour), linewidth=0)
        shape.set_clip_on(False)
        axes.add_artist(shape)


def label(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    colour: str = "ink",
    size: float = TEXT_SIZE,
    side: str = "left",
    is_bold: bool = False,
) -> None:
    """Text on the base line `y`, `x` at its `side` (left, center, right); printed as it is."""
    axes.text(
        x,
        y,
        terminal.printable(text),
        color=paint(colour),
        fontsize=size,
        ha=side,
        va="baseline",
        fontweight="bold" if is_bold else "normal",
        parse_math=False,
        clip_on=False,
    )


def finished(
    canvas: Canvas,
    *,
    name: str,
    title: str,
    description: str,
    caption: str,
    legend: tuple[tuple[str, str], ...] = (),
) -> Figure:
    """The drawn canvas as a figure; `name` is unique in the page, `description` says what it shows.

    The same drawing gives the same bytes. The canvas is empty then, and used again.
    """
    written = io.StringIO()
    # A font without a letter does not matter: the reader's browser sets the text.
    with _settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas.savefig(written, format="svg", metadata=nothing)
    (axes,) = canvas.axes
    for drawn in (*axes.patches, *axes.texts, *axes.artists, *axes.lines, *axes.collections):
        drawn.remove()
    axes.set_position((0, 0, 1, 1))
    if not _spare:
        _spare.append(canvas)
    markup = svg.embedded(written.getvalue(), name, title, description)
    return Figure(name, markup, caption, legend)


def fitting(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, its end replaced by an ellipsis where it is longer."""
    shown = terminal.printable(text)
    if terminal.cell_width(shown) <= cells:
        return shown
    return terminal.split_cells(shown, cells - 1)[0] + "…"
