"""Finding the files to read, and opening each as the logs that it holds."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from oomdb.errors import UsageError
from oomdb.sources.containers import Held, Hosts, Unwrapping, is_log_of_lines
from oomdb.sources.limits import Budget, Limits
from oomdb.sources.machine import Machine, is_inside, is_tree, machine_of_folder
from oomdb.sources.readers import HEAD_BYTES, FileReader, PipeReader, SparseReader

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


class Status(NamedTuple):
    """What tells that a file is as it was: inode and device number it, the time is in ns."""

    size_bytes: int
    mtime_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read; `problem` tells why it was set aside instead, when it was.

    `below` is its path from the folder that the user named, that folder's own name
    first; `tree` is the collected tree in which it lies, None outside one. `status` is
    what it was when it was found, None for standard input.
    """

    path: str
    problem: str | None = None
    below: str = ""
    tree: Tree | None = None
    status: Status | None = None

    @property
    def is_stdin(self) -> bool:
        """Whether it is standard input."""
        return self.path == str(STDIN_PATH)

    @property
    def name(self) -> str:
        """The path as text that any program can hold."""
        return STDIN_NAME if self.is_stdin else _as_text(self.path)

    @property
    def full_name(self) -> str:
        """The absolute path as such text."""
        if self.is_stdin:
            return STDIN_NAME
        return _as_text(self.path if self.path.startswith("/") else f"{os.getcwd()}/{self.path}")  # noqa: PTH109

    def machine(self) -> Machine | None:
        """The machine that the tree was collected from; None outside one."""
        return self.tree.machine if self.tree is not None else None


def _as_text(path: str) -> str:
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def signature(path: str) -> Status | None:
    """What the file is now; None when it is not there."""
    try:
        return _status(os.stat(path))  # noqa: PTH116
    except OSError:
        return None


