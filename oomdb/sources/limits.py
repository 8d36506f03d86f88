"""How much one source may cost. Each limit that is reached is told, never silent."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from oomdb import sizes
from oomdb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Names of limits that are sizes end so.
_SIZE = "_bytes"
_MOST_DIGITS = 18


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

    def set_to(self, settings: Iterable[str]) -> Limits:
        """These limits but for some, each as `NAME=VALUE`; sizes may end with K, M, G or T.

        UsageError for an unknown name and for a value that is none.
        """
        known, changed = asdict(self), {}
        for setting in settings:
            name, _, printed = setting.partition("=")
            if name not in known:
                raise UsageError(f"--limit {setting}: no such limit; there are {', '.join(known)}")
            value = sizes.parsed(printed) if name.endswith(_SIZE) else _number(printed)
            if not value:
                form = "a size such as 4G or 500M" if name.endswith(_SIZE) else "a number"
                raise UsageError(f"--limit {setting}: {name} must be {form}, above 0")
            changed[name] = value
        return replace(self, **changed)

    def changed(self) -> list[str]:
        """The limits that are not as by default, as `set_to` takes them."""
        default = Limits().described().split(", ")
        return [each for each in self.described().split(", ") if each not in default]

    def described(self) -> str:
        """The names of all limits with their values, as `set_to` takes them."""
        return ", ".join(f"{name}={_shown(name, value)}" for name, value in asdict(self).items())


def _number(printed: str) -> int | None:
    """A number; None for what is none."""
    text = printed.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _shown(name: str, value: int) -> str:
    """A value as `Limits.set_to` takes it."""
    return sizes.written(value) if name.endswith(_SIZE) else str(value)


def raised_by(name: str) -> str:
    """What to do when a limit is reached."""
    return f"(--limit {name}={'SIZE' if name.endswith(_SIZE) else 'NUMBER'} raises it)"


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
            self.end(
                f"more than {limits.expanded_bytes:,} bytes came out of its compression",
                "expanded_bytes",
            )
        if (
            self.expanded_bytes > limits.ratio_free_bytes
            and self.expanded_bytes > limits.ratio * self.taken_bytes
        ):
            self.end(
                f"it expands to more than {limits.ratio:,} times its size"
                f" ({self.expanded_bytes:,} bytes out of {self.taken_bytes:,})",
                "ratio",
            )

    def add_member(self) -> None:
        """Note one more file in an archive; LimitError when they are too many."""
        if self.reached is not None:
            raise self.reached
        self.members += 1
        if self.members > self.limits.members:
            self.end(f"its archives hold more than {self.limits.members:,} files", "members")

    def end(self, reason: str, limit: str) -> None:
        """Stop reading the source at the limit of that name: always raises LimitError."""
        told = f"limit reached: {reason}; the rest was not read {raised_by(limit)}"
        self.reached = LimitError(told)
        raise self.reached
