"""Processes that share work: what they have of ours, and what is told when one dies."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from oomdb import processes, scratch
from oomdb.errors import OomdbError

_told = ""


def begin(told: str) -> None:
    global _told
    _told = told


def state(_: int) -> tuple[str, str, bool]:
    return _told, tempfile.gettempdir(), signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_they_have_our_folder_for_temporary_files_and_leave_interrupts_to_us() -> None:
    with processes.pool(2, begin, ("x",), doing="looked") as pool:
        found = set(pool.map(state, range(4)))
    assert found == {("x", scratch.folder(), True)}
    assert Path(scratch.folder()).is_dir()


def test_one_that_is_killed_is_told() -> None:
    with (
        pytest.raises(OomdbError, match="a process that looked ended unexpectedly"),
        processes.pool(2, begin, ("x",), doing="looked") as pool,
    ):
        pool.submit(die).result()
