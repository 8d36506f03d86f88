"""How much one source may cost. Each limit that is reached is told, never silent."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one source may take, against files made to exhaust the reader.

    `expanded_bytes` is the most that comes out of all its layers of compression together,
    `ratio` the most that comes out of one byte in, looked at once `ratio_free_bytes` came
    out. Text of logs compresses 5 to 50 times, one line again and again up to 1000 times.
    `nesting` counts layers of compression and archives inside each other, `members` the
    files in all its archives. `spool_bytes` is the most that is kept in a temporary file
    at a time, `window_bytes` what one decompressor may keep in memory, `header_bytes` the
    most of a tar header, `directory_bytes` of the directory of a zip archive.
    """

    expanded_bytes: int = 1 << 38
    ratio: int = 500
    ratio_free_bytes: int = 256 << 20
    nesting: int = 8
    members: int = 1_000_000
    spool_bytes: int = 4 << 30
    window_bytes: int = 128 << 20
    header_bytes: int = 1 << 20
    directory_bytes: int = 64 << 20


class BrokenError(OSError):
    """The data end or cannot be read on; the message tells why in a user's words."""


class LimitError(BrokenError):
    """One of the limits of the source is reached; nothing more of it is read."""


@dataclass
class Budget:
    """What one source has cost so far.

    `taken_bytes` is how far into the source it was read, `expanded_bytes` how much came
    out of its compression. `reached` is the limit that ended it, None before.
    """

    limits: Limits
    taken_bytes: int = 0
    expanded_bytes: int = 0
    members: int = 0
    reached: LimitError | None = field(default=None)

    def take(self, offset: int) -> None:
        """Note that the source was read as far as `offset`."""
        self.taken_bytes = max(self.taken_bytes, offset)

    def expand(self, size_bytes: int) -> None:
        """Note bytes that came out of compression; LimitError when they are too many."""
        if self.reached is not None:
            raise self.reached
        self.expanded_bytes += size_bytes
        limits = self.limits
        if self.expanded_bytes > limits.expanded_bytes:
            self.end(f"more than {limits.expanded_bytes:,} bytes came out of its compression")
        if (
            self.expanded_bytes > limits.ratio_free_bytes
            and self.expanded_bytes > limits.ratio * self.taken_bytes
        ):
            self.end(
                f"it expands to more than {limits.ratio:,} times its size"
                f" ({self.expanded_bytes:,} bytes out of {self.taken_bytes:,})"
            )

    def add_member(self) -> None:
        """Note one more file in an archive; LimitError when they are too many."""
        if self.reached is not None:
            raise self.reached
        self.members += 1
        if self.members > self.limits.members:
            self.end(f"its archives hold more than {self.limits.members:,} files")

    def end(self, reason: str) -> None:
        """Stop reading the source: always raises LimitError."""
        self.reached = LimitError(f"limit reached: {reason}; the rest was not read")
        raise self.reached