def _status(found: os.stat_result) -> Status:
    return Status(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


def discover(
    paths: Iterable[Path], skip: Iterable[Path] = (), skip_below: Path | None = None
) -> Iterator[Source]:
    """Every regular file at or below `paths`, once, in the order of the names.

    The path `-` is standard input. Files whose name begins with a name in `skip` (the
    database and its companions) are left out, and so is all in the folder `skip_below`. A
    folder or file that cannot be entered comes back with its problem. Links are followed to
    files but not to folders, and in a collected tree only to files inside it, as the others
    mean files of another machine: dead ones are left out there. UsageError when a path does
    not exist.
    """
    paths = list(paths)
    problems = {path: _problem_at(path) for path in paths if path != STDIN_PATH}
    skipped = tuple(os.path.realpath(path) for path in skip)
    if skip_below is not None:
        skipped += (os.path.join(os.path.realpath(skip_below), ""),)  # noqa: PTH118
    seen: set[str] = set()
    for typed in paths:
        path, problem = without_parents(typed), problems.get(typed)
        walked = _walk(path) if problem is None else [(Source(str(path), problem), str(path))]
        for source, resolved in walked:
            if resolved not in seen and not (skipped and resolved.startswith(skipped)):
                seen.add(resolved)
                yield source


def without_parents(path: Path) -> Path:
    """The path without `..`, absolute where it had one: equal files get equal names.

    Whether `a/..` can be left out depends on whether `a` is a link. Where it cannot, what
    comes up to the last `..` is resolved; links after it keep their names, as do those of
    paths without `..`, since a log is known again by the name under which it is reached.
    """
    parts = path.parts
    if ".." not in parts:
        return path
    shorter = Path(os.path.abspath(path))  # noqa: PTH100
    try:
        if os.path.samestat(os.stat(path), os.stat(shorter)):  # noqa: PTH116
            return shorter
    except OSError:
        pass
    last = len(parts) - parts[::-1].index("..")
    return Path(os.path.realpath(Path(*parts[:last])), *parts[last:])


def full_name(path: Path) -> str:
    """The absolute path without `..`, as text; of `-` the name of standard input."""
    return Source(str(without_parents(path))).full_name


def _problem_at(path: Path) -> str | None:
    """Why a path that may exist cannot be reached; UsageError when it does not exist."""
    try:
        os.lstat(path)
    except PermissionError as error:
        return error.strerror
    except OSError:
        raise UsageError(f"no such file or folder: {path}") from None
    return None


def _walk(path: Path) -> Iterator[tuple[Source, str]]:
    """The files at or below one path, each with its path after all links."""
    if path == STDIN_PATH:
        yield Source(str(path)), STDIN_NAME
        return
    if not path.is_dir():
        below = "/".join(path.absolute().parts[-2:])
        yield from _checked(str(path), below, _tree_round(path), path.is_symlink(), None)
        return
    folders = [(str(path), path.name, _tree_round(path), os.path.realpath(path))]
    while folders:
        folder, below, tree, resolved = folders.pop()
        try:
            with os.scandir(folder) as entries:
                names = sorted(entries, key=_entry_name)
        except OSError as error:
            yield Source(folder, error.strerror or str(error)), resolved
            continue
        if is_tree(entry.name for entry in names):
            tree = Tree(Path(folder))
        before = "" if folder == "." else f"{folder.rstrip('/')}/"
        resolved = f"{resolved.rstrip('/')}/"
        inside: list[tuple[str, str, Tree | None, str]] = []
        for entry in names:
            name = entry.name
            if _is_folder(entry):
                inside.append((before + name, f"{below}/{name}", tree, resolved + name))
            else:
                yield from _checked(
                    before + name, f"{below}/{name}", tree, entry.is_symlink(), resolved + name
                )
        folders.extend(reversed(inside))


_entry_name = attrgetter("name")


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


def _checked(
    path: str, below: str, tree: Tree | None, is_link: bool, resolved: str | None
) -> Iterator[tuple[Source, str]]:
    """The file as a source, when it is or should be one.

    `resolved` is its path after all links, where it is no link itself and that is known.
    """
    if is_link or resolved is None:
        resolved = os.path.realpath(path)
    if is_link and tree is not None and not is_inside(Path(path), tree.top):
        if os.path.exists(path):  # noqa: PTH110
            yield Source(path, "the link leads out of the collected tree", below, tree), resolved
        return
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError as error:
        if tree is None or not is_link:
            yield Source(path, error.strerror or str(error), below, tree), resolved
        return
    if is_link and stat.S_ISDIR(found.st_mode):
        return
    problem = None if stat.S_ISREG(found.st_mode) else "not a regular file"
    yield Source(path, problem, below, tree, _status(found)), resolved


@contextmanager
def opened(
    source: Source,
    limits: Limits | None = None,
    hosts: Hosts | None = None,
    *,
    threads: bool = True,
) -> Iterator[Iterator[Stream]]:
    """The logs that a source holds, one after the other; OSError when it cannot be opened.

    Each is to be read before the next is asked for. What cannot be read is among them,
    with its problem. `hosts` is how the host is found where no line and no archive tells.
    `threads` allows large logs threads of their own, for which another core is needed.
    """
    budget = Budget(limits or Limits())
    # Nothing wakes a thread that waits for a pipe.
    threads = threads and not source.is_stdin
    unwrapping = Unwrapping(budget, hosts or Hosts(), threads=threads)
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
        size_bytes = min(status.st_size, source.status.size_bytes) if source.status else None
        file = _reader(descriptor, status, budget, size_bytes)
        held = Held(source.full_name, source.below, file, status.st_mtime, source.machine)
        with closing(unwrapping.streams(held)) as streams:
            yield streams
    finally:
        os.close(descriptor)


@contextmanager
def opened_plain(source: Source) -> Iterator[FileReader | None]:
    """The bytes of a file that is itself a log of lines; None for whatever else it is.

    OSError when it cannot be opened.
    """
    descriptor = os.open(source.path, _OPEN_FLAGS)
    try:
        status = os.fstat(descriptor)
        size_bytes = min(status.st_size, source.status.size_bytes if source.status else 0)
        file = FileReader(descriptor, size_bytes)
        is_plain = stat.S_ISREG(status.st_mode) and not _is_sparse(status)
        is_plain = is_plain and is_log_of_lines(file.read(HEAD_BYTES))
        yield file if is_plain else None
    finally:
        os.close(descriptor)


def _is_sparse(status: os.stat_result) -> bool:
    return status.st_size > status.st_blocks * 512 * _SPARSE


def _reader(
    descriptor: int, status: os.stat_result, budget: Budget, size_bytes: int | None
) -> Readable:
    """So many of the file's bytes; the zeros of one that is mostly holes are rationed."""
    size_bytes = status.st_size if size_bytes is None else size_bytes
    stored_bytes = status.st_blocks * 512
    if status.st_size > (budget.limits.ratio_free_bytes + stored_bytes * _SPARSE):
        budget.take(stored_bytes)
        return SparseReader(FileReader(descriptor, size_bytes), budget)
    return FileReader(descriptor, size_bytes, budget)
