"""Where a lake is: a folder, or the URL of an object store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from oomdb.errors import UsageError

#: The one file of a lake that is ever replaced; it names all others.
MANIFEST = "oomdb-lake.json"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake by the absolute path of its folder, or by a URL that fsspec takes."""

    where: str

    def __str__(self) -> str:
        return self.where

    @property
    def folder(self) -> Path | None:
        """The folder, when it is one of this machine's file system."""
        return None if _URL.match(self.where) else Path(self.where)


def lake_named(text: str | Path) -> Lake:
    """The lake that a text names, whether there is one or not."""
    if not str(text).strip():
        raise UsageError("the name of the lake is empty")
    text = str(text)
    if text.lower().startswith("file://"):
        text = text[len("file://") :]
    return Lake(text.rstrip("/") if _URL.match(text) else str(Path(text).absolute()))


def lake_at(place: Path | Lake) -> Lake | None:
    """The lake at a place; None when that is something else, such as a database file."""
    if isinstance(place, Lake):
        return place
    return lake_named(place) if (place / MANIFEST).is_file() else None
