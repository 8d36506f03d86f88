"""One log on its way to the reader: its blocks, and what was learned while they passed."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oomdb.sources.machine import Machine

BLOCK_BYTES = 1 << 20


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
    """

    name: str
    file: Readable
    modified_s: float | None = None
    problem: str | None = None
    size_bytes: int = 0
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
