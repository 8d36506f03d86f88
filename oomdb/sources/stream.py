"""One log on its way to the reader: its blocks, and what was learned while they passed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 20


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
    those of the content, after decompression, as far as it was read.
    """

    name: str
    file: Readable
    host: str | None = None
    modified_s: float | None = None
    problem: str | None = None
    size_bytes: int = 0
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
            self._hash.update(block)
            self.size_bytes += len(block)
            yield block
