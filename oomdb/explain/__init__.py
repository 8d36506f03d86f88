"""One event told as a story: structured facts first, then the same in words.

Only tables and views are read; what they do not hold is said to be unknown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from oomdb.explain import (
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
from oomdb.explain.page import Page
from oomdb.output import cells, writer

if TYPE_CHECKING:
    import duckdb


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


def explain(connection: duckdb.DuckDBPyConnection, event_id: str) -> Story:
    """The story of the event `event_id`, which must be in the database."""
    what = event.read(connection, event_id)
    return Story(
        event=what,
        suspects=suspects.read(connection, what),
        request=request.read(connection, what),
        fallbacks=() if what.is_memcg else zones.read(connection, what),
        tuning=tuning.read(connection, what),
        cgroup=cgroup.read(connection, what) if what.is_memcg else None,
        killing=victims.read(connection, what),
        memory=memory.read(connection, what),
        processes=processes.read(connection, what),
        over_budget=budgets.read(connection, what),
        past=recurrence.read(connection, what),
        evidence=evidence.read(connection, what),
        citations=citations.read(connection, event_id),
    )


def as_text(story: Story, width: int = 80) -> str:
    """The story in lines of at most `width` cells."""
    page = Page(width)
    what, cited = story.event, story.citations
    event.tell(page, what, [victim.name for victim in story.killing.victims])
    suspects.tell(page, story.suspects, what, story.request, story.cgroup)
    request.tell(page, story.request, what, cited)
    if story.cgroup is not None:
        cgroup.tell(page, story.cgroup, story.memory, cited)
    else:
        zones.tell(page, story.fallbacks, what, cited)
        tuning.tell(page, story.tuning, cited)
    victims.tell(page, story.killing, what, story.memory, cited)
    memory.tell(page, story.memory, cited, of_cgroup=what.is_memcg)
    processes.tell(page, story.processes, what, cited)
    budgets.tell(page, story.over_budget)
    recurrence.tell(page, story.past, what)
    evidence.tell(page, story.evidence, cited)
    return "\n".join(page.lines)


def as_json(story: Story) -> str:
    """The story as one JSON object with the fields of the dataclasses."""
    return writer.json_text(cells.plain(asdict(story)), indent=2)
