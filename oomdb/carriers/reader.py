"""Lines of a stream to lines of the kernel, whatever program wrote them.

The carrier is told from each line itself, so that it may change in mid-file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oomdb.carriers import prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine, RawLine


class Records(Protocol):
    """A carrier whose records may span lines, such as JSON or the journal's export."""

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The kernel lines that are complete now; None when the line is not of this carrier."""

    def flush(self) -> Iterator[KernelLine]:
        """What the last record still holds when the stream ends or lines are left out."""


class CarrierReader:
    """Takes the lines of one stream, in order."""

    def __init__(self) -> None:
        self._records: tuple[Records, ...] = ()
        self._plain = prefix.PrefixReader()

    def feed(self, line: RawLine) -> Iterator[KernelLine]:
        """The kernel lines that are complete now that `line` is known."""
        for carrier in self._records:
            taken = carrier.feed(line)
            if taken is not None:
                yield from taken
                return
        yield from self._plain.feed(line)

    def flush(self) -> Iterator[KernelLine]:
        """The lines of records that are still open when the stream ends."""
        for carrier in self._records:
            yield from carrier.flush()
