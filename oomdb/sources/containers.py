"""From a file to the logs in it, whatever they are wrapped in, each a stream of bytes.

Every layer is told from the content: compression in compression, archives in archives,
journals. Nothing is held in memory; what needs to be read twice or out of order, inside
another layer, is put into a temporary file meanwhile.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from oomdb import scratch
from oomdb.errors import reason_of
from oomdb.sources import journals
from oomdb.sources.archives import is_tar, is_zip, tar_members, zip_members
from oomdb.sources.compression import (
    Compression,
    Decompressed,
    compression_of,
    why_unread,
)
from oomdb.sources.host_names import host_of_path
from oomdb.sources.limits import BrokenError, Budget, LimitError, Limits, raised_by
from oomdb.sources.machine import FACT_BYTES, Machine, Machines, fact_place
from oomdb.sources.readers import Chained, FileReader, Peeked, SparseReader, spooled
from oomdb.sources.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from oomdb.sources.archives import Member
    from oomdb.sources.stream import Readable

#: The start of JSON, which dmesg's stamps in brackets are not.
_DOCUMENT = re.compile(rb"\s*(?:\{|\[(?! *\d+\.\d))")


def is_log_of_lines(head: bytes) -> bool:
    """Whether data that begin so hold lines, and neither other data nor one document."""
    return not (
        compression_of(head)
        or why_unread(head)
        or is_tar(head)
        or is_zip(head)
        or head.startswith(journals.MAGIC)
        or _DOCUMENT.match(head)
    )


@dataclass(frozen=True, slots=True)
class Hosts:
    """How the host is found where no line and no archive tells it.

    `named` is the host that the user names; `pattern` takes the place of the rules of
    `host_names`: its group `host`, or its first one, is the host.
    """

    named: str | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Something that may hold logs: a file, standard input, or a member of an archive.

    `below` is the path from the folder that the user named, for the rules of hosts;
    `machine` finds the machine in whose tree it lies.
    """

    name: str
    below: str
    file: Readable
    modified_s: float | None
    machine: Callable[[], Machine | None]
    depth: int = 0


