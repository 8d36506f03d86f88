"""The exceptions oomdb raises for its callers, and the exit codes of its command line.

Log content never raises: damage is data on the report (`events.damage`).
"""

from __future__ import annotations

import errno
from enum import IntEnum

#: What can be done where the operating system has no room.
_ADVICE = {
    errno.ENOSPC: "free some room, or inodes",
    errno.EDQUOT: "free some room, or have the quota raised",
    errno.EFBIG: "a limit of `ulimit -f` or of the file system",
}


class ExitCode(IntEnum):
    """What a command's exit status means."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3  # some sources were set aside, named on stderr
    FINDINGS = 4  # done, and something was found that needs a look


class OomdbError(Exception):
    """A failure whose message tells the user what is wrong and what to do."""

    exit_code = ExitCode.ERROR


class UsageError(OomdbError):
    """The command was called with something that cannot be."""

    exit_code = ExitCode.USAGE


class NotADatabaseError(OomdbError):
    """The file exists but is no oomdb database; it was not touched."""


class DamagedDatabaseError(NotADatabaseError):
    """The file is a database of which a part cannot be read; it was not touched."""


class NewerDatabaseError(OomdbError):
    """The database was written by a newer oomdb; it was not touched."""


class DatabaseBusyError(OomdbError):
    """Another process is writing to the database."""


class OvertakenError(DatabaseBusyError):
    """Another process has written the lake meanwhile, which keeps no writers apart."""


class MemoryLimitError(OomdbError):
    """A query needs more memory than it may have."""


def reason_of(error: OSError) -> str:
    """Why something could not be written or read, and what to do where that helps."""
    reason = error.strerror or str(error)
    advice = _ADVICE.get(error.errno or 0)
    return f"{reason} ({advice})" if advice else reason
