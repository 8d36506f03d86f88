"""The members of tar and zip archives, read in order; nothing is ever written to disk.

The names of members are names only: absolute ones and those with `..` lead nowhere.
"""

from __future__ import annotations

import math
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oomdb.sources.limits import BrokenError, raised_by
from oomdb.sources.readers import FileReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.sources.limits import Limits
    from oomdb.sources.stream import Readable

_SKIP_BYTES = 1 << 20
_CUT = "the tar archive ends early: the file is cut"
#: What may stand for a number in a tar's header, which is looked at before its checksum is
#: worked out.
_CHECKSUM = re.compile(rb"[\x80\xff]|[\t-\r\x1c- +\-_0-7oO]*(?:\0|\Z)")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
#: The end of a zip's directory: a record of this size, after it a comment of up to 64 kB.
_ZIP_END = struct.Struct("<4s4H2LH")
#: The same for large archives, and the pointer to it.
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ZIP64_POINTER = struct.Struct("<4sLQL")
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, or a link when `link` tells where it leads.

    `path` is its name as text that any program can hold. `modified_s` is in seconds since
    1970, None where the archive does not tell it in UTC. `expands` tells that its content
    is larger than what stands for it in the archive. A member with a `problem` cannot be
    read; without a path too, it is the rest of the archive that cannot.
    """

    path: str
    file: Readable | None = None
    modified_s: float | None = None
    link: str | None = None
    expands: bool = False
    problem: str | None = None


def _readable_name(name: str) -> str:
    raw = os.fsencode(name.removeprefix("./")) if _is_utf8_made(name) else name.encode("utf-8")
    return raw.decode("utf-8", "backslashreplace")


def _is_utf8_made(name: str) -> bool:
    """Whether the name came from bytes by the file system's own way."""
    try:
        os.fsencode(name)
    except UnicodeError:
        return False
    return True


# tar


def is_tar(head: bytes) -> bool:
    """Whether the data begin with a header of tar, of any kind since Version 7."""
    if len(head) < tarfile.BLOCKSIZE or not _CHECKSUM.match(head, 148, 156):
        return False
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Forward:
    """The bytes of a tar for tarfile, which goes forward only.

    They end where the data break, so that tarfile gives what came before; `problem` then
    has the reason. While a header is read, at most `allowed_bytes` are given, and
    `last_header` is the last block of it.
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._offset = 0
        self.problem: OSError | None = None
        self.was_told = False
        self.is_at_end = False
        self.allowed_bytes: int | None = None
        self.last_header = b""

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go forward, by reading where there is no other way."""
        del whence
        if isinstance(self._file, FileReader):
            self._offset = self._file.seek(offset)
        while self._offset < offset:
            data = self._part(min(_SKIP_BYTES, offset - self._offset))
            if not data:
                break
        return self._offset

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, less at the end only."""
        if self.allowed_bytes is not None:
            if size > self.allowed_bytes:
                self.problem = BrokenError(
                    f"limit reached: a header of the tar is too large {raised_by('header_bytes')}"
                )
                return b""
            self.allowed_bytes -= size
        parts = []
        while size > 0:
            data = self._part(size)
            if not data:
                break
            parts.append(data)
            size -= len(data)
        joined = parts[0] if len(parts) == 1 else b"".join(parts)
        if self.allowed_bytes is not None:
            self.last_header = joined
        return joined

    def _part(self, size: int) -> bytes:
        if self.problem is not None:
            return b""
        try:
            data = self._file.read(size)
        except OSError as error:
            self.problem = error
            return b""
        self._offset += len(data)
        self.is_at_end = not data
        return data

    def drain(self) -> None:
        """Read on to the end of compressed data, so that their checksums are looked at."""
        if not isinstance(self._file, FileReader):
            while self._part(_SKIP_BYTES):
                pass


class _TarContent:
    """What one member holds."""

    def __init__(self, forward: _Forward, content: Any) -> None:
        self._forward = forward
        self._content = content

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        try:
            data: bytes = self._content.read1(size)
        except tarfile.ReadError:
            self._forward.was_told = True
            if self._forward.problem is not None:
                raise self._forward.problem from None
            raise BrokenError(_CUT) from None
        return data


def tar_members(file: Readable, limits: Limits) -> Iterator[Member]:
    """The files and links of a tar, in order; each is to be read before the next is asked for.

    Where the archive is cut or damaged, the last one is a Member with no path and the
    problem, unless the content of a member had it already.
    """
    forward = _Forward(file)
    archive: tarfile.TarFile | None = None
    while True:
        forward.allowed_bytes = limits.header_bytes
        try:
            if archive is None:
                archive = tarfile.TarFile(
                    fileobj=forward,  # type: ignore[arg-type]
                    encoding="utf-8",
                    errors="surrogateescape",
                )
            archive.members = []  # type: ignore[attr-defined]  # it would keep them all
            header = archive.next()
        except Exception as error:  # whatever its arithmetic on damaged fields runs into
            broken = _CUT if forward.is_at_end else f"the tar is damaged ({error})"
            forward.problem = forward.problem or BrokenError(broken)
            header = None
        if header is None or archive is None:
            break
        forward.allowed_bytes = None
        yield from _tar_member(archive, header, forward)
    if not forward.was_told:
        reason = _tar_end(forward)
        if reason is not None:
            yield Member("", problem=reason)


def _tar_member(
    archive: tarfile.TarFile, header: tarfile.TarInfo, forward: _Forward
) -> Iterator[Member]:
    path = _readable_name(header.name)
    modified_s = _sane_time(header.mtime)
    if header.issym() or header.islnk():
        yield Member(path, link=header.linkname, modified_s=modified_s)
    elif header.isreg():
        content = _TarContent(forward, archive.extractfile(header))
        yield Member(path, content, modified_s, expands=header.issparse())


def _tar_end(forward: _Forward) -> str | None:
    """Why the archive ended where it did; None for a proper end."""
    if forward.problem is not None:
        return forward.problem.strerror or str(forward.problem)
    if len(forward.last_header) < tarfile.BLOCKSIZE:
        return _CUT
    if forward.last_header.strip(b"\0"):
        return f"the tar is damaged at byte {forward.tell():,}; the rest was not read"
    forward.drain()
    return None if forward.problem is None else str(forward.problem)


def _sane_time(seconds: float) -> float | None:
    """A member's time; None for 0, which stands for unknown, and for nonsense."""
    return float(seconds) if math.isfinite(seconds) and 0 < seconds < 1 << 40 else None


