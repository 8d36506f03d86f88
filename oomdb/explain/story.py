"""One event's facts, and the chapters in which they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.explain import (
    advice,
    budgets,
    cgroup,
    citations,
    event,
    evidence,
    memory,
    processes,
    recurrence,
    request,
    suspects,
    tuning,
    victims,
    zones,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.explain.page import Page


@dataclass(frozen=True, slots=True)
class Story:
    """The facts of one event, in the order in which they are told.

    `fallbacks` is empty and `cgroup` set where a cgroup's limit caused the kill. `citations`
    tells which lines of the report the facts were printed in.
    """

    event: event.Event
    suspects: tuple[suspects.Suspect, ...]
    request: request.Request
    fallbacks: tuple[zones.Fallback, ...]
    tuning: tuning.Tuning
    cgroup: cgroup.Cgroup | None
    killing: victims.Killing
    memory: memory.Memory
    processes: processes.Processes
    over_budget: tuple[budgets.OverBudget, ...]
    past: recurrence.Past
    evidence: evidence.Evidence
    citations: citations.Citations


def chapters(story: Story) -> dict[str, Callable[[Page], None]]:
    """What tells each chapter to a page, by the chapter's name, in order.

    `head` is the answer. A kill by a cgroup's limit has `cgroup` in place of `zones`.
    """
    what, cited = story.event, story.citations

    def head(page: Page) -> None:
        event.tell(page, what, [victim.name for victim in story.killing.victims])
        suspects.tell(page, story.suspects, what, story.request, story.cgroup)
        advice.tell(page, story.suspects, what, story.request)

    def limits(page: Page) -> None:
        if story.cgroup is not None:
            cgroup.tell(page, story.cgroup, story.memory, cited)
        else:
            zones.tell(page, story.fallbacks, what, cited)
            tuning.tell(page, story.tuning, cited)

    def largest(page: Page) -> None:
        processes.tell(page, story.processes, what, cited)
        budgets.tell(page, story.over_budget)

    return {
        "head": head,
        "request": lambda page: request.tell(page, story.request, what, cited),
        "zones" if story.cgroup is None else "cgroup": limits,
        "killing": lambda page: victims.tell(page, story.killing, what, story.memory, cited),
        "memory": lambda page: memory.tell(page, story.memory, cited, of_cgroup=what.is_memcg),
        "processes": largest,
        "past": lambda page: recurrence.tell(page, story.past, what),
        "evidence": lambda page: evidence.tell(page, story.evidence, cited),
    }
