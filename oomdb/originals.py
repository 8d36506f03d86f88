"""The files that a database was filled from, against what was read of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from oomdb.sources import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

    from oomdb.sources.stream import Stream

_READ = """
SELECT SPLIT_PART(path, '!/', 1) AS file, path, sha256, size_bytes
FROM sources ORDER BY 1, 2, 4"""

#: Size and SHA-256 of each version of a log that was read.
Versions = list[tuple[int, str]]


@dataclass
class Originals:
    """What became of the files: as they were read, grown since, gone.

    `differing` names each log that begins with nothing that was read of it, and why.
    """

    same: int = 0
    grown: int = 0
    gone: int = 0
    differing: list[tuple[str, str]] = field(default_factory=list)


def check_originals(
    connection: duckdb.DuckDBPyConnection,
    progress: Callable[[int, int, str], None] | None = None,
) -> Originals:
    """Read every file that is still there, and compare its logs with their SHA-256.

    A log that has grown still begins with what was read. One of several logs that were
    read under one path, as rotation makes them, is enough.
    """
    done = Originals()
    read = connection.execute(_READ).fetchall()
    for number, (file, rows) in enumerate(groupby(read, key=lambda row: str(row[0]))):
        logs: dict[str, Versions] = {}
        for _, path, sha256, size_bytes in rows:
            logs.setdefault(path, []).append((size_bytes, sha256))
        if progress is not None:
            progress(number, 0, file)
        status = files.signature(file) if file != files.STDIN_NAME else None
        if status is None:
            done.gone += len(logs)
        else:
            _compare(files.Source(file, status=status), logs, done)
    return done


def _compare(source: files.Source, logs: dict[str, Versions], done: Originals) -> None:
    missing = dict(logs)
    try:
        for stream in _read_through(source, logs):
            versions = missing.pop(stream.name, None)
            if versions is None:
                continue
            if (stream.size_bytes, stream.sha256) in versions:
                done.same += 1
            elif any(stream.sha256_at.get(size) == sha256 for size, sha256 in versions):
                done.grown += 1
            else:
                done.differing.append((stream.name, _difference(stream, versions)))
    except OSError as error:
        reason = error.strerror or str(error)
        done.differing += [(name, f"it cannot be read: {reason}") for name in missing]
        return
    done.differing += [(name, "it is not in its file any more") for name in missing]


def _read_through(source: files.Source, logs: dict[str, Versions]) -> Iterator[Stream]:
    """The logs in a file that were read before, each when it was read to its end."""
    with files.opened(source) as streams:
        for stream in streams:
            versions = logs.get(stream.name)
            if versions is None:
                continue
            sizes = [size_bytes for size_bytes, _ in versions]
            stream.marks_of = lambda _, sizes=sizes: sizes
            for _ in stream.blocks():
                pass
            yield stream


def _difference(stream: Stream, versions: Versions) -> str:
    smallest = min(size_bytes for size_bytes, _ in versions)
    if stream.size_bytes < smallest:
        return f"it has {stream.size_bytes:,} bytes; {smallest:,} were read"
    return "it does not begin with what was read: its SHA-256 differs"
