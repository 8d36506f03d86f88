"""The bytes of files, of pipes and of what had to be put into a temporary file."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oomdb import scratch
from oomdb.sources.limits import BrokenError, raised_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.sources.limits import Budget
    from oomdb.sources.stream import Readable

#: Bytes from which every format of container is told; a tar's header is the longest.
HEAD_BYTES = 512
#: Bytes that are read of a file at first, which are all of most.
_FIRST_BYTES = 64 << 10
_COPY_BYTES = 1 << 20


class FileReader:
    """An open regular file, as long as it was when it was opened, from its start.

    What is appended meanwhile belongs to the next run. `read` raises BrokenError when the
    file became shorter.
    """

    def __init__(self, descriptor: int, size_bytes: int, budget: Budget | None = None) -> None:
        self.descriptor = descriptor
        self.size_bytes = size_bytes
        self._budget = budget
        self._offset = 0

    def again(self) -> FileReader:
        """Another reader of the same file, at its start."""
        return FileReader(self.descriptor, self.size_bytes, self._budget)

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, or all; none at the end."""
        left = max(self.size_bytes - self._offset, 0)
        wanted = left if size < 0 else min(size, left)
        if not wanted:
            return b""
        data = os.pread(self.descriptor, wanted, self._offset)
        if not data:
            raise BrokenError("the file became shorter while it was read")
        self._offset += len(data)
        if self._budget is not None:
            self._budget.take(self._offset)
        return data

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; see io.IOBase.seek."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self.size_bytes}[whence]
        self._offset = max(start + offset, 0)
        return self._offset

    def tell(self) -> int:
        """The place of the next byte."""
        return self._offset


class SparseReader:
    """A file that is mostly holes: its zeros count as if they came out of compression."""

    def __init__(self, file: Readable, budget: Budget) -> None:
        self._file = file
        self._budget = budget

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end. LimitError when there are too many zeros."""
        data = self._file.read(size)
        self._budget.expand(len(data))
        return data


class PipeReader:
    """Standard input, or another open file that is read once."""

    def __init__(self, descriptor: int, budget: Budget) -> None:
        self._descriptor = descriptor
        self._budget = budget
        self._offset = 0

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        data = os.read(self._descriptor, size)
        self._offset += len(data)
        self._budget.take(self._offset)
        return data


class Peeked:
    """Data whose first bytes were looked at; they are read again with the rest."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._error: OSError | None = None
        most = _FIRST_BYTES if isinstance(file, FileReader) else HEAD_BYTES
        begin = b""
        try:
            while len(begin) < HEAD_BYTES:
                data = file.read(most - len(begin))
                if not data:
                    break
                begin = begin + data if begin else data
        except OSError as error:
            self._error = error
        self.head = begin[:HEAD_BYTES]
        self._rest = begin

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end. What went wrong while looking comes after."""
        rest = self._rest
        if rest:
            self._rest = rest[size:]
            return rest[:size]
        if self._error is not None:
            raise self._error
        return self._file.read(size)


class Chained:
    """Two sources of bytes, one after the other."""

    def __init__(self, first: Readable, second: Readable) -> None:
        self._first = first
        self._second = second

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end of both."""
        return self._first.read(size) or self._second.read(size)


@contextmanager
def spooled(file: Readable, most_bytes: int) -> Iterator[tuple[FileReader, OSError | None]]:
    """The data in a temporary file, at most `most_bytes` of them, and why it is not all.

    The reason is None when all of them fitted; a BrokenError of the data themselves comes
    back as the reason too. The rest of data that did not fit can still be read from
    `file`. OSError when there is no room for the file.
    """
    # It keeps its name while it is read: systemd opens no journal that has none.
    with tempfile.NamedTemporaryFile(dir=scratch.folder(large=True)) as copy:
        size, reason = 0, None
        while size < most_bytes:
            try:
                data = file.read(min(_COPY_BYTES, most_bytes - size))
            except OSError as error:
                reason = error
                break
            if not data:
                break
            copy.write(data)
            size += len(data)
        else:
            reason = BrokenError(
                f"limit reached: it takes more than {most_bytes:,} bytes of room"
                f" {raised_by('spool_bytes')}"
            )
        copy.flush()
        yield FileReader(copy.fileno(), size), reason
