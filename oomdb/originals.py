"""The files that a database was filled from, against what was read of them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.sources import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from oomdb.sources.limits import Limits
    from oomdb.sources.stream import Stream
    from oomdb.store.connection import Connection

    Progress = Callable[[int, int, str], None]

#: Between a file and what is inside it, in the path of a source.
_INSIDE = "!/"
#: A byte of a name that is no text, as paths of sources show it.
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
#: Files beside a log that may be what became of it: more than these are not looked at.
_MOST_SIBLINGS = 64


@dataclass(frozen=True, slots=True)
class _Version:
    """What was read of a log at one time."""

    size_bytes: int
    sha256: str


@dataclass
class Originals:
    """What became of each version of a log that was read: as it was, grown since, gone.

    `moved` were found in a file beside, as rotation makes them. `differing` names each log of
    which nothing that was read can be found though there is a file of its name, and why.
    """

    same: int = 0
    grown: int = 0
    moved: int = 0
    gone: int = 0
    differing: list[tuple[str, str]] = field(default_factory=list)


def check_originals(
    connection: Connection,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Originals:
    """Read every file that is still there, and compare its logs with their SHA-256.

    A log that has grown still begins with what was read. What is not there any more is
    looked for in files beside it whose names begin alike. A log that holds something else,
    where nothing of what was read is to be found, differs.
    """
    # A lake's damaged file may have rows without one.
    read = connection.execute(
        "SELECT path, sha256, size_bytes FROM sources WHERE path IS NOT NULL ORDER BY path"
    )
    sources = [(_file_of(path), path, sha256, size) for path, sha256, size in read.fetchall()]
    done = Originals()
    sources.sort()
    for number, (file, rows) in enumerate(groupby(sources, key=lambda source: source[0])):
        if progress is not None:
            progress(number, 0, file)
        logs: dict[str, set[_Version]] = {}
        for _, path, sha256, size_bytes in rows:
            logs.setdefault(path, set()).add(_Version(size_bytes, sha256))
        _Check(file, logs, limits, done).run()
    return done


def _file_of(path: str) -> str:
    """The file that a source lies in; a folder's name may end as if something were inside."""
    parts = path.split(_INSIDE)
    for count in range(len(parts), 0, -1):
        file = _INSIDE.join(parts[:count])
        if Path(_on_disk(file)).is_file():
            return file
    return parts[0]


def _listing(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(os.listdir(folder)))  # noqa: PTH208
    except OSError:
        return ()


def _on_disk(path: str) -> str:
    """The name of a file as the system has it, of that by which it is known."""
    if not os.path.lexists(path) and "\\x" in path:
        raw = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), path.encode())
        name = os.fsdecode(raw)
        return name if b"\0" not in raw and os.path.lexists(name) else path
    return path


@dataclass
class _Check:
    """One file, and the versions of its logs that were read."""

    file: str
    logs: dict[str, set[_Version]]
    limits: Limits | None
    done: Originals

    def run(self) -> None:
        """Find each version in the file, beside it, or nowhere."""
        found: dict[str, set[_Version]] = {path: set() for path in self.logs}
        problems = self._compare(found) if _is_there(self.file) else {}
        for path, versions in self.logs.items():
            beside = self._beside(path, versions - found[path])
            lost = len(versions - found[path] - beside)
            self.done.moved += len(beside)
            if path in problems and not found[path] and not beside:
                self.done.differing.append((path, problems[path]))
                lost -= 1
            self.done.gone += lost

    def _compare(self, found: dict[str, set[_Version]]) -> dict[str, str]:
        """Note the versions that the file holds, and say why it does not hold the others."""
        problems = dict.fromkeys(self.logs, "it is not in its file any more")
        try:
            for stream in _read_through(_on_disk(self.file), self.limits, self.logs.get):
                versions = self.logs[stream.name]
                held = {one for one in versions if _holds(stream, one)} - found[stream.name]
                whole = sum(one.size_bytes == stream.size_bytes for one in held)
                self.done.same += whole
                self.done.grown += len(held) - whole
                found[stream.name] |= held
                problems[stream.name] = _difference(stream, versions)
        except OSError as error:
            problems = dict.fromkeys(self.logs, f"it cannot be read: {error.strerror or error}")
        return problems

    def _beside(self, path: str, missing: set[_Version]) -> set[_Version]:
        """The versions of a plain log that stand in files that rotation may have made of it."""
        if not missing or path != self.file or path == files.STDIN_NAME:
            return set()
        folder, name = os.path.split(_on_disk(path))
        stem = Path(name).stem or name
        beside: set[_Version] = set()
        siblings = [one for one in _listing(folder) if one.startswith(stem) and one != name]
        for sibling in siblings[:_MOST_SIBLINGS]:
            file = os.path.join(folder, sibling)  # noqa: PTH118
            try:
                for stream in _read_through(file, self.limits, lambda _: missing):
                    beside |= {one for one in missing if _holds(stream, one)}
            except OSError:
                continue
        return beside


def _is_there(file: str) -> bool:
    """Whether there is a file, also one that nobody may look at."""
    if file == files.STDIN_NAME:
        return False
    try:
        os.lstat(_on_disk(file))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _holds(stream: Stream, version: _Version) -> bool:
    whole = _Version(stream.size_bytes, stream.sha256)
    return version == whole or stream.sha256_at.get(version.size_bytes) == version.sha256


def _read_through(
    file: str, limits: Limits | None, versions_of: Callable[[str], Collection[_Version] | None]
) -> Iterator[Stream]:
    """The logs in a file of which there are versions, each when it was read to its end."""
    source = files.Source(file, status=files.signature(file))
    with files.opened(source, limits) as streams:
        for stream in streams:
            versions = versions_of(stream.name)
            if versions is None:
                continue
            sizes = [one.size_bytes for one in versions]
            stream.marks_of = lambda _, sizes=sizes: sizes
            for _ in stream.blocks():
                pass
            yield stream


def _difference(stream: Stream, versions: set[_Version]) -> str:
    if stream.problem is not None:
        return stream.problem
    smallest = min(one.size_bytes for one in versions)
    if stream.size_bytes < smallest:
        return f"it has {stream.size_bytes:,} bytes; {smallest:,} were read"
    return "it does not begin with what was read: its SHA-256 differs"
