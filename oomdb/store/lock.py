"""The right to write a database: one process has it, and it ends with that process.

A lock file beside the database is locked by the operating system, which frees it when its
holder dies, whatever the reason. Only who makes the file writes to it, and its holder
removes it; so what lies there under its name, link or file, is never written to.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import held
from oomdb.errors import DatabaseBusyError, OomdbError, reason_of
from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Between two looks whether the holder has ended [s].
_LOOK_S = 0.1
_MOST_COMMAND = 200


def real(path: Path) -> Path:
    """The file itself, where `path` is a link to it."""
    return Path(os.path.realpath(path))


def companion(path: Path, suffix: str) -> Path:
    """A file that belongs to the database: its name with a suffix."""
    return path.with_name(f"{path.name}.{suffix}")


@contextlib.contextmanager
def locked(path: Path, wait_s: float = 0) -> Iterator[None]:
    """Hold the right to write the database at `path`, under whatever link it is named.

    Raises DatabaseBusyError, naming the holder, when another process still has it after
    `wait_s` seconds, and OomdbError when the folder cannot be written or has no locks.
    """
    lock = companion(real(path), "lock")
    try:
        descriptor = _acquired(path, lock, wait_s)
    except OSError as error:
        raise OomdbError(f"cannot write beside {path}: {lock}: {reason_of(error)}") from error
    try:
        yield
    finally:
        # While it is locked nobody else has made a file of that name.
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def _acquired(path: Path, lock: Path, wait_s: float) -> int:
    """The descriptor of the lock file that this process made and locked."""
    end = time.monotonic() + wait_s
    is_told = False
    while True:
        descriptor = _made(lock)
        if descriptor is not None:
            return descriptor
        holder = _holder(lock)
        if holder is None:
            continue
        if time.monotonic() >= end:
            advice = "" if wait_s else " (what writes can --wait SECONDS for it)"
            waited = f" after {wait_s:g} s of waiting" if wait_s else ""
            raise DatabaseBusyError(
                f"{path} is being written by {holder}{waited}; try again when it has ended{advice}"
            )
        if not is_told:
            terminal.note(f"oomdb: waiting {wait_s:g} s at most: {path} is written by {holder}")
            is_told = True
        time.sleep(min(_LOOK_S, max(end - time.monotonic(), 0)))


def _made(lock: Path) -> int | None:
    """A new lock file, locked by this process; None when there is one, or was meanwhile."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return None
    try:
        if _lock(descriptor) and held.is_named(descriptor, lock):
            os.write(descriptor, _self().encode("utf-8", "backslashreplace"))
            return descriptor
    except BaseException:
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _holder(lock: Path) -> str | None:
    """Who holds the lock file that is there; None when nobody does any more.

    A file that a dead process left behind is removed.
    """
    descriptor = _opened(lock)
    if descriptor is None:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OomdbError(f"{lock} is no regular file, so no lock of oomdb: remove it")
        if not _lock(descriptor):
            return _told(descriptor)
        if held.is_named(descriptor, lock):
            lock.unlink()
        return None
    finally:
        os.close(descriptor)


def _opened(lock: Path) -> int | None:
    """The lock file of another, never through a link; None when it is gone."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    # NFS locks only what may be written; elsewhere the file may be another user's.
    for mode in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(lock, mode | flags)
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            continue
        except PermissionError:
            if mode == os.O_RDONLY:
                raise
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OomdbError(f"{lock} is a link, so no lock of oomdb: remove it") from error
            if error.errno != errno.EROFS:
                raise
    return None


def _lock(descriptor: int) -> bool:
    try:
        return held.try_to_hold(descriptor)
    except OSError as error:
        if error.errno in held.NO_LOCKS:
            raise OSError(
                error.errno,
                "the file system has no locks (flock), which keep two writers apart;"
                " keep the database on another",
            ) from error
        raise


def _self() -> str:
    """What a lock file says of its holder: process, since when, command."""
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    name = "oomdb" if sys.argv[:1] and "oomdb" in sys.argv[0] else Path(sys.argv[0] or "-").name
    command = shlex.join([name, *sys.argv[1:]])[:_MOST_COMMAND]
    return f"{os.getpid()}\n{since}\n{command}\n"


def _told(descriptor: int) -> str:
    """The holder in words, of what it wrote into its lock file."""
    lines = os.pread(descriptor, 4 * _MOST_COMMAND, 0).decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].isdecimal():
        return "another process"
    pid, since, command = [*lines, "", ""][:3]
    details = " ".join(part for part in (command, since and f"since {since}") if part)
    return terminal.printable(f"process {pid} ({details})" if details else f"process {pid}")
