"""Work in a process of its own, so that what ends the process does not end its parent."""

from __future__ import annotations

import os
import pickle
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from oomdb.errors import OomdbError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_BUFFER_BYTES = 1 << 20


class EndedError(Exception):
    """The process ended before its work was done, or the work failed; the text tells how."""


class _Done:
    """Comes last, after all that the work gives."""


class _Failed:
    def __init__(self, reason: str) -> None:
        self.reason = reason


def apart(work: Callable[[], Iterable[object]]) -> Iterator[object]:
    """What the work gives, one object after the other, from a forked process.

    Raises EndedError when that process ends early, as when the kernel kills it for its
    memory, and OomdbError when the work raises one. The process is gone at the end.
    """
    receiving, sending = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receiving)
        _work(work, sending)
    os.close(sending)
    last: object = None
    is_over = False
    try:
        with os.fdopen(receiving, "rb", buffering=_BUFFER_BYTES) as stream:
            while not isinstance(last, _Done | _Failed | OomdbError):
                if last is not None:
                    yield last
                try:
                    last = pickle.load(stream)
                except (EOFError, pickle.UnpicklingError):
                    break
        is_over = True
    finally:
        if not is_over:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    if isinstance(last, OomdbError):
        raise last
    if isinstance(last, _Failed):
        raise EndedError(last.reason)
    if not isinstance(last, _Done):
        raise EndedError(_how(os.waitstatus_to_exitcode(status)))


def _how(exit_code: int) -> str:
    if exit_code < 0:
        return f"reading it ended the process by {signal.Signals(-exit_code).name}"
    return f"reading it ended the process with exit code {exit_code}"


def _work(work: Callable[[], Iterable[object]], sending: int) -> NoReturn:
    """Do the work and tell how it went; never return to what the parent was doing."""
    exit_code = 1
    try:
        # When memory runs out, this process is to end and not the one that speaks to Spark.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
        with os.fdopen(sending, "wb", buffering=_BUFFER_BYTES) as stream:
            for each in _outcome(work):
                pickle.dump(each, stream, pickle.HIGHEST_PROTOCOL)
        exit_code = 0
    except BrokenPipeError:
        pass  # the parent is gone, or wants no more
    finally:
        os._exit(exit_code)


def _outcome(work: Callable[[], Iterable[object]]) -> Iterator[object]:
    try:
        yield from work()
    except OomdbError as error:
        yield OomdbError(str(error))
    except Exception as error:
        yield _Failed(f"reading it failed: {type(error).__name__}: {error}")
    else:
        yield _Done()
