"""Changes of a text that keep most of its structure, drawn from a seed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.fuzz.seeds import TOKENS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

MOST_BYTES = 64 << 10
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (b"0", b"1", b"255", b"4294967296", b"9" * 19, b"9" * 30, b"9" * 4400, b"-1", b"007")


def _range(data: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(start + draw.choice((1, 2, 8, 64, 512, 4096)), len(data))


def _flip(data: bytes, other: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 2, 8))):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _delete(data: bytes, other: bytes, draw: random.Random) -> bytes:
    start, end = _range(data, draw)
    return data[:start] + data[end:]


def _repeat(data: bytes, other: bytes, draw: random.Random) -> bytes:
    start, end = _range(data, draw)
    times = draw.choice((1, 2, 16, 256))
    return data[:end] + data[start:end] * times + data[end:]


def _insert(data: bytes, other: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(TOKENS) * draw.choice((1, 1, 1, 3, 40)) + data[at:]


def _splice(data: bytes, other: bytes, draw: random.Random) -> bytes:
    start, end = _range(other, draw)
    at = draw.randrange(len(data) + 1)
    return data[:at] + other[start:end] + data[at:]


def _number(data: bytes, other: bytes, draw: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    one = draw.choice(found)
    return data[: one.start()] + draw.choice(_NUMBERS) + data[one.end() :]


def _lines(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Lines dropped, doubled, moved, cut, or mixed with another text's."""
    lines = data.split(b"\n")
    at, to = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(6):
        case 0:
            del lines[at : at + draw.choice((1, 3, 30))]
        case 1:
            lines[to:to] = lines[at : at + draw.choice((1, 3, 30))]
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            lines[at] = lines[at][: draw.randrange(len(lines[at]) + 1)]
        case 4:
            mixed = other.split(b"\n")[: len(lines)]
            lines = [line for pair in zip(lines, mixed, strict=False) for line in pair]
        case _:
            prefix = draw.choice(TOKENS).rstrip(b"\n")
            lines[at:] = [prefix + line for line in lines[at:]]
    return b"\n".join(lines)


_CHANGES: Sequence[Callable[[bytes, bytes, random.Random], bytes]] = (
    _flip,
    _delete,
    _repeat,
    _insert,
    _splice,
    _number,
    _lines,
    _lines,
)


def mutated(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """`data` after some changes, in which pieces of `other` may stand."""
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        data = draw.choice(_CHANGES)(data, other, draw)[:MOST_BYTES]
    return data
