"""A line of a log: as it stands in the file, and as the kernel printed it."""

from __future__ import annotations

from dataclasses import dataclass

#: A larger number of seconds since boot is a time of day.
_LONGEST_UPTIME_S = 10**9


def plausible_uptime_s(seconds: float) -> float | None:
    """The seconds since boot; None where no machine can have run so long."""
    return float(seconds) if 0 <= seconds < _LONGEST_UPTIME_S else None


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line of a stream without its newline, one character per byte (Latin-1).

    `line_no` counts from 1; the bytes are `first_byte` up to, not including, `last_byte`,
    which lies after the newline. A line too long to be held comes in several pieces of
    one number.
    """

    text: str
    line_no: int
    first_byte: int
    last_byte: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of a stream, each with its newline, one character per byte (Latin-1).

    `line_no` is the number of its first line and `first_byte` where that begins. Only the
    stream's last line, and the pieces of a line too long to be held, end without a newline.
    """

    text: str
    line_no: int
    first_byte: int

    def line_at(self, at: int, line_no: int) -> RawLine:
        """The line that begins at `at` in the text and has that number."""
        newline = self.text.find("\n", at)
        stop = newline if newline >= 0 else len(self.text)
        last_byte = self.first_byte + stop + (newline >= 0)
        return RawLine(self.text[at:stop], line_no, self.first_byte + at, last_byte)


@dataclass(slots=True)
class KernelLine:
    """One line as the kernel printed it, and what the carrier said about it.

    `text` holds one character per byte (Latin-1), so that no byte is lost and
    offsets stay true; `oomdb.text` makes readable text of it. `raw` is the line or the
    record that it came from. `foreign` tells that a program other than the kernel wrote
    it, `doubtful` that the carrier has a program's facility for it, which relays give to
    lines of the kernel too. Fields that the carrier does not print are None; `stamp` is the
    wall-clock time as printed, or in ISO 8601 where a number stood for it, `received` the one
    of a program that passed on a line which has a stamp of its own. `turn` counts the ends of
    years before the line in its log, `boot_s` is when its host booted, in seconds since 1970,
    where the log tells; `returned` tells that its host's clock was put back not long before;
    `delta_s` is the time since the line before, where only that is printed.
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
    received: str | None = None
    uptime_s: float | None = None
    delta_s: float | None = None
    boot_id: str | None = None
    caller: str | None = None
    spliced: bool = False
    turn: int = 0
    returned: bool = False
    boot_s: float | None = None
    doubtful: bool = False

    @property
    def last_line(self) -> int:
        """The number of the line, or of the first one of its record."""
        return self.line_no

    @property
    def width(self) -> int:
        """Length of the whole line with its prefix, in bytes without the newline."""
        return self.last_byte - self.first_byte - 1
