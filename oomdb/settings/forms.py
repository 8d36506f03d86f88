"""How the texts of settings are written: what each means, or ValueError with what is wrong."""

from __future__ import annotations

import re
from datetime import time

from oomdb import sizes
from oomdb.errors import UsageError

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,2})?%", re.ASCII)
#: With less no command of oomdb starts, and more no machine has.
_LEAST_MEMORY_BYTES, _MOST_MEMORY_BYTES = 64 << 20, 1 << 50


def clock_time(text: str) -> time:
    """A time of day such as `07:00`."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a time of day: {text!r} (give 07:00)")
    return time(int(found[1]), int(found[2]))


def memory_max(text: str) -> str:
    """A limit of memory as systemd takes it: `2G`, `25%` of the machine's, or `infinity`."""
    plain = text.strip()
    if plain == "infinity":
        return plain
    if _PERCENT.fullmatch(plain) and 0 < float(plain[:-1]) <= 100:
        return plain
    size_bytes = None if plain.endswith("%") else sizes.parsed(plain)
    if size_bytes is None:
        raise ValueError(f"not an amount of memory: {text!r} (give 2G, 25%, or infinity)")
    if not _LEAST_MEMORY_BYTES <= size_bytes <= _MOST_MEMORY_BYTES:
        least, most = sizes.written(_LEAST_MEMORY_BYTES), sizes.written(_MOST_MEMORY_BYTES)
        raise ValueError(f"an amount of memory from {least} to {most}, or infinity, not {text!r}")
    return sizes.written(size_bytes)


def zone(text: str) -> None:
    """A time zone."""
    from oomdb.dating import zone_called

    try:
        zone_called(text)
    except UsageError as error:
        raise ValueError(str(error)) from None


def timeout(text: str) -> None:
    """How long a query may take."""
    _limits("--timeout ", text, None)


def memory_limit(text: str) -> None:
    """What a query may take of memory."""
    _limits("--memory-limit ", "none", text)


def _limits(option: str, time: str, memory: str | None) -> None:
    from oomdb.guard.limits import Limits

    try:
        Limits.of(time, memory, "none")
    except UsageError as error:
        raise ValueError(str(error).removeprefix(option)) from None
