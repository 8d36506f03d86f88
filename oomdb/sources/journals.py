"""Binary journals of systemd: their kernel entries, one line of JSON each.

They are read by `journalctl` where it is installed, else by the library of the extra
`journal`. Either runs in a process of its own, as a journal made to do harm can end the
process that reads it. All entries are walked, not those of an index by transport only,
since an index that is damaged hides entries without a word.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from oomdb import scratch
from oomdb.sources.limits import BrokenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.sources.limits import Limits
    from oomdb.sources.readers import FileReader

MAGIC = b"LPKSHHRH"
#: The fields that are kept, in the order in which they are written.
FIELDS = (
    "MESSAGE",
    "PRIORITY",
    "SYSLOG_FACILITY",
    "SYSLOG_IDENTIFIER",
    "_BOOT_ID",
    "_HOSTNAME",
    "_MACHINE_ID",
    "_SOURCE_BOOTTIME_TIMESTAMP",
    "_SOURCE_MONOTONIC_TIMESTAMP",
    "_TRANSPORT",
    "__MONOTONIC_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
)
_KERNEL = b'"_TRANSPORT":"kernel"'
#: Sizes of the header and of all after it (systemd, docs/JOURNAL_FILE_FORMAT.md).
_SIZES = struct.Struct("<88x2Q48xQ")
#: A live journal may grow by this many entries while it is read.
_GROWTH = 1_000_000
_SILENCE_S = 60
_TAKE_BYTES = 1 << 16
HINT = "to read binary journals, install journalctl (systemd), or: pip install 'oomdb[journal]'"


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a journal tells of its size."""

    size_bytes: int
    entries: int


def header_of(file: FileReader) -> Header | None:
    """The head of a journal; None when it is cut within."""
    head = file.again().read(_SIZES.size)
    if len(head) < _SIZES.size:
        return None
    header_bytes, arena_bytes, entries = _SIZES.unpack(head)
    return Header(header_bytes + arena_bytes, entries)


def pad(copy: FileReader, header: Header, limits: Limits) -> FileReader:
    """A cut journal with zeros in place of its end, without which no program opens it.

    Only for a temporary copy, which is changed. BrokenError when the size is nonsense.
    """
    if header.size_bytes > limits.spool_bytes:
        raise BrokenError("the journal is damaged: its size is nonsense")
    os.ftruncate(copy.descriptor, header.size_bytes)
    return type(copy)(copy.descriptor, header.size_bytes)


@contextmanager
def kernel_lines(file: FileReader, header: Header, reason: str | None) -> Iterator[_Lines]:
    """The kernel entries of a journal, as `journalctl -o json` prints them.

    `reason` is why the journal is not whole, None when it is. The lines end with a
    BrokenError when not all entries could be read, or with the reason.
    """
    lines = _Lines(file, header, reason)
    try:
        yield lines
    finally:
        lines.close()


class _Lines:
    """What the reading process prints, as it comes."""

    def __init__(self, file: FileReader, header: Header, reason: str | None) -> None:
        self._descriptor = file.descriptor
        self._header = header
        self._reason = reason
        self._commands = list(_commands(file.descriptor))
        self._process: _Process | None = None
        self._walked = 0
        self._rest = b""
        self._error: OSError | None = None

    def read(self, size: int, /) -> bytes:
        """Whole lines, at most about `size` bytes; none at the end."""
        if self._error is not None:
            raise self._error
        while True:
            if self._process is None:
                self._process = self._start()
            try:
                data = self._process.read(min(size, _TAKE_BYTES))
            except BrokenError as error:
                self._error = error
                raise
            if not data:
                failure = self._process.finish()
                if failure and not self._walked and self._commands:
                    self._process = None
                    continue
                self._end(failure)
                return b""
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            self._walked += len(lines)
            if self._walked > self._header.entries + _GROWTH:
                self._error = BrokenError("the journal is damaged: its entries go round in a ring")
            kernel = b"".join(_kernel_line(line) for line in lines if _KERNEL in line)
            if kernel:
                return kernel
            if self._error is not None:
                raise self._error

    def close(self) -> None:
        """End the reading process, if it still runs."""
        if self._process is not None:
            self._process.close()

    def _start(self) -> _Process:
        if not self._commands:
            self._error = BrokenError(HINT)
            raise self._error
        return _Process(self._commands.pop(0), self._descriptor)

    def _end(self, failure: str | None) -> None:
        """Raise the reason when the journal was not read in full."""
        reason = self._reason
        if self._walked < self._header.entries:
            read = f"{self._walked:,} of {self._header.entries:,} entries could be read"
            why = reason or failure
            reason = f"the journal is damaged: {read}" + (f" ({why})" if why else "")
        if reason or failure:
            self._error = BrokenError(reason or failure)
            raise self._error


class _Process:
    """A program that prints the entries of a journal."""

    def __init__(self, command: Sequence[str], descriptor: int) -> None:
        self._name = os.path.basename(command[0])  # noqa: PTH119
        self._messages: IO[bytes] = tempfile.TemporaryFile(dir=scratch.folder())  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            pass_fds=(descriptor,),
            env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
        )

    def read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        if not select.select([output], [], [], _SILENCE_S)[0]:
            raise BrokenError(f"{self._name} printed nothing for {_SILENCE_S} s")
        return os.read(output, size)

    def finish(self) -> str | None:
        """Wait for its end; why it failed, None when it did not."""
        code = self._process.wait()
        self._messages.seek(0)
        told = self._messages.read(_TAKE_BYTES).decode("utf-8", "backslashreplace").split("\n")
        self.close()
        if code == 0:
            return None
        last = next((line.strip() for line in reversed(told) if line.strip()), f"exit code {code}")
        return f"{self._name}: {last}"

    def close(self) -> None:
        """End it, if it still runs."""
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._messages.close()


def _commands(descriptor: int) -> Iterator[list[str]]:
    """The commands that can read the journal, the best first."""
    journalctl = shutil.which("journalctl")
    path = f"/proc/self/fd/{descriptor}"
    if journalctl is not None:
        yield [
            journalctl,
            f"--file={path}",
            "--quiet",
            "--no-pager",
            "--all",
            "--output=json",
            f"--output-fields={','.join(FIELDS)}",
        ]
    if importlib.util.find_spec("cysystemd") is not None:
        yield [sys.executable, "-m", "oomdb.sources.journal_library", path]


def _kernel_line(line: bytes) -> bytes:
    """The line with the fields that are kept, in one order whatever program read it."""
    try:
        entry = json.loads(line)
    except ValueError:
        return b""
    if not isinstance(entry, dict) or entry.get("_TRANSPORT") != "kernel":
        return b""
    kept = {name: _as_text(entry[name]) for name in FIELDS if name in entry}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _as_text(value: object) -> object:
    """Bytes written as a list of numbers, as text where they are UTF-8."""
    if isinstance(value, list):
        try:
            return bytes(value).decode("utf-8")
        except (TypeError, ValueError):
            return value
    return value
