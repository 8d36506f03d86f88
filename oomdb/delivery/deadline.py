"""An end on the clock for what waits on a server that answers, but never to the end."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Code that takes the first failure for that of one address among several meets another.
_AGAIN_S = 1.0


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block once it has taken so long [s, above 0].

    A limit for each read of a socket does not end a server that sends a byte now and then; a
    signal ends whatever waits. Signals reach the main thread alone: in any other one the
    block has no end of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError("no whole answer in time")

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
