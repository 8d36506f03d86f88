"""Sizes as people write and read them, always to the base of 1024.

The kernel counts so, with whatever letters: its kB has 1024 bytes. 4G, 4GB and 4GiB are one
size; what is shown says GiB, so that nobody has to ask.
"""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d{1,19})(?:\.(\d{1,9}))? ?([KMGT]?)(?:i?B)?", re.ASCII | re.IGNORECASE)
_BITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_SHOWN = ("bytes", "KiB", "MiB", "GiB", "TiB")


def parsed(text: str) -> int | None:
    """What `4G`, `1.5 GiB`, `512MB` or `1000` mean [bytes]; None for what is no size."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    whole, part, unit = found[1], found[2] or "", found[3].upper()
    scale: int = 10 ** len(part)
    return (int(whole + part) << _BITS[unit]) // scale


def written(size_bytes: int) -> str:
    """A size as `parsed` takes it back, in the largest unit that leaves a whole number: 4G."""
    return next(
        f"{size_bytes >> bits}{unit}"
        for unit, bits in reversed(_BITS.items())
        if not bits or (size_bytes and not size_bytes % (1 << bits))
    )


def shown(size_bytes: int) -> str:
    """A size for a person, in the largest unit that it fills: 999 bytes, 1.5 GiB."""
    power = min((max(size_bytes, 1).bit_length() - 1) // 10, len(_SHOWN) - 1)
    return f"{size_bytes / 1024**power:,.1f}".removesuffix(".0") + f" {_SHOWN[power]}"
