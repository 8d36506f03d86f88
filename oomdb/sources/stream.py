"""One log on its way to the reader: its blocks, and what was learned while they passed."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from oomdb.sources.threads import Digest, ReadAhead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from oomdb.sources.machine import Machine

BLOCK_BYTES = 1 << 20
#: A longer version of a log begins with the same bytes.
HEAD_BYTES = 1024
#: A log that is larger is worth threads of its own.
_THREADED_BYTES = 4 << 20


class Readable(Protocol):
    """What a stream is read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end. OSError where the data break."""


def _no_machine() -> Machine | None:
    return None


@dataclass
class Stream:
    """A file, or a member of an archive, that is read once from start to end.

    `name` is its path as text that any program can hold, with `!/` before a member.
    `named_host` is the host that the user names for lines without one, `path_host` the
    one that the path tells, `modified_s` the time of the last change in seconds since
    1970; None where nothing tells. `problem` says why it could not be read to its end,
    once that is known; a stream that has one before it is read holds nothing. The size
    and the SHA-256 are those of the content, after decompression, as far as it was read.
    `marks_of` is asked with the digest of the head for sizes at which the SHA-256 is
    noted in `sha256_at`, so that a log is known again after it has grown. `threads` allows
    to read ahead of, and to hash behind, who takes the blocks of a large log.
    """

    name: str
    file: Readable
    modified_s: float | None = None
    problem: str | None = None
    size_bytes: int = 0
    head_digest: str | None = None
    marks_of: Callable[[str | None], Iterable[int]] | None = None
    _has_ended: bool = field(default=False, repr=False)
    _marks: list[int] = field(default_factory=list, repr=False)
    named_host: str | None = None
    path_host: str | None = None
    find_machine: Callable[[], Machine | None] = field(default=_no_machine, repr=False)
    threads: bool = False
    _digest: Digest = field(default_factory=Digest, repr=False)
    _ahead: ReadAhead | None = field(default=None, repr=False)

    @classmethod
    def set_aside(cls, name: str, problem: str) -> Stream:
        """What cannot be read at all, with the reason."""
        return cls(name, io.BytesIO(), problem=problem)

    @cached_property
    def machine(self) -> Machine | None:
        """What the archive or folder round the log tells about its machine; None without one.

        Looked up when first asked for, which may take a pass over the archive.
        """
        return self.find_machine()

    @property
    def host(self) -> str | None:
        """The host of lines that name none: by the user, the archive or the path."""
        if self.named_host is not None:
            return self.named_host
        machine = self.machine
        if machine is not None and machine.hostname is not None:
            return machine.hostname
        return self.path_host

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read so far, hexadecimal."""
        return self._digest.hexdigest

    @property
    def sha256_at(self) -> dict[int, str]:
        """The SHA-256 of the first bytes, by their number, where that was asked for."""
        return self._digest.at_sizes

    def blocks(self) -> Iterator[bytes]:
        """The content in blocks; it ends early, with a `problem`, where it cannot be read."""
        block = self._read()
        while 0 < len(block) < HEAD_BYTES:
            more = self._read()
            if not more:
                break
            block += more
        try:
            while block:
                self._note(block)
                yield block
                if self._ahead is None and self.threads and self.size_bytes >= _THREADED_BYTES:
                    self._ahead = ReadAhead(self.file, BLOCK_BYTES)
                    self._digest.fall_behind()
                block = self._read()
        finally:
            self.close()

    def close(self) -> None:
        """Stop its threads; what it is read from can be used again then."""
        if self._ahead is not None:
            self._has_ended = True
            self._ahead.close()
            self._ahead = None
            self._digest.catch_up()

    def _read(self) -> bytes:
        """The next bytes, as many as come at once; none at the end or where reading fails."""
        block = b""
        if not self._has_ended:
            try:
                block = (self._ahead or self.file).read(BLOCK_BYTES)
            except OSError as error:
                self.problem = error.strerror or str(error)
        self._has_ended = not block
        return block

    def _note(self, block: bytes) -> None:
        """Take size and digests of the next block."""
        if self.size_bytes == 0:
            if len(block) >= HEAD_BYTES:
                self.head_digest = hashlib.sha256(block[:HEAD_BYTES]).hexdigest()
            if self.marks_of is not None:
                self._marks = sorted(set(self.marks_of(self.head_digest)))
        done = 0
        while self._marks and self._marks[0] <= self.size_bytes + len(block):
            mark = self._marks.pop(0)
            self._digest.update(memoryview(block)[done : mark - self.size_bytes])
            done = mark - self.size_bytes
            self._digest.note(mark)
        self._digest.update(memoryview(block)[done:] if done else block)
        self.size_bytes += len(block)
