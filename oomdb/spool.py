"""Objects that wait their turn: a few in memory, many in a temporary file."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from oomdb import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Item = TypeVar("Item")

#: Objects that are kept in memory.
MOST_ITEMS = 8


class Spool(Generic[Item]):
    """A list that is written once and read once, in the same process or another.

    What it holds beyond `most_items` is in a temporary file, which is gone after it was read
    or closed. OomdbError when there is no room for it.
    """

    def __init__(self, most_items: int | None = None) -> None:
        self._most_items = MOST_ITEMS if most_items is None else most_items
        self._items: list[Item] = []
        self._path: Path | None = None

    def add(self, item: Item) -> None:
        """Keep one more object."""
        self._items.append(item)
        if len(self._items) > self._most_items:
            self._write()

    def _write(self) -> None:
        folder = scratch.folder()
        try:
            if self._path is None:
                descriptor, name = tempfile.mkstemp(dir=folder)
                os.close(descriptor)
                self._path = Path(name)
            with self._path.open("ab") as file:
                for item in self._items:
                    pickle.dump(item, file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            # No fault of the log that is being read, which shall not be set aside for it.
            raise scratch.no_room(folder, error) from error
        self._items.clear()

    @property
    def in_memory(self) -> Sequence[Item]:
        """The objects that are in no file."""
        return self._items

    def __iter__(self) -> Iterator[Item]:
        """The objects in their order; they are gone from the spool then."""
        try:
            if self._path is not None:
                size_bytes = self._path.stat().st_size
                with self._path.open("rb") as file:
                    while file.tell() < size_bytes:
                        yield pickle.load(file)
            yield from self._items
        finally:
            self.close()

    def close(self) -> None:
        """Let go of what it holds."""
        self._items.clear()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
