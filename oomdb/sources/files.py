"""Finding the files to read, and opening each as the logs that it holds."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import UsageError
from oomdb.sources.containers import Held, Hosts, Unwrapping
from oomdb.sources.limits import Budget, Limits
from oomdb.sources.machine import Machine, is_inside, is_tree, machine_of_folder
from oomdb.sources.readers import FileReader, PipeReader, SparseReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.sources.stream import Readable, Stream

#: Standard input, where a path is expected, and its name among the sources.
STDIN_PATH = Path("-")
STDIN_NAME = "<stdin>"

_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
#: A file is sparse when less than a part in so many of it is on the disk.
_SPARSE = 16


class Tree:
    """An unpacked tree that was collected from a machine, such as a sosreport."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @cached_property
    def machine(self) -> Machine:
        """What the small files of the tree tell; looked up when first asked for."""
        return machine_of_folder(self.top)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read; `problem` tells why it was set aside instead, when it was.

    `below` is its path from the folder that the user named, that folder's own name
    first; `tree` is the collected tree in which it lies, None outside one.
    """

    path: Path
    problem: str | None = None
    below: str = ""
    tree: Tree | None = None

    @property
    def is_stdin(self) -> bool:
        """Whether it is standard input."""
        return self.path == STDIN_PATH

    @property
    def name(self) -> str:
        """The path as text that any program can hold."""
        return STDIN_NAME if self.is_stdin else _as_text(self.path)

    @property
    def full_name(self) -> str:
        """The absolute path as such text."""
        return STDIN_NAME if self.is_stdin else _as_text(self.path.absolute())

    def machine(self) -> Machine | None:
        """The machine that the tree was collected from; None outside one."""
        return self.tree.machine if self.tree is not None else None


def _as_text(path: Path) -> str:
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

    The path `-` is standard input. Files whose name begins with a name in `skip` (the
    database and its companions) are left out. A folder or file that cannot be entered
    comes back with its problem. Links are followed to files but not to folders, and in a
    collected tree only to files inside it, as the others mean files of another machine:
    dead ones are left out there. UsageError when a path does not exist.
    """
    paths = list(paths)
    problems = {path: _problem_at(path) for path in paths if path != STDIN_PATH}
    skipped = tuple(os.path.realpath(path) for path in skip)
    seen: set[str] = set()
    for path in paths:
        problem = problems.get(path)
        for source in _walk(path) if problem is None else [Source(path, problem)]:
            resolved = source.name if source.is_stdin else os.path.realpath(source.path)
            if resolved not in seen and not (skipped and resolved.startswith(skipped)):
                seen.add(resolved)
                yield source


def _problem_at(path: Path) -> str | None:
    """Why a path that may exist cannot be reached; UsageError when it does not exist."""
    try:
        os.lstat(path)
    except PermissionError as error:
        return error.strerror
    except OSError:
        raise UsageError(f"no such file or folder: {path}") from None
    return None


def _walk(path: Path) -> Iterator[Source]:
    """The files at or below one path."""
    if path == STDIN_PATH:
        yield Source(path)
        return
    if not path.is_dir():
        below = "/".join(path.absolute().parts[-2:])
        yield from _checked(path, below, _tree_round(path))
        return
    folders = [(path, path.name, _tree_round(path))]
    while folders:
        folder, below, tree = folders.pop()
        try:
            with os.scandir(folder) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Source(folder, error.strerror or str(error))
            continue
        if is_tree(entry.name for entry in names):
            tree = Tree(folder)
        inside: list[tuple[Path, str, Tree | None]] = []
        for entry in names:
            entry_below = f"{below}/{entry.name}"
            if _is_folder(entry):
                inside.append((Path(entry.path), entry_below, tree))
            else:
                yield from _checked(Path(entry.path), entry_below, tree)
        folders.extend(reversed(inside))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder; links to folders are neither entered nor read."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _tree_round(path: Path) -> Tree | None:
    """The collected tree in which a path lies that the user named; None outside one."""
    for folder in Path(os.path.realpath(path)).parents:
        try:
            if is_tree(os.listdir(folder)):  # noqa: PTH208
                return Tree(folder)
        except OSError:
            continue
    return None


def _checked(path: Path, below: str, tree: Tree | None) -> Iterator[Source]:
    """The file as a source, when it is or should be one."""
    is_link = path.is_symlink()
    if is_link and tree is not None and not is_inside(path, tree.top):
        if path.exists():
            yield Source(path, "the link leads out of the collected tree", below, tree)
        return
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if tree is None or not is_link:
            yield Source(path, error.strerror or str(error), below, tree)
        return
    if is_link and stat.S_ISDIR(mode):
        return
    problem = None if stat.S_ISREG(mode) else "not a regular file"
    yield Source(path, problem, below, tree)


@contextmanager
def opened(
    source: Source, limits: Limits | None = None, hosts: Hosts | None = None
) -> Iterator[Iterator[Stream]]:
    """The logs that a source holds, one after the other; OSError when it cannot be opened.

    Each is to be read before the next is asked for. What cannot be read is among them,
    with its problem. `hosts` is how the host is found where no line and no archive tells.
    """
    budget = Budget(limits or Limits())
    unwrapping = Unwrapping(budget, hosts or Hosts())
    if source.is_stdin:
        pipe = PipeReader(sys.stdin.fileno(), budget)
        held = Held(STDIN_NAME, "", pipe, None, source.machine)
        with closing(unwrapping.streams(held)) as streams:
            yield streams
        return
    descriptor = os.open(source.path, _OPEN_FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        file = _reader(descriptor, status, budget)
        held = Held(source.full_name, source.below, file, status.st_mtime, source.machine)
        with closing(unwrapping.streams(held)) as streams:
            yield streams
    finally:
        os.close(descriptor)


def _reader(descriptor: int, status: os.stat_result, budget: Budget) -> Readable:
    """The file's bytes; the zeros of one that is mostly holes are rationed."""
    stored_bytes = status.st_blocks * 512
    if status.st_size > (budget.limits.ratio_free_bytes + stored_bytes * _SPARSE):
        budget.take(stored_bytes)
        return SparseReader(FileReader(descriptor, status.st_size), budget)
    return FileReader(descriptor, status.st_size, budget)
