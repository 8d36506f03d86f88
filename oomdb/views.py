"""The saved queries: one fact a file, each a view of the same name.

The header comment of a file states the fact and then names every column:

    -- Each zone that the request could fall back to, in order.
    -- event_id: the event
    -- free_kb: free memory of the zone [kB]
    SELECT ...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from oomdb import resources

if TYPE_CHECKING:
    from pathlib import Path

_COLUMN = re.compile(r"([a-z][a-z0-9_]*): (.+)")
_COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True, slots=True)
class View:
    """A saved query: its fact in words, its columns with their meaning, its SELECT."""

    name: str
    layer: str
    fact: str
    columns: tuple[tuple[str, str], ...]
    sql: str


@cache
def load_views() -> tuple[View, ...]:
    """Every view, those that others read before them, else by name."""
    folder = resources.folder("queries")
    views = {view.name: view for path in sorted(folder.rglob("*.sql")) for view in [_read(path)]}
    words = {
        name: set(re.findall(r"\w+", _COMMENT.sub("", view.sql))) for name, view in views.items()
    }
    order = TopologicalSorter(
        {name: sorted((words[name] & views.keys()) - {name}) for name in sorted(views)}
    )
    return tuple(views[name] for name in order.static_order())


def _read(path: Path) -> View:
    fact: list[str] = []
    columns: list[tuple[str, str]] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    body = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    for line in lines[:body]:
        text = line.removeprefix("--").strip()
        column = _COLUMN.fullmatch(text)
        if column:
            columns.append((column[1], column[2]))
        elif columns and text:
            name, meaning = columns[-1]
            columns[-1] = (name, f"{meaning} {text}")
        elif text:
            fact.append(text)
    sql = "\n".join(lines[body:]).strip().rstrip(";")
    return View(path.stem, path.parent.name, " ".join(fact), tuple(columns), sql)
