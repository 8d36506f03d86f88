"""Processes that share the work of one: they end with it, and leave nothing behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.util import get_temp_dir
from typing import TYPE_CHECKING, Any

from oomdb import scratch
from oomdb.errors import OomdbError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import BaseContext

#: The longest name of a folder for sockets: the system takes 107 bytes for all of it.
_MOST_FOLDER = 70
_FORKSERVER = "forkserver"
#: When to look for cycles among objects while logs are read: reports are many objects without any.
_COLLECTED = (50_000, 20, 100)


def collect_seldom() -> None:
    """Look for objects that hold each other more seldom, and never among those of now."""
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """The same for a while."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@contextmanager
def pool(
    jobs: int,
    begin: Callable[..., None],
    told: tuple[Any, ...],
    *,
    doing: str,
    preload: Sequence[str] = (),
) -> Iterator[ProcessPoolExecutor]:
    """So many processes, each of which calls `begin` with what is `told` before its first task.

    They have our folders for temporary files, and `preload` names modules that are loaded once
    for all. When the block ends by an error they are ended at once. OomdbError when one of
    them ended by itself, as when the kernel killed it; `doing` is what they did, as in `read logs`.
    """
    executor = ProcessPoolExecutor(
        jobs,
        mp_context=_context(preload),
        initializer=_begin,
        initargs=(scratch.folders(), begin, told),
    )
    try:
        yield executor
    except BaseException as error:
        for process in multiprocessing.active_children():
            process.terminate()
        executor.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise OomdbError(
                f"a process that {doing} ended unexpectedly (was it killed for its memory?);"
                " with --jobs 1 there is one process alone"
            ) from None
        raise
    executor.shutdown(cancel_futures=True)


def load_ahead(preload: Sequence[str]) -> None:
    """Begin to load these modules for a `pool`, in another process."""
    if _context(preload).get_start_method() == _FORKSERVER:
        from multiprocessing.forkserver import ensure_running

        ensure_running()


def _context(preload: Sequence[str]) -> BaseContext:
    """How processes are started: forked from one that has loaded the modules, where that works."""
    has_server = _FORKSERVER in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context(_FORKSERVER if has_server else "spawn")
    if has_server:
        context.set_forkserver_preload(["__main__", *preload])
    _keep_sockets_in(scratch.folder())
    return context


def _keep_sockets_in(folder: str) -> None:
    """Have the sockets to the processes in our folder, where a killed run leaves no more.

    Their names must be short; in a long folder they stay where Python puts them.
    """
    if len(folder) <= _MOST_FOLDER:
        before, tempfile.tempdir = tempfile.tempdir, folder
        get_temp_dir()
        tempfile.tempdir = before


def _begin(folders: dict[str, str], begin: Callable[..., None], told: tuple[Any, ...]) -> None:
    """Make this process a worker: Ctrl-C is its parent's, whose end is its own."""
    scratch.use(folders)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    begin(*told)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
