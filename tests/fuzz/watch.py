"""One execution of a target, and what is wrong about it."""

from __future__ import annotations

import re
import resource
import signal
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError

if TYPE_CHECKING:
    from collections.abc import Callable

_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
#: What an input may take: so much at least, and so much for its size [s of one processor].
LEAST_S = 1.0
S_PER_BYTE = 1.0 / 100_000
#: More than any input of a target needs beside what the process held before.
MOST_GROWTH_KB = 256 << 10


class _TooLongError(BaseException):
    """No `except Exception` on the way may keep it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` stands for the fault: two inputs with one place show the same fault."""

    place: str
    told: str


def _too_long(_number: int, _frame: object) -> None:
    raise _TooLongError


def executed(target: Callable[[bytes], None], data: bytes) -> Finding | None:
    """Run a target on an input; None when all went as promised."""
    before = signal.signal(signal.SIGPROF, _too_long)
    limit_s = max(LEAST_S, len(data) * S_PER_BYTE)
    held_kb = _peak_kb(reset=True)
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    started_s = time.process_time()
    try:
        target(data)
    except OomdbError:
        pass
    except _TooLongError as error:
        return Finding(f"slow {_place(error)}", f"over {limit_s:.1f} s for {len(data):,} bytes")
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        return Finding(f"{type(error).__name__} {_place(error)}", told)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    taken_s = time.process_time() - started_s
    if taken_s > limit_s:
        return Finding("slow", f"{taken_s:.1f} s for {len(data):,} bytes")
    if _peak_kb() > held_kb + MOST_GROWTH_KB:
        return Finding("memory", f"{held_kb:,} kB before, {_peak_kb():,} kB at most")
    return None


def _peak_kb(*, reset: bool = False) -> int:
    """The most memory that this process has held, or since the last reset where Linux tells."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_bytes(b"5")
        return int(_PEAK.search(Path("/proc/self/status").read_text())[1])  # type: ignore[index]
    except (OSError, TypeError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/oomdb/" in frame.filename] or frames
    if isinstance(error, _TooLongError):
        # Where the time goes differs from input to input; who called it does not.
        names = [frame.name for frame in ours][:12]
        return " > ".join(names[-6:])
    return f"{ours[-1].filename.rpartition('/oomdb/')[2]}:{ours[-1].lineno}"
