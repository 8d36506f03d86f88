"""A database file that is written aside and appears whole or not at all.

DuckDB locks a file against other processes in both directions. So a writer works on
a staged copy beside the file and publishes it by one atomic rename; readers keep the
snapshot they opened. A lock file keeps two writers apart; the operating system frees
it when its holder dies, whatever the reason.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import DatabaseBusyError, OomdbError

if TYPE_CHECKING:
    from collections.abc import Iterator

_COPY_BYTES = 1 << 20
#: How a file system says that it copies by reading and writing alone.
_CANNOT_SHARE = frozenset({errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})


def _real(path: Path) -> Path:
    """The file itself, where `path` is a link to it."""
    return Path(os.path.realpath(path))


def companion(path: Path, suffix: str) -> Path:
    """A file that belongs to the database: its name with a suffix."""
    return path.with_name(f"{path.name}.{suffix}")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the right to write the database at `path`, under whatever link it is named.

    Raises DatabaseBusyError, naming the holder, when another process has it, and
    OomdbError when the folder cannot be written.
    """
    lock = companion(_real(path), "lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OomdbError(f"cannot write beside {path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise DatabaseBusyError(
                f"{path} is being written by process {holder or 'unknown'};"
                " try again when it has ended"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A copy of the database to write to, published when the block ends without error.

    The copy is absent when there is no database yet. What an earlier writer left behind
    is removed first. The caller must have closed the copy when the block ends. On an
    error the database stays as it was; OomdbError tells of a full disk or missing right.
    """
    copy = companion(_real(path), "staged")
    try:
        _remove(copy)
        if path.exists():
            _copy(path, copy)
        yield copy
        _publish(copy, path)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise OomdbError(f"cannot write {path}: {reason}; it is as it was") from error
    finally:
        _remove(copy)


def _copy(path: Path, copy: Path) -> None:
    """Copy the database; a file system that can share blocks between files does."""
    with path.open("rb") as source, copy.open("wb") as target:
        left = os.fstat(source.fileno()).st_size
        try:
            while left > 0 and hasattr(os, "copy_file_range"):
                done = os.copy_file_range(source.fileno(), target.fileno(), left)
                if not done:
                    break
                left -= done
        except OSError as error:
            if error.errno not in _CANNOT_SHARE:
                raise
        if left > 0:
            shutil.copyfileobj(source, target, _COPY_BYTES)


def _publish(copy: Path, path: Path) -> None:
    published = _real(path)
    if published.exists():
        _take_rights(published, copy)
    descriptor = os.open(copy, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    copy.replace(published)
    folder = os.open(published.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_rights(published: Path, copy: Path) -> None:
    """Give the copy the mode of the published file, and its owner where that is allowed."""
    status = published.stat()
    with contextlib.suppress(PermissionError):
        os.chown(copy, status.st_uid, status.st_gid)
    copy.chmod(status.st_mode & 0o7777)


def _remove(copy: Path) -> None:
    for leftover in (copy, copy.with_name(f"{copy.name}.wal")):
        leftover.unlink(missing_ok=True)
