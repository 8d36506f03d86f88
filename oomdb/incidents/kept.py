"""Evidence as it is kept: a report's own lines, compressed each for itself.

What most reports have in common stands in a dictionary, so that a short one becomes half as
long. A frame names its dictionary by number; each that was ever used is kept beside this
module as `evidence-NUMBER.zdict` and never changes, or what was kept by it is lost.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import zstandard

from oomdb.errors import OomdbError

#: The dictionary that evidence is compressed with now.
DICTIONARY = 100001
#: The quickest; with a dictionary the next ones save nothing.
_LEVEL = 1
#: More is no report, whatever a frame says of itself.
_MOST_BYTES = 1 << 30


def compress(evidence: bytes) -> bytes:
    """What is kept of these lines."""
    return _compressor().compress(evidence)


def decompress(kept: bytes) -> bytes:
    """The lines as they stood in their log, byte for byte.

    Frames of no dictionary are read too. OomdbError when a newer oomdb wrote them, or when
    they are damaged.
    """
    try:
        frame = zstandard.get_frame_parameters(kept)
        if frame.content_size > _MOST_BYTES:
            raise OomdbError(f"kept evidence of {frame.content_size:,} bytes is no report's")
        return _decompressor(frame.dict_id).decompress(kept)
    except zstandard.ZstdError as error:
        raise OomdbError(f"kept evidence cannot be read: {error}") from error


def dictionary_file(number: int) -> Path:
    """Where a dictionary lies."""
    return Path(__file__).with_name(f"evidence-{number}.zdict")


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    file = dictionary_file(number)
    if not file.exists():
        raise OomdbError(f"kept evidence needs dictionary {number} of a newer oomdb")
    return zstandard.ZstdCompressionDict(file.read_bytes())


@cache
def _compressor() -> zstandard.ZstdCompressor:
    dictionary = _dictionary(DICTIONARY)
    dictionary.precompute_compress(level=_LEVEL)
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary)


@cache
def _decompressor(number: int) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary(number) if number else None)
