"""One log on its way to the reader: its blocks, and what was learned while they passed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BLOCK_BYTES = 1 << 20
#: A longer version of a log begins with the same bytes.
HEAD_BYTES = 1024


class Readable(Protocol):
    """What a stream is read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass
class Stream:
    """A file, or a member of an archive, that is read once from start to end.

    `name` is its path as text that any program can hold, with `!/` before a member.
    `host` is the machine that the path or the archive tells, `modified_s` the time of
    its last change in seconds since 1970; None where nothing tells. `problem` says why
    it could not be read to its end, once that is known. The size and the SHA-256 are
    those of the content, after decompression, as far as it was read. `marks_of` is asked
    with the digest of the head for sizes at which the SHA-256 is noted in
    `sha256_at`, so that a log is known again after it has grown.
    """

    name: str
    file: Readable
    host: str | None = None
    modified_s: float | None = None
    problem: str | None = None
    size_bytes: int = 0
    head_digest: str | None = None
    sha256_at: dict[int, str] = field(default_factory=dict)
    marks_of: Callable[[str | None], Iterable[int]] | None = None
    _marks: list[int] = field(default_factory=list, repr=False)
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read so far, hexadecimal."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """The content in blocks; it ends early, with a `problem`, where it cannot be read."""
        while True:
            try:
                block = self.file.read(BLOCK_BYTES)
            except OSError as error:
                self.problem = error.strerror or str(error)
                return
            if not block:
                return
            self._note(block)
            yield block

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
