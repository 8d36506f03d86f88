"""What was read before: files that are unchanged, and logs that grew or moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.sources.files import signature
from oomdb.store.database import Input

if TYPE_CHECKING:
    from oomdb.sources.files import Source
    from oomdb.sources.stream import Stream
    from oomdb.store.database import Known, Store


#: Files that are noted at a time.
_MOST_NOTED = 1000


class Seen:
    """The files and sources of one database, as an ingest needs to know them.

    `_marks` holds a number for each path, head and content of a source: most logs of a fleet
    are like none that is known, which needs no question to the database.
    """

    def __init__(self, store: Store, options: str) -> None:
        self._store = store
        self._options = options
        self._inputs = store.inputs()
        self._event_counts = store.event_counts()
        self._read: dict[str, Input] = {}
        self._noted: set[str] = set()
        self._fresh: set[str] = set()
        self._marks = {hash(mark) for each in store.source_marks() for mark in each}

    def input_of(self, source: Source) -> Input | None:
        """The file as it is now; None when it cannot be looked at."""
        found = source.status
        return Input(source.full_name, *found, self._options) if found is not None else None

    def is_unchanged(self, now: Input | None) -> bool:
        """Whether the file is as it was when it was read with the same options."""
        return now is not None and self._inputs.get(now.path) == now

    def event_count(self, path: str) -> int:
        """How many events the file at `path` holds, as far as it was read before."""
        return self._event_counts.get(path, 0)

    def note(self, now: Input) -> None:
        """Remember that the file was read to its end as it was then."""
        self._read[now.path] = now
        if len(self._read) >= _MOST_NOTED:
            self.save()

    def added(self, source_id: str, stream: Stream) -> None:
        """Remember a source that was read in this run."""
        self._fresh.add(source_id)
        self._marks.update(map(hash, (stream.name, stream.head_digest, stream.sha256)))

    def save(self) -> None:
        """Write down what was noted."""
        known = [path for path in self._read if path in self._inputs or path in self._noted]
        self._store.note_inputs(list(self._read.values()), known=known)
        self._noted.update(self._read)
        self._read.clear()

    def watch(self, stream: Stream) -> None:
        """Have the stream note its digest at the sizes of the sources that it may continue."""
        stream.marks_of = lambda head: [
            known.size_bytes for known in self._like(stream.name, head, None)
        ]

    def match(self, stream: Stream, reading: str) -> tuple[Known | None, list[Known]]:
        """The source that the stream, read to its end, is again; those that it replaces.

        A source is replaced by a longer version of itself, by its content under a new
        name when the old one no longer holds it, and when it is read in another way.
        """
        same: Known | None = None
        replaced: list[Known] = []
        for known in self._like(stream.name, stream.head_digest, stream.sha256):
            if known.sha256 == stream.sha256 and known.path == stream.name:
                if known.reading == reading:
                    same = known
                else:
                    replaced.append(known)
            elif self._continues(stream, known) and (
                known.path == stream.name or not self._holds(known)
            ):
                replaced.append(known)
        return same, replaced

    def _like(self, path: str, head: str | None, sha256: str | None) -> list[Known]:
        """The sources of that path, with that head, or with that content."""
        if not any(hash(mark) in self._marks for mark in (path, head, sha256) if mark is not None):
            return []
        return self._store.sources_like(path, head, sha256)

    def _continues(self, stream: Stream, known: Known) -> bool:
        """Whether the stream begins with the content of the source, or is the same."""
        if known.sha256 == stream.sha256:
            return True
        return stream.sha256_at.get(known.size_bytes) == known.sha256

    def _holds(self, known: Known) -> bool:
        """Whether the file of a source is still as it was when it was read."""
        if known.source_id in self._fresh:
            return True
        path = known.path.partition("!/")[0]
        then = self._inputs.get(path)
        now = signature(path)
        if then is None:
            return now is not None
        return now == (then.size_bytes, then.mtime_ns, then.inode, then.device)
