"""A story kept in pieces, for whatever has a layout of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The indentation of ordinary paragraphs in text; what is deeper belongs to what is above it.
_ORDINARY = 3


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of the section that follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `is_below` where it belongs to the one above it."""

    text: str
    is_below: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A label with all that was said to it."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; each letter of `alignment` is `<` for text or `>` for numbers."""

    rows: tuple[tuple[str, ...], ...]
    alignment: str
    header: tuple[str, ...] | None
    view: str | None


Block = Heading | Paragraph | Field | Rows


class Blocks:
    """A page that keeps what it is told, in order; all texts are printable."""

    def __init__(self) -> None:
        self.told: list[Block] = []

    def heading(self, text: str) -> None:
        """Begin the next section."""
        self.told.append(Heading(terminal.printable(text)))

    def say(self, text: str, indent: int = _ORDINARY, hanging: int | None = None) -> None:
        """Keep a paragraph."""
        self.told.append(Paragraph(terminal.printable(text), indent > _ORDINARY))

    def field(self, label: str, text: str) -> None:
        """Keep a label with its text, or one more text of the label before."""
        shown, last = terminal.printable(text), self.told[-1] if self.told else None
        if not label and isinstance(last, Field):
            self.told[-1] = Field(last.label, (*last.texts, shown))
        else:
            self.told.append(Field(label, (shown,)))

    def blank(self) -> None:
        """Gaps are the layout's own concern."""

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
        """Keep a table."""
        printable = tuple(tuple(map(terminal.printable, row)) for row in rows)
        self.told.append(Rows(printable, alignment, header, view))
