"""A database file that is written aside and appears whole or not at all.

DuckDB locks a file against other processes in both directions. So a writer works on
a staged copy beside the file and publishes it by one atomic rename; readers keep the
snapshot they opened. Two writers are kept apart by `locked`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from typing import TYPE_CHECKING

from oomdb import scratch
from oomdb.errors import OomdbError, reason_of
from oomdb.publishing import sync, take_rights
from oomdb.store.lock import companion, locked, real

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["companion", "locked", "staged"]

_COPY_BYTES = 1 << 20
#: How a file system says that it copies by reading and writing alone.
_CANNOT_SHARE = frozenset({errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
#: What DuckDB puts beside a database while it is written, by the end of its name.
_WRITE_AHEAD = (".wal", ".wal.checkpoint", ".wal.recovery")
_SPILLED = ".tmp"


@contextlib.contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A copy of the database to write to, published when the block ends without error.

    The copy is absent when there is no database yet. What an earlier writer left behind
    is removed first. The caller must have closed the copy when the block ends. On an
    error the database stays as it was; OomdbError tells of a full disk or missing right.
    """
    published = real(path)
    copy = companion(published, "staged")
    scratch.remove_leftovers()
    try:
        _remove_leftovers(copy)
        if published.exists():
            copy_whole(published, copy)
        yield copy
        _make_durable(copy, published)
        copy.replace(published)
    except OSError as error:
        raise cannot_write(path, reason_of(error)) from error
    finally:
        # What cannot be removed now, the next writer removes.
        with contextlib.suppress(OSError, OomdbError):
            _remove_leftovers(copy)
    _keep_name(published, path)


def cannot_write(path: Path, reason: str) -> OomdbError:
    """The error of a writer that left the database as it was."""
    return OomdbError(f"cannot write {path}: {reason}; it is as it was")


def copy_whole(path: Path, copy: Path) -> None:
    """Copy the database; a file system that can share blocks between files does.

    Nobody else may read the copy. OomdbError when a part of the database lies elsewhere.
    """
    _refuse_changes_aside(path)
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with path.open("rb") as source, os.fdopen(descriptor, "wb") as target:
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


def _refuse_changes_aside(published: Path) -> None:
    """Refuse a database of which a part lies in a write-ahead log, which is not copied."""
    for suffix in _WRITE_AHEAD:
        log = published.with_name(published.name + suffix)
        if log.exists() and log.stat().st_size:
            raise OomdbError(
                f"another program left changes of {published} in {log}: take them in with"
                f" `duckdb {published} CHECKPOINT`, or remove that file to drop them"
            )


def _make_durable(copy: Path, published: Path) -> None:
    """Have the whole copy on the disk, with the rights of the published file."""
    for suffix in _WRITE_AHEAD:
        log = copy.with_name(copy.name + suffix)
        if log.exists() and log.stat().st_size:
            raise cannot_write(published, f"DuckDB could not bring {log.name} into the file")
    if published.exists():
        take_rights(published, copy)
    sync(copy)


def _keep_name(published: Path, path: Path) -> None:
    """Have the new name on the disk too."""
    try:
        sync(published.parent)
    except OSError as error:
        raise OomdbError(
            f"{path} is written, but a loss of power now may bring back what it was:"
            f" {reason_of(error)}"
        ) from error


def _remove_leftovers(copy: Path) -> None:
    """Remove what a writer leaves behind that was killed; OomdbError names what stays."""
    for suffix in ("", *_WRITE_AHEAD, _SPILLED):
        leftover = copy.with_name(copy.name + suffix)
        try:
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise OomdbError(
                f"cannot remove {leftover}, which an earlier writer left behind:"
                f" {reason_of(error)}; its owner must remove it"
            ) from error
