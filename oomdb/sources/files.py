"""Finding the files to read, and their bytes."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import UsageError
from oomdb.sources.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read; `problem` tells why it was set aside instead, when it was."""

    path: Path
    problem: str | None = None

    @property
    def name(self) -> str:
        """The path as text that any program can hold."""
        return _text(self.path)

    @property
    def full_name(self) -> str:
        """The absolute path as such text."""
        return _text(self.path.absolute())


def _text(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def signature(path: Path | str) -> tuple[int, int, int, int] | None:
    """Size, time of the last change in ns, inode and device; None when it is not there."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev


def discover(paths: Iterable[Path], skip: Iterable[Path] = ()) -> Iterator[Source]:
    """Every regular file at or below `paths`, once, in the order of the names.

    Files whose name begins with a name in `skip` (the database and its companions)
    are left out. A folder or file that cannot be entered comes back with its problem;
    links are followed to files but not to folders. UsageError when a path does not exist.
    """
    paths = list(paths)
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"no such file or folder: {path}")
    skipped = tuple(str(path.resolve()) for path in skip)
    seen: set[str] = set()
    for path in paths:
        for source in _walk(path):
            resolved = os.path.realpath(source.path)
            if resolved not in seen and not (skipped and resolved.startswith(skipped)):
                seen.add(resolved)
                yield source


def _walk(path: Path) -> Iterator[Source]:
    if not path.is_dir():
        yield _checked(path)
        return
    problems: list[Source] = []

    def set_aside(error: OSError) -> None:
        problems.append(Source(Path(error.filename), error.strerror or str(error)))

    for folder, folders, names in os.walk(path, onerror=set_aside):
        folders.sort()
        yield from problems
        problems.clear()
        for name in sorted(names):
            yield _checked(Path(folder, name))
    yield from problems


def _checked(path: Path) -> Source:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Source(path, error.strerror or str(error))
    if not stat.S_ISREG(mode):
        return Source(path, "not a regular file")
    return Source(path)


@contextmanager
def opened(source: Source) -> Iterator[Iterator[Stream]]:
    """The logs that the file holds, one after the other; OSError when it cannot be opened.

    Each is to be read before the next is asked for.
    """
    with source.path.open("rb", buffering=0) as file:
        modified_s = os.fstat(file.fileno()).st_mtime
        yield iter([Stream(source.full_name, file, modified_s=modified_s)])
