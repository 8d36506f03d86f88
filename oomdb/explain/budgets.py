"""Which processes held more than somebody had set for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A process above its budget; fields as in the view `over_budget`."""

    pid: int | None
    comm: str | None
    is_victim: bool
    note: str | None
    budget_kb: int
    held_kb: int
    over_kb: int


def read(connection: Connection, event: Event) -> tuple[OverBudget, ...]:
    """The processes above their budgets, the one with the most too much first."""
    order = "over_kb DESC, pid"
    return reading.typed(connection, "over_budget", OverBudget, event.event_id, order)


def tell(page: Page, processes: tuple[OverBudget, ...]) -> None:
    """A sentence for each, below the table of processes; nothing where there is none."""
    for process in processes[:_SHOWN]:
        note = f" ({process.note})" if process.note else ""
        page.say(
            f"Over its budget: {words.named(process.comm, process.pid)} held"
            f" {words.kb(process.held_kb)} of {words.kb(process.budget_kb)}{note}:"
            f" {words.kb(process.over_kb)} too many.",
            hanging=5,
        )
    if len(processes) > _SHOWN:
        page.say(f"... and {len(processes) - _SHOWN:,} more over their budgets.", indent=5)
