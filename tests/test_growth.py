"""Logs that are made to take long: the time of a processor grows no faster than they do."""

from __future__ import annotations

import cProfile
import gc
import math
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from oomdb.incidents import copies
from oomdb.lines import BY_NAME, MOST_TEXT
from oomdb.reports.literals import LITERALS

Make = Callable[[int], bytes]

_SMALL, _TIMES = 4_000, 8
#: Between what grows as the log does, and what grows with the square of it.
_MOST_GROWTH = 2 * _TIMES
#: The same of calls, for a log four times as long.
_MOST_MORE_CALLS = 6
#: So many times longer at most for a line twice as long: less than with its cube.
_MOST_GROWTH_OF_A_LINE = 6
#: How often to measure, and what is too short to be measured.
_ROUNDS, _LEAST_S = 6, 0.0002
#: A line that takes longer is looked at again.
_LONG_S = 0.05
_LOG = Path(__file__).parents[1].joinpath("samples/6.1-amd64--global.log").read_bytes()
_REPORT = _LOG[_LOG.rindex(b"\n", 0, _LOG.index(b"invoked oom")) + 1 :]
_HEAD = _REPORT[: _REPORT.index(b"\n") + 1]
_TASKS = b"[    6.300000] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents"
_TASKS += b" oom_score_adj name\n"
_GROUP = b"[    6.300000] Tasks in /a are going to be killed due to memory.oom.group set\n"


