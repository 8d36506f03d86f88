"""Templates to whole documents: what every page has in common."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import __version__
from oomdb.output import terminal
from oomdb.pages import palette
from oomdb.pages.extra import needed
from oomdb.pages.tables import as_cell

if TYPE_CHECKING:
    import jinja2

_FOLDER = Path(__file__).parent


def render(template: str, **context: object) -> str:
    """The template of that name below `templates/`, filled: one whole HTML document.

    Text of `context` is escaped and made printable where it is printed. A name that the
    context lacks is an error. OomdbError where jinja2 is missing.
    """
    return _environment().get_template(template).render(context)


@cache
def style() -> str:
    """The stylesheet of every page."""
    return palette.style_rules() + (_FOLDER / "style.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """The script of every page: sorting, and opening what a link leads to."""
    return (_FOLDER / "page.js").read_text(encoding="utf-8")


def policy() -> str:
    """The Content-Security-Policy: nothing is fetched, only this style and script apply."""
    return (
        f"default-src 'none'; style-src '{_digest(style())}'; script-src '{_digest(script())}';"
        # The empty icon, so that no browser asks a server for one.
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    """The source expression for an inline element that holds `text`."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> jinja2.Environment:
    with needed():
        import jinja2
        from markupsafe import Markup

    def shown(value: object) -> object:
        """What may be printed: markup as it is, of all else the printable text."""
        return value if isinstance(value, Markup) else terminal.printable(str(value))

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        style=Markup(style()), script=Markup(script()), policy=policy(), version=__version__
    )
    environment.filters["cell"] = as_cell
    # For text in lines, whose line breaks and tabs stay.
    environment.filters["in_lines"] = lambda text: Markup(
        "\n".join(str(Markup.escape(_tabbed(line))) for line in text.split("\n"))
    )
    environment.filters["figure_markup"] = Markup
    return environment


def _tabbed(line: str) -> str:
    return "\t".join(map(terminal.printable, line.split("\t")))
