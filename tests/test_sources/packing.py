"""Containers made for the tests, and what the sources make of them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import lz4.frame
import zstandard

from oomdb.sources import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oomdb.sources.containers import Hosts
    from oomdb.sources.limits import Limits
    from oomdb.sources.stream import Stream

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "lz4": lz4.frame.compress,
}
LOG = b"".join(b"Jun 10 12:00:%02d web1 kernel: line %d\n" % (n % 60, n) for n in range(3000))


def tar(members: Mapping[str, bytes | str], mtime: int = 1717977600) -> bytes:
    """A tar of files; a member whose content is text is a link to there."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.mtime = mtime
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def read(
    path: Path, limits: Limits | None = None, hosts: Hosts | None = None
) -> list[tuple[Stream, bytes]]:
    """The streams at or below a path, each with its content; those set aside have none."""
    found = []
    for source in files.discover([path]):
        assert source.problem is None
        with files.opened(source, limits, hosts) as streams:
            found += [(stream, content_of(stream)) for stream in streams]
    return found


def content_of(stream: Stream) -> bytes:
    return b"".join(stream.blocks()) if stream.problem is None else b""


def read_bytes(
    folder: Path, data: bytes, limits: Limits | None = None
) -> list[tuple[Stream, bytes]]:
    """The streams of a file that holds `data`."""
    path = Path(folder, "file")
    path.write_bytes(data)
    return read(path, limits)


def contents(found: list[tuple[Stream, bytes]]) -> dict[str, bytes]:
    """What was read, by the name after the file's own."""
    return {stream.name.partition("!/")[2]: content for stream, content in found}


def problems(found: list[tuple[Stream, bytes]]) -> dict[str, str]:
    """What was told, by the name after the file's own."""
    told = {stream.name.partition("!/")[2]: stream.problem for stream, _ in found}
    return {name: problem for name, problem in told.items() if problem is not None}
