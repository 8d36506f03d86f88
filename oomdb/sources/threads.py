"""Reading ahead and hashing behind, each in a thread of its own.

What reads, unpacks and hashes bytes lets other threads run meanwhile, so that a large log
takes about as long as the slowest of these alone.
"""

from __future__ import annotations

import hashlib
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oomdb.sources.stream import Readable

_AHEAD_BLOCKS = 4
_BEHIND_BLOCKS = 8


class ReadAhead:
    """A file that is read some blocks ahead of who asks for them, until it is closed."""

    def __init__(self, file: Readable, block_bytes: int) -> None:
        self._file = file
        self._block_bytes = block_bytes
        self._blocks: Queue[bytes | Exception] = Queue(_AHEAD_BLOCKS)
        self._is_closed = False
        self._thread = Thread(target=self._run, name="oomdb-read-ahead", daemon=True)
        self._thread.start()

    def read(self, _size: int, /) -> bytes:
        """The next block, whatever its size; none at the end. Raises what reading raised."""
        block = self._blocks.get()
        if isinstance(block, Exception):
            self._blocks.put(block)
            raise block
        if not block:
            self._blocks.put(block)
        return block

    def close(self) -> None:
        """Read no more; the file is free once this has returned."""
        self._is_closed = True
        # The thread puts one more block at the most, for which there is room then.
        while True:
            try:
                self._blocks.get_nowait()
            except Empty:
                break
        self._thread.join()

    def _run(self) -> None:
        block: bytes | Exception = b" "
        while block and not self._is_closed:
            try:
                block = self._file.read(self._block_bytes)
            except Exception as error:  # it is raised where the block is asked for
                self._blocks.put(error)
                return
            self._blocks.put(block)


class Digest:
    """The SHA-256 of bytes that come in blocks, and of their beginnings at some sizes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._sizes: dict[int, str] = {}
        self._queue: Queue[bytes | memoryview | int | None] | None = None
        self._thread: Thread | None = None

    def update(self, data: bytes | memoryview) -> None:
        """Take in more bytes."""
        if self._queue is not None:
            self._queue.put(data)
        else:
            self._hash.update(data)

    def note(self, size_bytes: int) -> None:
        """Note the digest of the bytes so far, which are so many."""
        if self._queue is not None:
            self._queue.put(size_bytes)
        else:
            self._sizes[size_bytes] = self._hash.hexdigest()

    def fall_behind(self) -> None:
        """Hash in a thread from now on, until a digest is asked for."""
        self._queue = Queue(_BEHIND_BLOCKS)
        self._thread = Thread(
            target=self._run, args=(self._queue,), name="oomdb-digest", daemon=True
        )
        self._thread.start()

    def catch_up(self) -> None:
        """Wait for the thread, and hash without one again."""
        if self._queue is not None and self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._queue = self._thread = None

    @property
    def hexdigest(self) -> str:
        """The digest of all bytes so far, hexadecimal."""
        self.catch_up()
        return self._hash.hexdigest()

    @property
    def at_sizes(self) -> dict[int, str]:
        """The digests that were noted, by the size."""
        self.catch_up()
        return self._sizes

    def _run(self, queue: Queue[bytes | memoryview | int | None]) -> None:
        while (data := queue.get()) is not None:
            if isinstance(data, int):
                self._sizes[data] = self._hash.hexdigest()
            else:
                self._hash.update(data)
