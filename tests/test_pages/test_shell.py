"""What every page has in common: policy, colours, figures, escapes."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from typing import TYPE_CHECKING

import pytest

from oomdb.errors import OomdbError
from oomdb.pages import figures, palette, shell, svg, tables

if TYPE_CHECKING:
    from collections.abc import Callable
from tests.test_pages.pages import parsed


def drawn(draw: Callable[[object], None] | None = None, name: str = "f") -> figures.Figure:
    canvas, axes = figures.blank(40)
    figures.bar(axes, 0, 0, 100, 10, "free")
    figures.label(axes, 400, 30, "a < b", colour="bad", side="right", is_bold=True)
    if draw is not None:
        draw(axes)
    return figures.finished(canvas, name=name, title="T", description="D", caption="C")


def test_the_policy_names_what_the_page_holds() -> None:
    policy = shell.policy()
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy
    for kind, held in (("style", shell.style()), ("script", shell.script())):
        digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
        assert f"</{kind}" not in held


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


TEXT_COLOURS = ("ink", "muted", "link", "bad", "warn", "good")
HEAT = tuple(name for name in palette.COLOURS if name.startswith("heat-"))
FILLS = ("anon", "shmem", "file", "locked", "slab", "tables", "kernel", "huge", "compressed")


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(scheme: int) -> None:
    def colour(name: str) -> str:
        return palette.COLOURS[name][scheme]

    pairs = [(name, ground) for name in TEXT_COLOURS for ground in ("ground", "surface")]
    pairs += [(name, "mark") for name in ("ink", "bad", "link")]
    pairs += [("ink", name) for name in HEAT]
    pairs += [("on-fill", name) for name in (*FILLS, "outside", "spare", "reserved", "unknown")]
    weak = [pair for pair in pairs if contrast(colour(pair[0]), colour(pair[1])) < 4.5]
    assert weak == []


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_bars_are_seen_on_the_ground(scheme: int) -> None:
    shown = ("free", "refused", "granted", "min", "reserve", "bar", "victim", "rest", *FILLS)
    ground = palette.COLOURS["ground"][scheme]
    assert [n for n in shown if contrast(palette.COLOURS[n][scheme], ground) < 3] == []


def test_a_figure_has_no_style_and_no_colour_of_its_own() -> None:
    markup = drawn().markup
    assert 'class="f-free"' in markup
    assert "a &lt; b" in markup
    assert not re.search(r"style=|#[0-9a-f]{6}|xmlns|font-family|<g\b", markup)
    assert len(markup) < 600


def test_the_same_figure_has_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    first = drawn()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert drawn() == first


def test_text_of_a_figure_is_no_formula() -> None:
    def hostile(axes: object) -> None:
        figures.label(axes, 0, 10, "$\\frac{$ \u202e\x1b[31m\ud800 漢字")  # type: ignore[arg-type]

    markup = drawn(hostile).markup
    assert "$\\frac{$ \\xe2\\x80\\xae\\x1b[31m\\ud800 漢字" in markup


def test_ids_that_a_plot_needs_are_its_own() -> None:
    """Lines are clipped by matplotlib, and clips are found by their ids."""

    def line(axes: object) -> None:
        axes.plot([0, 100], [0, 30], color=palette.paint("bad"))  # type: ignore[attr-defined]

    one, other = drawn(line, "one").markup, drawn(line, "other").markup
    assert 'clip-path="url(#one-0)"' in one
    assert 'id="one-0"' in one
    assert 'class="s-bad"' in one
    assert one.replace("one-", "other-") == other
    parsed(f"<!DOCTYPE html><title>t</title>{one}{other}")


def test_rectangles_and_rotations_are_short() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9pt"><g id="a">'
        '<path d="M 1.04 2 \nL 3.96 2 \nL 3.96 4 \nL 1.04 4 \nz\n" style="opacity: 0.5"/>'
        '<text style="font-size: 9px" transform="rotate(-0 1 2)">x</text></g></svg>'
    )
    assert svg.embedded(drawing, "n", "T", "D").partition("</desc>")[2] == (
        '<path d="M1 2H4V4H1z" opacity="0.5" /><text font-size="9">x</text></svg>'
    )


def test_long_names_are_cut_in_cells() -> None:
    assert figures.fitting("abcdef", 6) == "abcdef"
    assert figures.fitting("abcdefg", 6) == "abcde…"
    assert figures.fitting("漢字漢字", 6) == "漢字…"


def test_cells_of_tables() -> None:
    assert tables.as_cell(None) == tables.Cell(tables.ABSENT)
    assert tables.as_cell(12345) == tables.Cell("12,345")
    assert tables.as_cell("12345") == tables.Cell("12345")
    linked = tables.Cell("3", href="#L3")
    assert tables.as_cell(linked) is linked


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    import jinja2

    with pytest.raises(jinja2.UndefinedError):
        shell.render("incident.html")


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib.figure"])
def test_a_missing_package_is_named_with_its_cure(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    shell._environment.cache_clear()
    with pytest.raises(OomdbError, match=r"pip install 'oomdb\[report\]'"):
        if missing == "jinja2":
            shell.render("incident.html")
        else:
            figures.blank(10)
