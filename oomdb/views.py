"""The saved queries: one fact a file, each a view of the same name.

The header comment of a file states the fact and then names every column:

    -- Each zone that the request could fall back to, in order.
    -- stored: by event
    -- event_id: the event
    -- free_kb: free memory of the zone [kB]
    SELECT ...

The line `stored:` is there where the database keeps the rows; `oomdb.store.facts` tells how.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from oomdb import resources

if TYPE_CHECKING:
    from pathlib import Path

_COLUMN = re.compile(r"([a-z][a-z0-9_]*): (.+)")
_STORED = re.compile(r"stored: (by event|whole|beside)(?: (\w+))?")
_COMMENT = re.compile(r"--[^\n]*")


class Storage(Enum):
    """What a database keeps of a view's rows."""

    NONE = "none"
    BY_EVENT = "by event"
    BESIDE = "beside"  # in columns of a table that has one row for each of the view's
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class View:
    """A saved query: its fact in words, its columns with their meaning, its SELECT.

    `beside` names the table whose rows hold the view's columns, for that storage.
    """

    name: str
    layer: str
    fact: str
    columns: tuple[tuple[str, str], ...]
    sql: str
    storage: Storage = Storage.NONE
    beside: str = ""

    @property
    def code(self) -> str:
        """The SELECT without its comments."""
        return _COMMENT.sub("", self.sql)


@cache
def load_views() -> tuple[View, ...]:
    """Every view, those that others read before them, else by name."""
    folder = resources.folder("queries")
    views = {view.name: view for path in sorted(folder.rglob("*.sql")) for view in [_read(path)]}
    words = {name: set(re.findall(r"\w+", view.code)) for name, view in views.items()}
    order = TopologicalSorter(
        {name: sorted((words[name] & views.keys()) - {name}) for name in sorted(views)}
    )
    return tuple(views[name] for name in order.static_order())


def _read(path: Path) -> View:
    fact: list[str] = []
    columns: list[tuple[str, str]] = []
    storage, beside = Storage.NONE, ""
    lines = path.read_text(encoding="utf-8").splitlines()
    body = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    for line in lines[:body]:
        text = line.removeprefix("--").strip()
        stored, column = _STORED.fullmatch(text), _COLUMN.fullmatch(text)
        if stored:
            storage, beside = Storage(stored[1]), stored[2] or ""
        elif column:
            columns.append((column[1], column[2]))
        elif columns and text:
            name, meaning = columns[-1]
            columns[-1] = (name, f"{meaning} {text}")
        elif text:
            fact.append(text)
    sql = "\n".join(lines[body:]).strip().rstrip(";")
    return View(path.stem, path.parent.name, " ".join(fact), tuple(columns), sql, storage, beside)