class Unwrapping:
    """Finds the logs of one source, within its limits."""

    def __init__(self, budget: Budget, hosts: Hosts, *, threads: bool = False) -> None:
        self._budget = budget
        self._limits = budget.limits
        self._hosts = hosts
        self._threads = threads

    def streams(self, held: Held) -> Generator[Stream]:
        """The logs of a source and what had to be set aside; a limit that ends it is told once."""
        try:
            for stream in self._within(held):
                with closing(stream):
                    yield stream
                if self._budget.reached is not None:
                    if stream.problem != str(self._budget.reached):
                        break
                    return
        except LimitError:
            pass
        if self._budget.reached is not None:
            yield Stream.set_aside(held.name, str(self._budget.reached))

    def _within(self, held: Held) -> Iterator[Stream]:
        layers: list[Compression] = []
        content = Peeked(held.file)
        kind = compression_of(content.head)
        while kind is not None and held.depth + len(layers) < self._limits.nesting:
            again = None
            if isinstance(held.file, FileReader):
                again = partial(self._opened_again, held.file, layers[:])
            layers.append(kind)
            content = Peeked(Decompressed(content, kind, self._budget, again))
            kind = compression_of(content.head)
        head = content.head
        unread = why_unread(head)
        in_tar, in_zip = is_tar(head), is_zip(head)
        depth = held.depth + len(layers)
        if kind is not None or ((in_tar or in_zip) and depth >= self._limits.nesting):
            reason = f"limit reached: more than {self._limits.nesting} layers inside each other"
            yield Stream.set_aside(held.name, f"{reason} {raised_by('nesting')}")
        elif unread is not None:
            yield Stream.set_aside(held.name, unread)
        elif in_tar or in_zip or head.startswith(journals.MAGIC):
            inner = replace(held, file=content, depth=depth)
            unwrap = self._tar if in_tar else self._zip if in_zip else self._journal
            yield from unwrap(inner, held.file, layers)
        else:
            yield self._stream(held, content)

    def _stream(self, held: Held, file: Readable) -> Stream:
        return Stream(
            held.name,
            file,
            held.modified_s,
            named_host=self._hosts.named,
            path_host=host_of_path(held.below, self._hosts.pattern),
            find_machine=held.machine,
            threads=self._threads,
        )

    # Archives

    def _tar(self, held: Held, raw: Readable, layers: list[Compression]) -> Iterator[Stream]:
        """The logs in a tar. Its machines are found by a pass of their own, if asked for."""
        if isinstance(raw, FileReader):
            file = held.file if layers else raw.again()
            machines = _Finder(partial(self._opened_again, raw, layers), self._limits)
            yield from self._members(held, tar_members(file, self._limits), machines)
            return
        try:
            with spooled(held.file, self._limits.spool_bytes) as (copy, _):
                machines = _Finder(copy.again, self._limits)
                whole = Chained(copy.again(), held.file)
                yield from self._members(held, tar_members(whole, self._limits), machines)
        except OSError as error:
            yield self._no_room(held, error)

    def _opened_again(self, raw: FileReader, layers: list[Compression]) -> Readable:
        """The content of a file in layers, from its start and on a budget of its own."""
        budget = Budget(self._limits)
        budget.take(raw.size_bytes)
        file: Readable = raw.again()
        for kind in layers:
            file = Decompressed(file, kind, budget)
        return file

    def _zip(self, held: Held, raw: Readable, layers: list[Compression]) -> Iterator[Stream]:
        if isinstance(raw, FileReader) and not layers:
            yield from self._zip_file(held, raw.again(), None)
            return
        try:
            with spooled(held.file, self._limits.spool_bytes) as (copy, reason):
                yield from self._zip_file(held, copy, reason)
        except OSError as error:
            yield self._no_room(held, error)

    def _zip_file(self, held: Held, file: FileReader, reason: OSError | None) -> Iterator[Stream]:
        if reason is not None:
            yield Stream.set_aside(held.name, str(reason))
            return

        machines = _Finder(file.again, self._limits, zip_members)
        yield from self._members(held, zip_members(file.again(), self._limits), machines)

    def _members(
        self, held: Held, members: Iterator[Member], machines: _Finder
    ) -> Iterator[Stream]:
        for member in members:
            if member.link is not None:
                continue
            self._budget.add_member()
            name = f"{held.name}!/{member.path}" if member.path else held.name
            if member.problem is not None or member.file is None:
                yield Stream.set_aside(name, member.problem or "it cannot be read")
                continue
            file = SparseReader(member.file, self._budget) if member.expands else member.file
            machine = partial(machines.machine_of, member.path, held.machine)
            inside = Held(
                name,
                f"{held.below}!/{member.path}",
                file,
                member.modified_s,
                machine,
                held.depth + 1,
            )
            yield from self._within(inside)

    # Journals

    def _journal(self, held: Held, raw: Readable, layers: list[Compression]) -> Iterator[Stream]:
        """The kernel entries of a binary journal, which is read from a whole file only."""
        if isinstance(raw, FileReader) and not layers:
            header = journals.header_of(raw)
            if header is not None and raw.size_bytes >= header.size_bytes:
                yield from self._journal_file(held, raw, header, None)
                return
        try:
            with spooled(held.file, self._limits.spool_bytes) as (copy, reason):
                header = journals.header_of(copy)
                if header is None:
                    yield Stream.set_aside(held.name, str(reason or "the journal is cut"))
                    return
                told = str(reason) if reason else None
                if copy.size_bytes < header.size_bytes:
                    told = told or "the journal ends early: the file is cut"
                    copy = journals.pad(copy, header, self._limits)
                yield from self._journal_file(held, copy, header, told)
        except OSError as error:
            yield self._no_room(held, error)

    def _journal_file(
        self, held: Held, file: FileReader, header: journals.Header, reason: str | None
    ) -> Iterator[Stream]:
        with journals.kernel_lines(file, header, reason) as lines:
            yield self._stream(held, lines)

    def _no_room(self, held: Held, error: OSError) -> Stream:
        """What could not be put into a temporary file, or was found to be broken in it."""
        if isinstance(error, LimitError):
            raise error
        if isinstance(error, BrokenError):
            return Stream.set_aside(held.name, str(error))
        where = scratch.folder(large=True)
        reason = f"it cannot be put into a temporary file in {where}: {reason_of(error)}"
        return Stream.set_aside(held.name, reason)


class _Finder:
    """The machines whose trees an archive holds; looked for once, when first asked."""

    def __init__(
        self,
        again: Callable[[], Readable],
        limits: Limits,
        members: Callable[..., Iterator[Member]] = tar_members,
    ) -> None:
        self._again = again
        self._limits = limits
        self._members = members
        self._machines: Machines | None = None

    def machine_of(self, path: str, outer: Callable[[], Machine | None]) -> Machine | None:
        """The machine in whose tree the member lies; else the one round the archive."""
        if self._machines is None:
            self._machines = self._look()
        found = self._machines.machine_of(path)
        return found if found is not None else outer()

    def _look(self) -> Machines:
        """Read the small files that tell; what is broken is told when the logs are read."""
        machines = Machines()
        for number, member in enumerate(self._members(self._again(), self._limits)):
            if number >= self._limits.members:
                break
            place = fact_place(member.path)
            if place is None:
                continue
            root, fact = place
            if member.link is not None:
                machines.facts(root).add_link(fact, member.link)
            elif member.file is not None:
                machines.facts(root).add(fact, _small(member.file))
        return machines


def _small(file: Readable) -> bytes:
    """The start of a small file, as far as it can be read."""
    parts: list[bytes] = []
    size = 0
    try:
        while size < FACT_BYTES:
            data = file.read(FACT_BYTES - size)
            if not data:
                break
            parts.append(data)
            size += len(data)
    except OSError:
        pass
    return b"".join(parts)
