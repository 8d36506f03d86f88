"""Objects that wait their turn: a few in memory, many in a temporary file."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = TypeVar("Item")

#: Bytes that are kept in memory.
MOST_BYTES = 16 << 20


class Spool(Generic[Item]):
    """A list that can be written once and read once, in the same process or another.

    What it holds beyond `MOST_BYTES` is in a file beside the other temporary files, which is
    gone after it was read or closed. OSError when there is no room for it.
    """

    def __init__(self) -> None:
        self._items: list[bytes] = []
        self._size_bytes = 0
        self._path: Path | None = None

    def add(self, item: Item) -> None:
        """Keep one more object."""
        data = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        self._items.append(data)
        self._size_bytes += len(data)
        if self._size_bytes > MOST_BYTES:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            descriptor, name = tempfile.mkstemp(prefix="oomdb-")
            os.close(descriptor)
            self._path = Path(name)
        with self._path.open("ab") as file:
            for data in self._items:
                file.write(data)
        self._items.clear()
        self._size_bytes = 0

    def __iter__(self) -> Iterator[Item]:
        """The objects in their order; they are gone from the spool then."""
        try:
            if self._path is not None:
                size_bytes = self._path.stat().st_size
                with self._path.open("rb") as file:
                    while file.tell() < size_bytes:
                        yield pickle.load(file)
            for data in self._items:
                yield pickle.loads(data)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of what it holds."""
        self._items.clear()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
