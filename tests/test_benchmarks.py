"""The harness of the benchmarks: what it makes of times, and the page that it writes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import page
from benchmarks.harness import Command, Growth, Result, Run, in_turns, run

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = (sys.executable, "-c")


def test_growth_is_that_of_the_time_beyond_the_start() -> None:
    linear = Growth("bytes", (1, 4, 16), (3.0, 6.0, 18.0), 2.0)
    assert linear.exponent == pytest.approx(1.0)
    assert Growth("bytes", (1, 4, 16), (1.0, 16.0, 256.0), 0.0).exponent == pytest.approx(2.0)


def test_pairs_are_run_in_turns(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first, second = (
        Command((*PYTHON, f"open({str(log)!r}, 'a').write({name!r})")) for name in ("a", "b")
    )
    ours, theirs = in_turns(first, second, 3, warm=False)
    assert log.read_text() == "abbaab"
    assert len(ours) == len(theirs) == 3


def test_what_a_process_leaves_behind_is_counted() -> None:
    """A child that its parent does not wait for, with a hundred megabytes."""
    child = "x = bytearray(b'x') * 100_000_000"
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    assert run(Command((*PYTHON, script))).peak_mb > 90


def test_failures_are_told() -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(Command((*PYTHON, "print('it broke'); raise SystemExit(3)")))
    assert "it broke" in error.value.output
    assert run(Command((*PYTHON, "raise SystemExit(3)"), codes=(3,))).seconds > 0


def test_the_page_keeps_what_is_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n")
    one = Result("plain", "a log", "`rg`", "4 x", "1.5 x", ratios=[2.0, 3.0, 5.0])
    one.ours = one.theirs = [Run(1.0, 0.5, 20.0)]
    other = Result("gzip", "a log", "`zgrep`", "1 x", "0.33 x", skipped="zgrep is not installed")
    page.write(path, [one, other], is_short=True)
    written = path.read_text()
    assert written.startswith("before\n<!-- measured: begin -->\n")
    assert written.endswith("\n<!-- measured: end -->\nafter\n")
    assert "old" not in written
    assert "3.00 x (2.00 to 5.00)" in written
    assert "not measured: zgrep is not installed" in written
    path.write_text("a page without a place for it")
    with pytest.raises(ValueError, match="measured"):
        page.write(path, [one], is_short=True)
