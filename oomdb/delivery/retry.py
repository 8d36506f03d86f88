"""Trying again, for a bounded time."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.delivery.deadline import within
from oomdb.errors import OomdbError

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 60.0


class TryAgainError(Exception):
    """A failure that may pass; `after_s` is when the other side wants to be asked again [s]."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class NotDeliveredError(OomdbError):
    """A message that did not reach its target."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one target is tried: after 2, 4, 8 s and so on, each up to a half more by chance.

    A try is ended with `patience_s`, but has `least_try_s` however late it begins.
    """

    patience_s: float
    least_try_s: float = 30
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def run(self, attempt: Callable[[], None]) -> int:
        """Call `attempt` until it succeeds, and say how many it took.

        NotDeliveredError when the next one would begin too late.
        """
        end = self.clock() + self.patience_s
        wait_s = _FIRST_WAIT_S
        tries = 1
        while True:
            try:
                self._try(attempt, end)
            except TryAgainError as error:
                pause_s = max(wait_s * (1 + self.chance() / 2), error.after_s or 0)
                if self.clock() + pause_s > end:
                    often = f"given up after {tries:,} {'try' if tries == 1 else 'tries'}"
                    raise NotDeliveredError(f"{error}; {often}") from error
                self.sleep(pause_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                tries += 1
            else:
                return tries

    def _try(self, attempt: Callable[[], None], end: float) -> None:
        try:
            with within(max(end - self.clock(), self.least_try_s)):
                attempt()
        except TimeoutError as error:
            raise TryAgainError("no whole answer in time") from error
