"""Evidence as it is kept: a report's own lines, compressed each for itself."""

from __future__ import annotations

from functools import cache

import zstandard


@cache
def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=3)


def compress(evidence: bytes) -> bytes:
    """What is kept of these lines."""
    return _compressor().compress(evidence)


def decompress(kept: bytes) -> bytes:
    """The lines as they stood in their log, byte for byte."""
    return zstandard.decompress(kept)
