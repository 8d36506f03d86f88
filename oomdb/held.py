"""Files and folders that show, by a lock on them, that the process that made them lives.

The operating system frees the lock when that process ends, whatever the reason. So what has
a name of ours and no holder is a leftover.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: How a file system says that it has no locks.
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})


def hold(descriptor: int) -> None:
    """Hold what is open, after whoever holds it; without effect where there are no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def try_to_hold(descriptor: int) -> bool:
    """Whether what is open is held now; False while another does. OSError without locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_named(descriptor: int, path: str | Path) -> bool:
    """Whether what is open still has that name: it may have been removed before it was held."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def remove_if_left(path: str) -> None:
    """Remove a file or folder, never through a link, that nobody holds; OSError if it stays."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not try_to_hold(descriptor):
            return
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)  # noqa: PTH108
    finally:
        os.close(descriptor)
