"""One log on its way to the reader: its blocks, and what was learned while they passed."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from oomdb.sources.machine import Machine

BLOCK_BYTES = 1 << 20
#: A longer version of a log begins with the same bytes.
HEAD_BYTES = 1024


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
    noted in `sha256_at`, so that a log is known again after it has grown.
    """

    name: str
    file: Readable
    modified_s: float | None = None
    problem: str | None = None
    size_bytes: int = 0
    head_digest: str | None = None
    sha256_at: dict[int, str] = field(default_factory=dict)
    marks_of: Callable[[str | None], Iterable[int]] | None = None
    _has_ended: bool = field(default=False, repr=False)
    _marks: list[int] = field(default_factory=list, repr=False)
    named_host: str | None = None
    path_host: str | None = None
    find_machine: Callable[[], Machine | None] = field(default=_no_machine, repr=False)
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

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
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """The content in blocks; it ends early, with a `problem`, where it cannot be read."""
        block = self._read()
        while 0 < len(block) < HEAD_BYTES:
            more = self._read()
            if not more:
                break
            block += more
        while block:
            self._note(block)
            yield block
            block = self._read()

    def _read(self) -> bytes:
        """The next bytes, as many as come at once; none at the end or where reading fails."""
        block = b""
        if not self._has_ended:
            try:
                block = self.file.read(BLOCK_BYTES)
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
            self._hash.update(block[done : mark - self.size_bytes])
            done = mark - self.size_bytes
            self.sha256_at[mark] = self.sha256
        self._hash.update(block[done:])
        self.size_bytes += len(block)
