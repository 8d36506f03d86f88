"""Compressed data as a stream of their content, told from their first bytes.

gzip is read by ISA-L where there is a build of it, three times as fast as by zlib.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from oomdb.sources.limits import BrokenError, Budget, raised_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.sources.stream import Readable

#: Compressed bytes asked for at a time.
_TAKE_BYTES = 64 << 10
#: Bytes out of one call of a decoder: what a damaged place costs before it.
_STEP_BYTES = 4 << 10
#: The same where the data can be read again when there is a damaged place.
_LARGE_STEP_BYTES = 256 << 10
#: How libraries say that the data ask for more memory than they may have.
_TOO_LARGE = re.compile(r"too much memory|[Mm]emory usage limit")


class Decoder(Protocol):
    """A decompressor as bz2, lzma and the others have it; it stands for one frame or member."""

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before more is put in."""

    @property
    def unused_data(self) -> bytes | None:
        """What was put in after the end of the frame."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Some content, after `data` was put in."""


@dataclass(frozen=True, slots=True)
class Compression:
    """One format: how it begins, and a decoder within so many bytes of memory."""

    name: str
    start: re.Pattern[bytes]
    decoder: Callable[[int], Decoder]


def _gzip(_window_bytes: int) -> Decoder:
    try:
        from isal import igzip_lib
    except ImportError:
        return _ZlibDecoder()
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _bzip2(_window_bytes: int) -> Decoder:
    import bz2

    return bz2.BZ2Decompressor()


def _xz(window_bytes: int) -> Decoder:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=window_bytes)


def _zstd(window_bytes: int) -> Decoder:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    log = zstd.DecompressionParameter.window_log_max
    least, most = log.bounds()
    wanted = min(max(window_bytes.bit_length() - 1, least), most)
    return zstd.ZstdDecompressor(options={log: wanted})


def _lz4(_window_bytes: int) -> Decoder:
    import lz4.frame

    decoder: Decoder = lz4.frame.LZ4FrameDecompressor()
    return decoder


class _ZlibDecoder:
    """zlib behind the interface that the other decoders have."""

    def __init__(self) -> None:
        import zlib

        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._has_more = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._has_more

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        content = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self._has_more = len(content) == max_length or bool(self._zlib.unconsumed_tail)
        return content


