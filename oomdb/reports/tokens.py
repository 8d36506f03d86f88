"""A token: what the cutter cuts, one line of a log or several mended into one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oomdb.carriers.line import KernelLine
    from oomdb.grammar import LineKind, Understood


@dataclass(slots=True)
class Token:
    """One line of a log, or several mended into one, and the kind that took it.

    `understood` is None when no kind took it. `mends` holds the damage words of the
    mends that were needed, `rest` the end of a clipped line that was not understood,
    `previous` the kind of the line before. `drafts` are the
    ways in which pieces that do not fit yet may belong together.
    """

    lines: list[KernelLine]
    text: str
    understood: Understood | None
    mends: frozenset[str] = frozenset()
    rest: str = ""
    previous: str | None = None
    drafts: tuple[str, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> LineKind | None:
        """The kind that took the text, or None."""
        return self.understood.kind if self.understood else None

    @property
    def first(self) -> KernelLine:
        """The first of its lines, which carries the stamp."""
        return self.lines[0]
