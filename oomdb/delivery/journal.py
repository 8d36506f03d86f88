"""What was sent to whom, so that nothing goes twice: one small file for each message.

The file is locked while its message is sent, and gets its content when it was. A process that
dies in between has sent perhaps, and noted nothing: the message goes again, under the same
id. So a message comes at least once, and whoever must not see it twice can tell by the id.
"""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import held
from oomdb.errors import OomdbError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Notes of messages that nobody will send again.
_KEPT_S = 400 * 24 * 3600
_MOST_BYTES = 1 << 16


@dataclass(slots=True)
class Slip:
    """The place of one message in the journal, while this process alone may send it."""

    path: str
    descriptor: int
    sent_at: str | None

    def note(self, **facts: str) -> None:
        """Keep that it was sent, and have that on the disk. OomdbError when it cannot be kept."""
        content = json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace")
        try:
            with open(self.descriptor, "wb", closefd=False) as file:
                file.seek(0)
                file.write(content + b"\n")
                file.flush()
                os.ftruncate(self.descriptor, len(content) + 1)
                os.fsync(self.descriptor)
        except OSError as error:
            raise OomdbError(
                f"it was sent, which cannot be noted in {self.path}: {reason_of(error)};"
                " it may be sent again"
            ) from error


@dataclass(frozen=True, slots=True)
class Journal:
    """The notes in `folder`, which is made where it is missing."""

    folder: Path

    def sent_at(self, message_id: str) -> str | None:
        """When the message was sent (ISO 8601); None when it was not."""
        try:
            return _sent_at((self.folder / f"{message_id}.json").read_bytes())
        except OSError:
            return None

    @contextmanager
    def sending(self, message_id: str) -> Iterator[Slip | None]:
        """The message's place; None while another process sends the same message.

        OomdbError when nothing can be noted: then nothing may be sent.
        """
        path = self.folder / f"{message_id}.json"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, is_ours = _locked(path)
        except OSError as error:
            raise OomdbError(
                f"cannot note deliveries in {self.folder}: {reason_of(error)}; nothing was sent"
                " (delivery.journal names another folder)"
            ) from error
        try:
            if not is_ours:
                yield None
                return
            try:
                yield Slip(str(path), descriptor, _sent_at(os.pread(descriptor, _MOST_BYTES, 0)))
            finally:
                _remove_if_empty(path, descriptor)
        finally:
            os.close(descriptor)

    def forget_old(self) -> None:
        """Remove notes of more than 400 days ago."""
        with suppress(OSError):
            for path in self.folder.glob("*.json"):
                with suppress(OSError):
                    if path.stat().st_mtime < time.time() - _KEPT_S:
                        path.unlink()


def _locked(path: Path) -> tuple[int, bool]:
    """The open file, made where there is none, and whether it is locked for this process alone."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not held.try_to_hold(descriptor):
                return descriptor, False
            # Who had it before may have removed it between the two calls.
            with suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(descriptor)):
                    return descriptor, True
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove_if_empty(path: Path, descriptor: int) -> None:
    """Remove the file of a message that was not sent, while it is still locked."""
    with suppress(OSError):
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and not status.st_size:
            path.unlink()


def _sent_at(content: bytes) -> str | None:
    """When a note says that its message was sent; None for one that is empty or torn."""
    try:
        return str(json.loads(content)["sent_at"])
    except (ValueError, KeyError, TypeError):
        return None
