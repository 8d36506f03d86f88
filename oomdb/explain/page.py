"""Sentences and numbers for a person: what a story is told to, and the same as wrapped text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

_KB_PER_GIB = 1024 * 1024
_BEFORE_UNIT = re.compile(
    r"(?<=[0-9]) (?=kB|GiB|pages?\b)| (?=x [0-9])|(?<=x) (?=[0-9])"
    r"|(?<=[0-9]) (?=%)|(?<=\[line) (?=[0-9])|(?<=\[lines) (?=[0-9])"
)
_NO_BREAK = "\N{NO-BREAK SPACE}"
#: Where the text of a labelled line begins.
_LABEL_WIDTH = 8
#: A wrapped column of a table is not narrower, even if the line gets longer for it.
_LEAST_WIDTH = 12


def number(value: int) -> str:
    """`value` with thousands separators."""
    return f"{value:,}"


def kb(value: int | None) -> str:
    """`value` kB in words; unknown when it is None."""
    return "unknown" if value is None else f"{value:,} kB"


def percent(thousandths: int) -> str:
    """Thousandths as a percentage with one place."""
    return f"{thousandths / 10:.1f} %"


def kb_and_gib(value: int) -> str:
    """`value` kB, from 1 GiB up with the GiB in brackets."""
    if value < _KB_PER_GIB:
        return kb(value)
    return f"{value:,} kB ({value / _KB_PER_GIB:.1f} GiB)"


def named(comm: str | None, pid: int | None) -> str:
    """A process as a person names it."""
    name = "a process of unknown name" if comm is None else (comm or "a process without a name")
    return name if pid is None else f"{name} (pid {pid})"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`count` with the right form of its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


class Page(Protocol):
    """What the sections of a story are told to, whatever becomes of them."""

    def heading(self, text: str) -> None:
        """Begin the next section."""

    def say(self, text: str, indent: int = 3, hanging: int | None = None) -> None:
        """A paragraph; in text, lines after the first are indented by `hanging`."""

    def field(self, label: str, text: str) -> None:
        """A paragraph with a label; one without belongs to the label before it."""

    def blank(self) -> None:
        """A gap."""

    def table(
        self,
        rows: Sequence[tuple[str, ...]],
        alignment: str,
        indent: int = 5,
        gap: str = "  ",
        *,
        header: tuple[str, ...] | None = None,
        view: str | None = None,
    ) -> None:
        """Rows in columns, each `<` left or `>` right, below the names in `header`.

        `view` names the view of which they are an excerpt, where a page may show more of it.
        """


class TextPage:
    """Lines of at most `width` cells, free of anything that a terminal would obey."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self._sections = 0

    def heading(self, text: str) -> None:
        """Begin the next numbered section."""
        self._sections += 1
        self.lines += ["", f"{self._sections}. {text}"]

    def say(self, text: str, indent: int = 3, hanging: int | None = None) -> None:
        """A paragraph; lines after the first are indented by `hanging`.

        A number and its unit stay on one line.
        """
        together = _BEFORE_UNIT.sub(_NO_BREAK, terminal.printable(text))
        later = None if hanging is None else " " * hanging
        lines = terminal.wrap_indented(together, self.width, " " * indent, later)
        self.lines += [line.replace(_NO_BREAK, " ") for line in lines]

    def field(self, label: str, text: str) -> None:
        """A paragraph beside a label in a column of its own."""
        start = len(self.lines)
        self.say(text, indent=_LABEL_WIDTH)
        self.lines[start] = label.ljust(_LABEL_WIDTH) + self.lines[start][_LABEL_WIDTH:]

    def blank(self) -> None:
        """An empty line."""
        self.lines.append("")

    def table(
        self,
        rows: Sequence[tuple[str, ...]],
        alignment: str,
        indent: int = 5,
        gap: str = "  ",
        *,
        header: tuple[str, ...] | None = None,
        view: str | None = None,
    ) -> None:
        """Rows in columns, each `<` left or `>` right; what is last and left is wrapped."""
        lines = [*([header] if header else []), *rows]
        cells = [[terminal.printable(cell) for cell in row] for row in lines]
        widths = [max(map(terminal.cell_width, column)) for column in zip(*cells, strict=True)]
        if alignment.endswith("<"):
            room = self.width - indent - sum(widths[:-1]) - len(gap) * (len(widths) - 1)
            widths[-1] = max(room, _LEAST_WIDTH)
        for row in cells:
            *heads, last = (
                terminal.pad(cell, width, right=side == ">")
                for cell, width, side in zip(row, widths, alignment, strict=True)
            )
            head = " " * indent + "".join(cell + gap for cell in heads)
            first, *others = terminal.wrap(last, widths[-1])
            self.lines.append((head + first).rstrip())
            self.lines += [" " * terminal.cell_width(head) + line for line in others]