# zip


def is_zip(head: bytes) -> bool:
    """Whether the data begin as a zip archive does."""
    return head.startswith(_ZIP_STARTS)


class _ZipContent:
    """What one member holds; opened when it is first read."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive = archive
        self._info = info
        self._content: Any = None

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        try:
            if self._content is None:
                self._content = self._archive.open(self._info)
            data: bytes = self._content.read1(size)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise BrokenError(f"the member of the zip is damaged ({error})") from None
        except (NotImplementedError, RuntimeError, ValueError) as error:
            raise BrokenError(f"the member of the zip cannot be read ({error})") from None
        if not data:
            self._content.close()
        return data


def zip_members(file: FileReader, limits: Limits) -> Iterator[Member]:
    """The files and links of a zip, in the order of its directory, which stands at its end.

    Without the directory, one Member with no path and the problem.
    """
    try:
        size_bytes = _directory_bytes(file)
        if size_bytes > limits.directory_bytes:
            reason = "limit reached: the directory of the zip is too large"
            yield Member("", problem=f"{reason} {raised_by('directory_bytes')}")
            return
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        reason = "the zip has no directory at its end: the file is cut or damaged"
        yield Member("", problem=reason)
        return
    except Exception as error:  # whatever its arithmetic on damaged fields runs into
        yield Member("", problem=f"the zip is damaged ({error})")
        return
    for info in archive.infolist():
        member = _zip_member(archive, info)
        if member is not None:
            yield member


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member | None:
    path = _readable_name(info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or kind not in (0, stat.S_IFREG, stat.S_IFLNK):
        return None
    modified_s = _zip_time(info.extra)
    if info.flag_bits & _ENCRYPTED:
        return Member(path, modified_s=modified_s, problem="it is encrypted")
    if info.compress_type not in _ZIP_METHODS:
        reason = f"its compression method {info.compress_type} is not read; unpack the zip first"
        return Member(path, modified_s=modified_s, problem=reason)
    content = _ZipContent(archive, info)
    if kind == stat.S_IFLNK:
        return Member(path, modified_s=modified_s, link="")
    return Member(path, content, modified_s, expands=info.compress_type != zipfile.ZIP_STORED)


def _directory_bytes(file: FileReader) -> int:
    """The size of a zip's directory as its end tells it; BadZipFile without one."""
    file.seek(max(file.size_bytes - _ZIP_END.size - 0xFFFF, 0))
    start, tail = file.tell(), file.read()
    at = tail.rfind(_ZIP_STARTS[1])
    if at < 0 or len(tail) - at < _ZIP_END.size:
        raise zipfile.BadZipFile
    size_bytes = int(_ZIP_END.unpack_from(tail, at)[5])
    pointer_at = start + at - _ZIP64_POINTER.size
    if size_bytes < 0xFFFFFFFF or pointer_at < 0:
        return size_bytes
    file.seek(pointer_at)
    signature, _, offset, _ = _ZIP64_POINTER.unpack(file.read(_ZIP64_POINTER.size))
    file.seek(min(offset, file.size_bytes))
    end = file.read(_ZIP64_END.size)
    if signature != b"PK\x06\x07" or len(end) < _ZIP64_END.size:
        return size_bytes
    return int(_ZIP64_END.unpack(end)[8])


def _zip_time(extra: bytes) -> float | None:
    """The time of the last change in UTC, which only the extended timestamp field has."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 0x5455 and size >= 5 and at + 9 <= len(extra) and extra[at + 4] & 1:
            return _sane_time(struct.unpack_from("<l", extra, at + 5)[0])
        at += 4 + size
    return None
