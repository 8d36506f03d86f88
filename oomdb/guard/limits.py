"""How much time, memory and disk a question may take, as the command line spells it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from oomdb import sizes
from oomdb.errors import UsageError

#: What is written for no limit.
_NO_LIMIT = ("none", "0")
_SECONDS = re.compile(r"\d{1,8}(?:\.\d+)?")
#: More than any machine has, and still a number that the kernel takes.
_MOST_BYTES = 1 << 60

DEFAULT_TIMEOUT = "300"
#: The memory limit where half of the machine's memory is not less.
DEFAULT_MEMORY_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a question may take; None is no limit.

    `time_s` is the time that is waited for it; that a reader takes to read does not count.
    `temp_bytes` of 0 keep it from writing temporary files.
    """

    time_s: float | None
    memory_bytes: int | None
    temp_bytes: int

    @classmethod
    def of(cls, timeout: str, memory_limit: str | None, temp_limit: str) -> Limits:
        """The limits as options name them; UsageError for what is no number or size."""
        return cls(
            time_s=_seconds(timeout),
            memory_bytes=_default_memory_bytes()
            if memory_limit is None
            else _size_bytes("--memory-limit", memory_limit),
            temp_bytes=_size_bytes("--temp-limit", temp_limit) or 0,
        )


def _seconds(text: str) -> float | None:
    """A limit in seconds; None for none."""
    if text.strip().lower() in _NO_LIMIT:
        return None
    if not _SECONDS.fullmatch(text.strip()):
        raise UsageError(f"--timeout {text!r} is no number of seconds (give 60, 0.5, or none)")
    return float(text) or None


def _size_bytes(option: str, text: str) -> int | None:
    """A size in bytes; None for none."""
    if text.strip().lower() in _NO_LIMIT:
        return None
    size_bytes = sizes.parsed(text)
    if size_bytes is None:
        raise UsageError(f"{option} {text!r} is no size (give 512M, 4G, 1.5G, or none)")
    return min(size_bytes, _MOST_BYTES) or None


def _default_memory_bytes() -> int:
    try:
        machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return DEFAULT_MEMORY_BYTES
    return min(DEFAULT_MEMORY_BYTES, machine_bytes // 2)
