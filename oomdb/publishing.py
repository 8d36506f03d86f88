"""Files and folders that appear under their name whole and on the disk, or not at all.

What is written lies beside its place under a name of ours until it is whole, and is locked by
its writer meanwhile. The operating system frees the lock when that process dies, so a
leftover is known by having no holder, and the next writer beside it removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from oomdb import held
from oomdb.errors import OomdbError, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PARTIAL = re.compile(r"\.(.+)\.[0-9a-f]{8}\.part", re.DOTALL)


@contextlib.contextmanager
def replacing(out: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the name `out` once all went well and is on the disk.

    It has the rights of the file that it replaces; a link keeps its place, and the file that
    it means is replaced. What is no regular file (a pipe) and what lies in /dev is written to
    directly. OomdbError when it cannot be written; `out` is as it was then.
    """
    real = Path(os.path.realpath(out))
    if out.absolute().is_relative_to("/dev") or (real.exists() and not real.is_file()):
        with _told_of(out), out.open("wb") as file:
            yield file
        return
    with _told_of(out), _held(real, _new_file) as (written, descriptor):
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            yield file
            file.flush()
            if real.exists():
                take_rights(real, written)
            os.fsync(descriptor)
            written.replace(real)
        sync(real.parent)


@contextlib.contextmanager
def new_folder(out: Path, mode: int = 0o777) -> Iterator[Path]:
    """A folder to fill that takes the name `out`, which nothing has, once all went well.

    Of `mode` it has what the umask allows. OomdbError when it cannot be written; nothing of
    it is left then.
    """
    make = partial(_new_folder, mode=mode)
    with _told_of(out), _held(out.absolute(), make) as (folder, _):
        yield folder
        for entry in folder.iterdir():
            sync(entry)
        folder.rename(out)
        sync(out.absolute().parent)


def name_of_partial(name: str) -> str | None:
    """The name that what is called so will take when it is whole; None for any other name."""
    found = _PARTIAL.fullmatch(name)
    return found[1] if found is not None else None


def take_rights(published: Path, copy: Path) -> None:
    """Give the copy the mode of the published file, its owner and group where that is allowed.

    Where the group cannot be given, the copy is nobody's but its owner's and, if it was so, all
    others'.
    """
    status = published.stat()
    mode = status.st_mode & 0o7777
    with contextlib.suppress(PermissionError):
        os.chown(copy, status.st_uid, -1)
    try:
        os.chown(copy, -1, status.st_gid)
    except PermissionError:
        mode &= ~(stat.S_IRWXG | stat.S_ISGID)
    copy.chmod(mode)


@contextlib.contextmanager
def _told_of(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OomdbError(f"cannot write {out}: {reason_of(error)}") from error


@contextlib.contextmanager
def _held(out: Path, make: Callable[[Path], int]) -> Iterator[tuple[Path, int]]:
    """What is made beside `out` and locked, under a name of ours, and its descriptor.

    What killed writers of `out` left is removed before; what is still there at the end, then.
    """
    made: list[Path] = []
    descriptors: list[int] = []
    try:
        _remove_leftovers(out)
        while True:
            made.append(out.with_name(f".{out.name}.{secrets.token_hex(4)}.part"))
            # Another writer may take it for a leftover before it is locked.
            try:
                descriptors.append(make(made[-1]))
            except FileNotFoundError:
                if not out.parent.is_dir():
                    raise
                continue
            held.hold(descriptors[-1])
            if held.is_named(descriptors[-1], made[-1]):
                break
        yield made[-1], descriptors[-1]
    finally:
        for path in made:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for descriptor in descriptors:
            os.close(descriptor)


def _new_file(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o666)


def _new_folder(path: Path, mode: int) -> int:
    path.mkdir(mode)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _remove_leftovers(out: Path) -> None:
    with contextlib.suppress(OSError), os.scandir(out.parent) as entries:
        for entry in entries:
            if name_of_partial(entry.name) == out.name:
                with contextlib.suppress(OSError):
                    held.remove_if_left(entry.path)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. OSError when that fails.

    Some file systems have nothing to do for a folder, and say so by an error.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        if not is_folder or error.errno not in (errno.EINVAL, errno.EACCES):
            raise
    finally:
        os.close(descriptor)
