"""Work in a process of its own, whose bytes come back as they are made.

The process is forked before anything heavy is loaded, so that it starts at once. It can be
ended at any moment: it writes to nothing but a pipe and a folder for temporary files, which
is removed after it. When its parent ends, whatever the reason, so does it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from oomdb import scratch, sizes
from oomdb.errors import ExitCode, MemoryLimitError, OomdbError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from oomdb.guard.limits import Limits

_CHUNK_BYTES = 1 << 16
#: Memory that a query takes beyond what DuckDB counts: stacks, rows on their way out.
_BESIDE_DUCKDB_BYTES = 10**9


class Inside:
    """What the work has in its process: where its bytes go, and what it may take."""

    def __init__(self, output: BinaryIO, limits: Limits, control: int) -> None:
        self.output = output
        self.limits = limits
        #: A private folder for temporary files; None when there may be none.
        self.temp_folder: str | None = None
        self._control = control

    def make_temp_folder(self) -> None:
        """Make the folder for temporary files, where they are allowed and there is room."""
        import tempfile

        if self.limits.temp_bytes:
            with contextlib.suppress(OSError, OomdbError):
                self.temp_folder = tempfile.mkdtemp(dir=scratch.folder(large=True))
                _tell(self._control, folder=self.temp_folder)

    def begin(self, *, is_locked: bool) -> None:
        """From now on the limits hold.

        Locked work loses the standard streams: DuckDB can be asked to print to them, past
        everything that keeps control characters from a terminal.
        """
        if is_locked:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nowhere, stream)
            os.close(nowhere)
        _limit_process(self.limits, may_write_files=not is_locked)
        _tell(self._control, began=True)


def _limit_process(limits: Limits, *, may_write_files: bool) -> None:
    import resource

    lowered = {resource.RLIMIT_CORE: 0}
    if limits.memory_bytes is not None:
        # Address space would count what allocators reserve and never use.
        most_bytes = _data_bytes() + limits.memory_bytes + _BESIDE_DUCKDB_BYTES
        lowered[resource.RLIMIT_DATA] = most_bytes
    if not may_write_files:
        lowered[resource.RLIMIT_FSIZE] = limits.temp_bytes
    for kind, most in lowered.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))
    # When memory runs out all the same, the kernel is to end the question and nothing else.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _data_bytes() -> int:
    """The memory that this process has for data now; 0 where nothing tells."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[5]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _tell(control: int, **news: object) -> None:
    """Send one line of news to the parent."""
    os.write(control, json.dumps(news).encode() + b"\n")


def run(job: Callable[[Inside], None], limits: Limits) -> Generator[bytes]:
    """What `job` writes in its process, chunk by chunk.

    Raises what the job raised as OomdbError or UsageError, and OomdbError when it passed
    a limit or its process ended. The process is gone when the iterator is closed.
    """
    # Python loses a Ctrl-C that comes while it forks: what runs then may raise nothing.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        child = _Child(job, limits)
    except BaseException:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield from child.chunks()
        child.conclude()
    finally:
        child.end()


