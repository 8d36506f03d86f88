"""Bytes that the kernel printed, as text that every program can hold."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def _escape(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found.group().encode("utf-8", "surrogateescape"))


def stored(latin1: str) -> tuple[str, bytes | None]:
    r"""Readable UTF-8 text for one-character-per-byte text, and the bytes when they differ.

    Invalid bytes and control characters become `\\xNN`; the second value is None when
    encoding the text gives the bytes back.
    """
    if latin1.isascii() and latin1.isprintable():
        return latin1, None
    raw = latin1.encode("latin-1")
    text = _UNPRINTABLE.sub(_escape, raw.decode("utf-8", "surrogateescape"))
    return text, None if text.encode() == raw else raw
