"""A line of a log with its carrier's prefix taken off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class KernelLine:
    """One line as the kernel printed it, and what the carrier said about it.

    `text` holds one character per byte (Latin-1), so that no byte is lost and
    offsets stay true; `oomdb.text` makes readable text of it. `raw` is the line with its
    prefix. Fields that the
    carrier does not print are None.
    """

    text: str
    line_no: int
    first_byte: int
    last_byte: int
    raw: str
    carrier: str
    prefixed: bool = False
    foreign: bool = False
    host: str | None = None
    stamp: str | None = None
    uptime_s: float | None = None
    caller: str | None = None
    spliced: bool = False

    @property
    def width(self) -> int:
        """Length of the whole line with its prefix, in bytes without the newline."""
        return self.last_byte - self.first_byte - 1