def repeated(unit: bytes, before: bytes = b"", after: bytes = b"") -> Make:
    """A text of some size that is one piece again and again."""
    return lambda size: before + unit * (size // len(unit) + 1) + after


def counted(form: Callable[[int], bytes], before: bytes = b"") -> Make:
    """The same with pieces that are numbered."""

    def make(size: int) -> bytes:
        parts, length = [before], 0
        for number in count():
            if length >= size:
                break
            parts.append(form(number))
            length += len(parts[-1])
        return b"".join(parts)

    return make


def lines_of(unit: bytes, width: int, before: bytes = b"") -> Make:
    return repeated(before + (unit * width)[:width] + b"\n")


def task(stamp: bytes, pid: int, name: bytes = b"java") -> bytes:
    return b"[%b] [%7d]     0 %5d    19959    19578   196608        0             0 %b\n" % (
        stamp,
        pid,
        pid,
        name,
    )


CASES: dict[str, Make] = {
    "literals in a line each": repeated(b"\n".join(LITERALS) + b"\n"),
    "literals in one line": repeated(b"".join(LITERALS)),
    "one literal, short lines": repeated(b"oom-kill\n"),
    "heads": repeated(_HEAD),
    "kills": repeated(b"[    6.300000] Out of memory: Killed process 1 (a) total-vm:1kB\n"),
    "kills of a group": counted(
        lambda n: b"[    7.000000] Memory cgroup out of memory: Killed process %d (a)\n" % n,
        _HEAD + _GROUP,
    ),
    "reports": repeated(_REPORT),
    "a report without end, frames": repeated(b"[    6.3] a+0x44/0x5c\n", _HEAD),
    "a report without end, zones": counted(
        lambda n: b"[    6.300000] Node %d DMA32 free:12kB min:1kB low:1kB high:1kB\n" % n, _HEAD
    ),
    "a report without end, slabs": counted(lambda n: b"[    6.3] k-%d 9KB 9KB\n" % n, _HEAD),
    "a report without end, reserves": repeated(b"lowmem_reserve[]:\n", _HEAD),
    "a report without end, nothing": repeated(b"[    6.300000] something else\n", _HEAD),
    "rows": counted(lambda n: task(b"%12.6f" % (7 + n / 1e6), n), _HEAD + _TASKS),
    "rows of one stamp": counted(lambda n: task(b"    6.300000", n), _HEAD + _TASKS),
    "rows, irregular": counted(lambda n: task(b"    6.300000", n, b"<=a"), _HEAD + _TASKS),
    "rows, back in time": counted(lambda n: task(b"%12.6f" % (9e5 - n), n), _HEAD + _TASKS),
    "rows, the same again": repeated(task(b"    6.300000", 9), _HEAD + _TASKS),
    "callers": counted(
        lambda n: b"[    6.2][T%d] e invoked oom-killer: gfp_mask=0x1(A), order=0\n" % n
    ),
    "hosts": counted(
        lambda n: b"Jun  4 17:19:10 h%d kernel: e invoked oom-killer: gfp_mask=0x1(A)\n" % n
    ),
    "hosts of programs": counted(lambda n: b"Jun  4 17:19:10 h%d app[1]: invoked oom\n" % n),
    "pieces of a line": repeated(b"oom_reaper Node 0\nDMA\nfree:1kB\n"),
    "wide pieces": lines_of(b"Node 0 DMA free:1kB ", 200, b"oom_reaper "),
    "pieces that begin anew": lines_of(b"Killed process 1 (a) ", 200),
    "slashes": lines_of(b"/", 100_000, b"oom_reaper "),
    "slashes first": repeated(b"/", after=b" oom_reaper\n"),
    "digits first": repeated(b"1", after=b" oom_reaper\n"),
    "dots first": repeated(b".", after=b" oom_reaper\n"),
    "an open bracket": repeated(b"/", b"[", b" oom_reaper\n"),
    "blanks and an arrow": repeated(b" ", b"oom_reaper", b"<\n"),
    "blanks of a kernel's line": lines_of(b" ", 4000, b"oom_reaper <"),
    "a tag of logcat": lines_of(b" ", 4000, b"I/oom_reaper"),
    "a taint of blanks": lines_of(
        b" ", 4000, b"oom_reaper\n[ 1.0] CPU: 0 PID: 1 Comm: a Tainted: "
    ),
    "a summary of names": lines_of(
        b",mems_allowed=0,oom_memcg=,task_memcg=",
        4000,
        b"[    1.000000] oom-kill:constraint=C,cpuset=",
    ),
    "escaped newlines": repeated(b"#012", b"oom_reaper "),
    "stamps in one line": repeated(b"[    1.000000] a ", b"oom_reaper "),
    "zeros": repeated(b"\0a\0a\0a\0a", b"oom_reaper "),
    "quoted-printable": repeated(b"=3D", b"oom_reaper "),
    "brackets": repeated(b"[{", b"oom_reaper "),
    "arrays in arrays": lambda size: b'{"message":"oom_reaper","a":' + b"[" * size,
    "a string without end": repeated(b'\\"', b'{"message":"oom_reaper '),
    "an array without end": repeated(b'{"x":"oom_reaper"},', b"["),
    "a wide table": repeated(
        b'["1700000000000000000","oom_reaper"],\n', b'{"x":"' + b"x" * 7000 + b'","values":[\n'
    ),
    "records, the newest first": counted(
        lambda n: b'{"message":"oom_reaper","time":%d}\n' % (1700000000 - n)
    ),
    "fragments": counted(lambda n: b"6,1,1,-,ncfrag=%d/99999999;oom_reaper\n" % (n * 10)),
    "fragments in one line": repeated(b"6,1,1,-,ncfrag=0/1;o oom_reaper"),
    "a frame of lines": repeated(b"oom_reaper\n", b"60000 <4>Jun  1 00:00:00 a\n"),
    "a value of lines": repeated(b"oom_reaper\n", b"__CURSOR=s=1\nMESSAGE\n\0\0\x08\0\0\0\0\0"),
    "parts of a dump": counted(lambda n: b"Panic#1 Part%d\noom_reaper\n" % (n + 1)),
    "turns of the year": repeated(
        b"Jan  1 00:00:00 h kernel: oom_reaper\nDec 31 00:00:00 h kernel: oom_reaper\n"
    ),
}


def seconds(act: Callable[[], object]) -> float:
    """The time of a processor that something takes, without that of collecting garbage."""
    gc.disable()
    try:
        started_s = time.process_time()
        act()
        return time.process_time() - started_s
    finally:
        gc.enable()


def growth(small: Callable[[], object], large: Callable[[], object], most: float) -> float:
    """How many times longer the large takes than the small, by the least of some measurements.

    They take turns, so that what else the machine does falls on both; measuring ends as soon as
    it is at most so many times.
    """
    small()
    small_s = large_s = math.inf
    for _ in range(_ROUNDS):
        small_s = min(small_s, *(seconds(small) for _ in range(3)))
        large_s = min(large_s, seconds(large))
        if large_s <= most * max(small_s, _LEAST_S):
            break
    return large_s / max(small_s, _LEAST_S)


def read(data: bytes) -> None:
    copies.in_blocks([data[at : at + (1 << 20)] for at in range(0, len(data), 1 << 20)])


def calls(act: Callable[[], object]) -> int:
    """How many functions are called."""
    profile = cProfile.Profile(builtins=True)
    profile.runcall(act)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("name", CASES)
def test_time_grows_no_faster_than_the_log(name: str) -> None:
    """The time by far less than with its square; the calls of functions are counted."""
    small, large = (partial(read, CASES[name](size)) for size in (_SMALL, _SMALL * _TIMES))
    assert growth(small, large, _MOST_GROWTH) <= _MOST_GROWTH
    few, many = (calls(partial(read, CASES[name](size))) for size in (_SMALL, _SMALL * 4))
    assert many <= _MOST_MORE_CALLS * few


@pytest.mark.parametrize("name", BY_NAME)
def test_no_line_of_a_kind_takes_long(name: str) -> None:
    """What does take long grows at most with the square of a line, whose length has a limit."""
    kind = BY_NAME[name]
    for sample in kind.samples[:2]:
        for at in range(0, len(sample), 3):
            for unit in (" ", sample[at : at + 12] or "a", sample[at : at + 1] or "1", ",a=", "1 "):
                half, whole = (
                    partial(kind.regex.fullmatch, sample[:at] + (unit * length)[: length - at])
                    for length in (MOST_TEXT // 2, MOST_TEXT)
                )
                if seconds(whole) > _LONG_S:
                    assert growth(half, whole, _MOST_GROWTH_OF_A_LINE) <= _MOST_GROWTH_OF_A_LINE
