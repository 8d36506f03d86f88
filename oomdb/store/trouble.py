"""What DuckDB's errors mean: no room, no right, no memory, or a damaged file."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from oomdb.errors import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oomdb.errors import OomdbError

#: Errors of the operating system that say nothing of what a file holds.
_OF_THE_SYSTEM = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
)
#: How DuckDB begins what Arrow says of a file that it reads for it.
_OF_ARROW = "arrow_scan: get_next failed(): "


def reason_in(error: BaseException) -> str:
    """Why DuckDB failed, on one line: the operating system's reason where there is one."""
    return cause_outside(error) or first_line(error)


def cause_outside(error: BaseException) -> str | None:
    """The cause that lies outside of the file: room, rights, memory; None for another.

    DuckDB goes on with other errors after the first, which it then cites.
    """
    text = "\n".join(map(str, _chain(error)))
    for number in _OF_THE_SYSTEM:
        if os.strerror(number) in text:
            return reason_of(OSError(number, os.strerror(number)))
    if "max_temp_directory_size" in text:
        return "there is no room for DuckDB's temporary files beside it: free some room"
    if any(isinstance(one, (duckdb.OutOfMemoryException, MemoryError)) for one in _chain(error)):
        return f"there is not enough memory: {first_line(error)}"
    return None


def first_line(error: BaseException) -> str:
    """The first line of what the database says of an error."""
    return (message_of(error).splitlines() or [type(error).__name__])[0]


def message_of(error: BaseException) -> str:
    """What the database says of an error; of a lake's file that Arrow cannot read, what to do."""
    text = str(error).strip()
    _, is_of_arrow, reason = text.partition(_OF_ARROW)
    if not is_of_arrow:
        return text
    return f"a file of the lake is damaged, `oomdb verify` names all that are: {reason}"


def _chain(error: BaseException) -> list[BaseException]:
    """The error, and those that it came from or while handling."""
    found = [error]
    while (before := found[-1].__cause__ or found[-1].__context__) and before not in found:
        found.append(before)
    return found


@contextmanager
def told_by(error_of: Callable[[str], OomdbError]) -> Iterator[None]:
    """Turn what DuckDB raises meanwhile into the error of its reason, and Ctrl-C into itself."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        raise error_of(reason_in(error)) from error