class _Child:
    """The parent's side."""

    def __init__(self, job: Callable[[Inside], None], limits: Limits) -> None:
        self._limits = limits
        self._news: dict[str, Any] = {}
        self._data, data = os.pipe()
        self._control, control = os.pipe()
        lifeline, self._lifeline = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # Made here, so that it is removed here, however the other process ends.
        with contextlib.suppress(OomdbError):
            scratch.folder(large=True)
        self._pid: int | None = os.fork()
        if self._pid == 0:
            for parents in (self._data, self._control, self._lifeline):
                os.close(parents)
            _work(job, limits, data, control, lifeline)
        for childs in (data, control, lifeline):
            os.close(childs)

    def chunks(self) -> Generator[bytes]:
        """The job's bytes; OomdbError when its time is over."""
        is_open = {self._data, self._control}
        left_s = self._limits.time_s
        told = b""
        while is_open:
            counts = left_s is not None and "began" in self._news
            asked = time.monotonic()
            ready, _, _ = select.select(is_open, (), (), left_s if counts else None)
            if counts and left_s is not None:
                left_s -= time.monotonic() - asked
                if left_s <= 0:
                    raise OomdbError(
                        f"the query was ended at its time limit of {self._limits.time_s:g} s;"
                        " --timeout SECONDS sets another"
                    )
            for descriptor in sorted(ready):
                chunk = os.read(descriptor, _CHUNK_BYTES)
                if not chunk:
                    is_open.discard(descriptor)
                elif descriptor == self._data:
                    yield chunk
                else:
                    *lines, told = (told + chunk).split(b"\n")
                    for line in lines:
                        self._news |= json.loads(line)

    def conclude(self) -> None:
        """Raise what went wrong in the process, if anything did."""
        assert self._pid is not None
        _, status = os.waitpid(self._pid, 0)
        self._pid = None
        if "bug" in self._news:
            raise RuntimeError(self._news["bug"])
        if "error" in self._news:
            kind = UsageError if self._news["code"] == ExitCode.USAGE else OomdbError
            raise kind(self._news["error"])
        if "done" not in self._news:
            raise OomdbError(_how_it_ended(os.waitstatus_to_exitcode(status)))

    def end(self) -> None:
        """End the process if it runs, and remove what it left."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = None
        for descriptor in (self._data, self._control, self._lifeline):
            os.close(descriptor)
        if "folder" in self._news:
            shutil.rmtree(self._news["folder"], ignore_errors=True)


def _how_it_ended(exit_code: int) -> str:
    if exit_code == -signal.SIGKILL:
        return (
            "the query's process was killed, as the kernel does when memory runs out;"
            " --memory-limit SIZE keeps a query from it"
        )
    if exit_code < 0:
        return f"the query's process crashed ({signal.Signals(-exit_code).name})"
    return f"the query's process ended unexpectedly (exit code {exit_code})"


# In the process


def _work(
    job: Callable[[Inside], None], limits: Limits, data: int, control: int, lifeline: int
) -> NoReturn:
    """Do the job and tell how it went; never return to what the parent was doing."""
    exit_code = 1
    try:
        # What the parent left to be collected may hold threads that are not here: to end those
        # would abort.
        gc.freeze()
        # Ctrl-C reaches the parent too, which ends this process.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        with open(data, "wb", buffering=_CHUNK_BYTES) as output:
            _end_with_parent(lifeline)
            news = _outcome(job, Inside(output, limits, control))
        _tell(control, **news)
        exit_code = 0
    except (BrokenPipeError, MemoryError):
        pass  # the parent is gone, or will say that this process ended
    finally:
        os._exit(exit_code)


def _outcome(job: Callable[[Inside], None], inside: Inside) -> dict[str, object]:
    try:
        job(inside)
    except (MemoryLimitError, MemoryError) as error:
        return {"code": ExitCode.ERROR, "error": _about_memory(inside, str(error))}
    except OomdbError as error:
        return {"code": error.exit_code, "error": str(error)}
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return {"code": ExitCode.ERROR, "error": f"{where}{error.strerror or error}"}
    except Exception:
        import traceback

        return {"bug": traceback.format_exc()}
    return {"done": True}


def _about_memory(inside: Inside, reason: str) -> str:
    """Why memory did not do, by the limit that was hit."""
    limits = inside.limits
    if "max_temp_directory_size" in reason:
        return (
            f"the query needs more memory than its limit and {sizes.shown(limits.temp_bytes)} of"
            " temporary files; --memory-limit SIZE and --temp-limit SIZE allow more"
        )
    if limits.memory_bytes is None:
        return f"the query needs more memory than there is: {reason.splitlines()[0]}"
    return (
        f"the query needs more memory than its limit of {sizes.shown(limits.memory_bytes)};"
        " --memory-limit SIZE allows more, --temp-limit SIZE temporary files beside it"
    )


def _end_with_parent(lifeline: int) -> None:
    """End this process when the other end of the pipe is closed, however that came."""
    import threading

    def watch() -> None:
        os.read(lifeline, 1)
        scratch.remove()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
