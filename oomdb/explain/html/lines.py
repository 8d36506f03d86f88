"""The report's own lines on a page, and the links of facts to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from markupsafe import Markup

    from oomdb.explain.citations import Citations

#: Lines that a page shows of a long report.
_MOST_LINES = 900
_CITED = re.compile(r"\[lines? (?P<numbers>\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*)\]")
_RANGE = re.compile(r"(\d+)(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report; `text` is None for a gap of `skipped` lines before the next."""

    number: int
    text: str | None
    skipped: int = 0


def shown(raw: Sequence[str], cited: Citations, pids: Collection[int]) -> list[Line]:
    """The lines that the page shows: of a long report, not the rows of processes beyond `pids`.

    What is then still too much is cut at the end.
    """
    hidden: set[int] = set()
    if len(raw) > _MOST_LINES:
        for entry in cited.entries:
            if entry.kind == "task" and entry.pid not in pids:
                hidden.update(range(entry.first_line, entry.last_line + 1))
    kept = [number for number in range(1, len(raw) + 1) if number not in hidden][:_MOST_LINES]
    lines: list[Line] = []
    last = 0
    for number in [*kept, len(raw) + 1]:
        if number > last + 1:
            lines.append(Line(last + 1, None, number - last - 1))
        if number <= len(raw):
            lines.append(Line(number, raw[number - 1]))
        last = number
    return lines


def linked(text: str, present: Collection[int]) -> Markup:
    """`text` as markup, where `[lines 3, 24-26]` leads to each line or range that is `present`."""
    from markupsafe import Markup, escape

    def link(found: re.Match[str]) -> str:
        first = int(found[1])
        return f'<a href="#L{first}">{found[0]}</a>' if first in present else found[0]

    parts: list[str] = []
    end = 0
    for found in _CITED.finditer(text):
        parts.append(str(escape(terminal.printable(text[end : found.start()]))))
        start = found.start("numbers") - found.start()
        whole = found[0]
        numbers = _RANGE.sub(link, found["numbers"])
        tail = whole[start + len(found["numbers"]) :]
        parts.append(f'<span class="cited">{whole[:start]}{numbers}{tail}</span>')
        end = found.end()
    parts.append(str(escape(terminal.printable(text[end:]))))
    return Markup("".join(parts))
