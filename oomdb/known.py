"""What was read before: files that are unchanged, and logs that grew or moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.incidents.identity import digest
from oomdb.sources.files import signature
from oomdb.store.content import Input, Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.logs import Log
    from oomdb.sources.files import Source
    from oomdb.store.content import Content

#: Files that are asked for at a time.
MOST_ASKED = 1000


class Inputs:
    """The files that were read to their ends, as they were before this run.

    Known are those that were asked for, as a database may hold far more than one run meets.
    `options` stands for how files are read now; `fresh` are the ids of sources that were read
    in this run.
    """

    def __init__(self, options: str) -> None:
        self._machine = this_machine()
        self._asked: set[str] = set()
        self._elsewhere: set[str] = set()
        self._known: dict[str, Input] = {}
        self._event_counts: dict[str, int] = {}
        self._options = options
        self.fresh: set[str] = set()

    def ask(self, content: Content, paths: Iterable[str]) -> None:
        """Learn what is known of some files, unless that was asked before."""
        asked = sorted(set(paths) - self._asked)
        self._asked.update(asked)
        for few in _in_parts(asked):
            self._known |= content.inputs(self._machine, few)
            self._event_counts |= content.event_counts(few)

    def ask_of_sources(self, content: Content, known: Iterable[Known]) -> None:
        """Learn what `holds` has to know of sources."""
        files = sorted({_file_of(one) for one in known})
        self.ask(content, files)
        for few in _in_parts([path for path in files if path not in self._known]):
            self._elsewhere |= content.read_elsewhere(self._machine, few)

    def of(self, source: Source) -> Input | None:
        """The file as it is now; None when it cannot be known again."""
        if source.status is None:
            return None
        return Input(self._machine, source.full_name, *source.status, self._options)

    def is_unchanged(self, now: Input | None) -> bool:
        """Whether the file is as it was when it was read with the same options."""
        return now is not None and self._known.get(now.path) == now

    def event_count(self, path: str) -> int:
        """How many events the file at `path` holds, as far as it was read before."""
        return self._event_counts.get(path, 0)

    def holds(self, known: Known) -> bool:
        """Whether the file of a source is still as it was when it was read.

        Of a file that another machine has read nothing else is known here.
        """
        path = _file_of(known)
        if known.source_id in self.fresh or path in self._elsewhere:
            return True
        then = self._known.get(path)
        now = signature(path)
        if then is None or now is None:
            return now is not None
        return now == (then.size_bytes, then.mtime_ns, then.inode, then.device)


def _file_of(known: Known) -> str:
    """The path of the file that holds a source."""
    return known.path.partition("!/")[0]


@cache
def this_machine() -> str:
    """Stands for this machine, which others are told from; empty where it has no machine-id."""
    try:
        told = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return digest("machine", told) if told else ""


def _in_parts(paths: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(paths), MOST_ASKED):
        yield paths[first : first + MOST_ASKED]


@dataclass(slots=True)
class Match:
    """What a log is to what was read before.

    `same` is the source that it is again; `replaced` are those that it is a longer, moved
    or better read version of. `is_replaced` tells that a later log of the same batch is
    such a version of this one.
    """

    log: Log
    same: Known | None = None
    replaced: list[Known] = field(default_factory=list)
    is_replaced: bool = False


def matches(logs: Sequence[Log], known: Iterable[Known], inputs: Inputs) -> list[Match]:
    """What each of a batch of logs, in their order, is to the sources that are known.

    `known` holds at least every source that has the path, head or content of one of them.
    A log of the batch itself is replaced by a later one of its path alone: both are there.
    """
    by_mark: dict[str, dict[str, Known]] = {}
    for each in known:
        for mark in (each.path, each.head_digest, each.sha256):
            if mark is not None:
                by_mark.setdefault(mark, {})[each.source_id] = each
    fresh: dict[str, Match] = {}
    found = []
    for log in logs:
        match = _against_known(log, by_mark, inputs)
        before = fresh.get(log.name)
        if before is not None and _continues(log, _as_known(before.log)):
            same = before.log.sha256 == log.sha256 and before.log.reading == log.reading
            match.same = _as_known(before.log) if same else None
            before.is_replaced = not same
        if match.same is None:
            fresh[log.name] = match
        found.append(match)
    return found


def _against_known(log: Log, by_mark: dict[str, dict[str, Known]], inputs: Inputs) -> Match:
    """What a log is to the known sources; those that it replaces are known no more."""
    match = Match(log)
    for one in _alike(log, by_mark):
        if one.sha256 == log.sha256 and one.path == log.name and one.reading == log.reading:
            match.same = one
        elif _continues(log, one) and (one.path == log.name or not inputs.holds(one)):
            match.replaced.append(one)
    if match.same is not None:
        match.replaced.clear()
    for one in match.replaced:
        for mark in (one.path, one.head_digest, one.sha256):
            by_mark.get(mark or "", {}).pop(one.source_id, None)
    return match


def _alike(log: Log, by_mark: dict[str, dict[str, Known]]) -> list[Known]:
    """The sources of that path, with that head, or with that content, in a fixed order."""
    marks = (log.name, log.head_digest, log.sha256)
    like = {
        one.source_id: one
        for mark in marks
        if mark is not None
        for one in by_mark.get(mark, {}).values()
    }
    return sorted(like.values(), key=lambda one: (one.path, one.sha256))


def _as_known(log: Log) -> Known:
    return Known(
        source_id=log.source_id,
        path=log.name,
        sha256=log.sha256,
        size_bytes=log.size_bytes,
        head_digest=log.head_digest,
        reading=log.reading,
        event_count=log.report_count,
    )


def _continues(log: Log, known: Known) -> bool:
    """Whether the log begins with the content of the source, or is the same."""
    return known.sha256 == log.sha256 or log.sha256_at.get(known.size_bytes) == known.sha256