COMPRESSIONS = (
    Compression("gzip", re.compile(rb"\x1f\x8b\x08"), _gzip),
    Compression("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), _bzip2),
    Compression("xz", re.compile(rb"\xfd7zXZ\0"), _xz),
    Compression("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), _zstd),
    Compression("lz4", re.compile(rb"\x04\x22\x4d\x18"), _lz4),
)
#: The most bytes that tell a format from its start.
_START_BYTES = 10

#: Formats of compression and archives that are known but not read.
_UNREADABLE = (
    ("7-Zip", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("RAR", re.compile(rb"Rar!\x1a\x07")),
    ("compress (.Z)", re.compile(rb"\x1f\x9d[\x09-\x10\x89-\x90]")),
    ("lzip", re.compile(rb"LZIP[\0\x01]")),
    ("lzop", re.compile(rb"\x89LZO\0\r\n\x1a\n")),
    ("old lz4", re.compile(rb"\x02\x21\x4c\x18")),
    ("snappy", re.compile(rb"\xff\x06\0\0sNaPpY")),
    ("old lzma", re.compile(rb"\x5d\0\0[\0-\xff]{2}(?:\xff{8}|[\0-\xff]{5}\0{3})")),
    ("UTF-16", re.compile(rb"\xff\xfe(?:[\t\r\n -~]\0){4}|\xfe\xff(?:\0[\t\r\n -~]){4}")),
)
#: Databases, whose pages hold text that looks like a log's and is none: oomdb's own keep
#: what the kernel printed, in pieces.
_DATABASES = (
    ("a DuckDB database", re.compile(rb"[\0-\xff]{8}DUCK[\0-\xff]\0{7}")),
    ("a DuckDB write-ahead log", re.compile(rb"d\0be\0[\x01-\x7f](?:\xff\xff|f\0)")),
    ("a Parquet file", re.compile(rb"PAR1\x15")),
)
#: How any of them begins, which a log does not: one look for most.
_ANY_START = re.compile(
    b"|".join(
        start.pattern
        for start in [
            *(kind.start for kind in COMPRESSIONS),
            *dict(_UNREADABLE + _DATABASES).values(),
        ]
    )
)


def compression_of(head: bytes) -> Compression | None:
    """The format that data with this start have; None when it is none of ours."""
    if _ANY_START.match(head):
        for kind in COMPRESSIONS:
            if kind.start.match(head):
                return kind
    return None


def why_unread(head: bytes) -> str | None:
    """Why data that begin so are not read; None when they may be a log."""
    if _ANY_START.match(head):
        for name, start in _UNREADABLE:
            if start.match(head):
                return f"{name} data are not read; unpack or convert them first"
        for name, start in _DATABASES:
            if start.match(head):
                return f"{name}, which is no log"
    return None


class _DamagedError(BrokenError):
    """A decoder met a damaged place; what it had before it in the same step is lost."""


class Decompressed:
    """The content of compressed data: of all its members or frames, one after the other.

    Where the data end early or are damaged, what came before is given first. `again` gives
    the same data from their start once more; they are read faster with it, in large steps,
    and once more in small ones when one of them meets a damaged place.
    """

    def __init__(
        self,
        raw: Readable,
        kind: Compression,
        budget: Budget,
        again: Callable[[], Readable] | None = None,
    ) -> None:
        self._raw = raw
        self._kind = kind
        self._budget = budget
        self._again = again
        self._step_bytes = _STEP_BYTES if again is None else _LARGE_STEP_BYTES
        self._given_bytes = 0
        self._repeated: Decompressed | None = None
        self._decoder: Decoder | None = None
        self._rest = b""
        self._begun = False
        self._error: OSError | None = None

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of content; none at the end. BrokenError where it breaks."""
        if self._error is not None:
            raise self._error
        enough = size if self._again is None else min(size, _LARGE_STEP_BYTES // 2)
        parts: list[bytes] = []
        length = 0
        try:
            while length < enough:
                part = self._part(size - length)
                if not part:
                    break
                parts.append(part)
                length += len(part)
            self._budget.expand(length)
        except OSError as error:
            self._error = error
            if not parts:
                raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _part(self, most: int) -> bytes:
        """Some content; none at the end."""
        if self._repeated is None:
            try:
                part = self._step(min(self._step_bytes, most))
            except _DamagedError as error:
                if self._again is None:
                    raise
                self._repeated = self._repeat(self._again, error)
            else:
                self._given_bytes += len(part)
                return part
        return self._repeated.read(most)

    def _repeat(self, again: Callable[[], Readable], error: _DamagedError) -> Decompressed:
        """The same content in small steps, read as far as it was given."""
        self._decoder = None
        budget = Budget(self._budget.limits, self._budget.taken_bytes)
        repeated = Decompressed(again(), self._kind, budget)
        left = self._given_bytes
        try:
            while left:
                part = repeated.read(min(left, _LARGE_STEP_BYTES))
                if not part:
                    raise error
                left -= len(part)
        except OSError:
            raise error from None
        return repeated

    def _step(self, most: int) -> bytes:
        """Some content; none at the end."""
        while True:
            if self._decoder is None:
                if not self._finds_member():
                    return b""
                self._decoder = self._kind.decoder(self._budget.limits.window_bytes)
            decoder = self._decoder
            data, self._rest = self._rest, b""
            is_cut = False
            if not data and decoder.needs_input:
                data = self._raw.read(_TAKE_BYTES)
                is_cut = not data
            # Some decoders want input though they have not given all that they have.
            content = self._decoded(decoder, data, most)
            if is_cut and not content and not decoder.eof:
                raise BrokenError(f"{self._kind.name} data end early: the file is cut")
            if decoder.eof:
                self._rest = decoder.unused_data or b""
                self._decoder = None
            if content:
                return content

    def _decoded(self, decoder: Decoder, data: bytes, most: int) -> bytes:
        try:
            return decoder.decompress(data, most)
        except Exception as error:  # each library has its own kinds
            if isinstance(error, MemoryError) or _TOO_LARGE.search(str(error)):
                limit = self._budget.limits.window_bytes
                raise BrokenError(
                    f"limit reached: unpacking the {self._kind.name} data takes more than"
                    f" {limit:,} bytes of memory {raised_by('window_bytes')}"
                ) from None
            raise _DamagedError(f"{self._kind.name} data are damaged ({error})") from None

    def _finds_member(self) -> bool:
        """Whether more compressed data follow; zeros between and after them are padding."""
        rest = self._rest
        while len(rest) < _START_BYTES:
            more = self._raw.read(_TAKE_BYTES)
            rest = (rest + more).lstrip(b"\0") if self._begun else rest + more
            if not more:
                break
        self._rest = rest.lstrip(b"\0") if self._begun else rest
        if not self._rest:
            return False
        if self._begun and not self._kind.start.match(self._rest):
            raise BrokenError(
                f"after the end of the {self._kind.name} data other data follow,"
                " which were not read"
            )
        self._begun = True
        return True
