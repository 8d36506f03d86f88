"""One event told as a story: structured facts first, then the same in words.

Only tables and views are read; what they do not hold is said to be unknown.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from oomdb.explain import (
    budgets,
    cgroup,
    citations,
    event,
    evidence,
    html,
    markdown,
    memory,
    processes,
    recurrence,
    request,
    suspects,
    tuning,
    victims,
    zones,
)
from oomdb.explain.blocks import Blocks
from oomdb.explain.html import details
from oomdb.explain.page import TextPage
from oomdb.explain.story import Story, chapters
from oomdb.output import values, writer

if TYPE_CHECKING:
    from oomdb.explain.html.details import Details
    from oomdb.store.connection import Connection

__all__ = [
    "Story",
    "as_html",
    "as_json",
    "as_markdown",
    "as_text",
    "beyond",
    "drawn",
    "explain",
]


def explain(connection: Connection, event_id: str) -> Story:
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
    page = TextPage(width)
    for tell in chapters(story).values():
        tell(page)
    return "\n".join(page.lines)


def as_markdown(story: Story) -> str:
    """The story as Markdown."""
    blocks = Blocks()
    for tell in chapters(story).values():
        tell(blocks)
    return markdown.written(blocks)


def as_html(connection: Connection, story: Story, up: str | None = None) -> str:
    """The story as a page of its own, with figures, sortable tables and the report's lines.

    `connection` is where the story was read from; `up` leads to the page that the event's
    is part of, where there is one. OomdbError where what draws pages is not installed.
    """
    return drawn(story, beyond(connection, story), up)


def beyond(connection: Connection, story: Story) -> Details:
    """What a page shows beyond the story; with it, it is all that the page follows from."""
    return details.read(connection, story.event.event_id)


def drawn(story: Story, shown: Details, up: str | None = None) -> str:
    """The same as `as_html`, of what was read by `beyond`."""
    return html.written(story, shown, up)


def as_json(story: Story) -> str:
    """The story as one JSON object with the fields of the dataclasses."""
    return writer.json_text(values.plain(asdict(story)), indent=2)
