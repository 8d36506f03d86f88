"""One event as a page for a browser: the answer first, then pictures, numbers and evidence.

The words are those of the story; nothing is told a second time. What a table of the page
shows in full is left out of the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.explain.blocks import Block, Blocks, Field, Heading, Paragraph, Rows
from oomdb.explain.html import figures, heat_map, lines, tables
from oomdb.explain.story import chapters
from oomdb.pages import shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.explain.html.details import Details
    from oomdb.explain.html.lines import Line
    from oomdb.explain.memory import Part
    from oomdb.explain.story import Story
    from oomdb.pages.figures import Figure
    from oomdb.pages.tables import Table

#: Pieces of a chapter's words that are shown at once; more are behind a summary.
_OPEN_BLOCKS = 40

#: The chapters by name, as the navigation calls them, in the page's order: what a person who
#: was woken needs comes first.
_SHORT_TITLES = {
    "zones": "Zones",
    "cgroup": "Limit",
    "killing": "Victim",
    "memory": "Memory",
    "processes": "Processes",
    "request": "Request",
    "past": "Before",
    "evidence": "Source",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A table with the picture beside it, where there is one."""

    figure: Figure | None
    table: Table


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter: its title, pairs of pictures and tables, and its words."""

    name: str
    short_title: str
    title: str
    pairs: tuple[Pair, ...]
    blocks: tuple[Block, ...]

    @property
    def is_long(self) -> bool:
        """Whether its words are too many to be shown at once."""
        return len(self.blocks) > _OPEN_BLOCKS


@dataclass(frozen=True, slots=True)
class Head:
    """The first screen: the headline, when, what the kernel said, causes, steps and facts."""

    headline: str
    when: str
    remarks: tuple[str, ...]
    facts: tuple[Field, ...]
    causes: tuple[str, ...]
    steps: tuple[str, ...]


def written(story: Story, details: Details, up: str | None = None) -> str:
    """The page, with a link to `up`. OomdbError where jinja2 or matplotlib is missing."""
    told: dict[str, list[Block]] = {}
    for name, tell in chapters(story).items():
        blocks = Blocks()
        tell(blocks)
        told[name] = blocks.told
    raw = _raw(story, details)
    present = {line.number for line in raw if line.text is not None}
    return shell.render(
        "incident.html",
        head=_head(told.pop("head"), story),
        event_id=story.event.event_id,
        up=up,
        chapters=[
            Chapter(name, _SHORT_TITLES[name], title.text, pairs, _words(others, pairs))
            for name, (title, *others) in _with_titles(told)
            for pairs in [tuple(_pairs(name, story, details))]
        ],
        raw=raw,
        raw_count=None if details.raw_lines is None else len(details.raw_lines),
        linked=lambda text: lines.linked(text, present),
        kind_of=lambda block: type(block).__name__,
    )


def _with_titles(
    told: dict[str, list[Block]],
) -> Iterator[tuple[str, tuple[Heading, *tuple[Block, ...]]]]:
    """The chapters in which something is told, each with its title."""
    for name in _SHORT_TITLES:
        blocks = told.get(name)
        if blocks and isinstance(blocks[0], Heading):
            yield name, (blocks[0], *blocks[1:])


def _words(blocks: Sequence[Block], pairs: Sequence[Pair]) -> tuple[Block, ...]:
    """What is left to tell beside the tables of the chapter."""
    shown = {pair.table.source.view for pair in pairs}
    return tuple(block for block in blocks if not (isinstance(block, Rows) and block.view in shown))


def _head(blocks: Sequence[Block], story: Story) -> Head:
    paragraphs = [block.text for block in blocks if isinstance(block, Paragraph)]
    fields = {block.label: block for block in blocks if isinstance(block, Field)}
    causes, steps = fields.pop("why", None), fields.pop("do", None)
    host = Field("host", (story.event.hostname or "not printed in the log",))
    return Head(
        paragraphs[0],
        " ".join(fields.pop("when").texts),
        tuple(paragraphs[1:]),
        (host, fields.pop("kernel"), *fields.values()),
        causes.texts if causes else (),
        steps.texts if steps else (),
    )


def _raw(story: Story, details: Details) -> list[Line]:
    """The report's lines, with all that the tables refer to."""
    if details.raw_lines is None:
        return []
    pids = {process.pid for process in tables.shown_processes(details.processes)}
    pids |= {process.pid for process in story.killing.victims}
    return lines.shown(details.raw_lines, story.citations, {p for p in pids if p is not None})


def _pairs(name: str, story: Story, details: Details) -> Iterator[Pair]:
    """The pictures and tables of one chapter; none where the report lacks what they show."""
    if name == "zones":
        yield from _zones(story, details)
    elif name == "cgroup" and story.cgroup is not None:
        if story.cgroup.usages:
            source = details.sources["cgroup_counters"]
            table = tables.usages(story.cgroup, story.citations, source)
            yield Pair(figures.limits(story.cgroup.usages), table)
        yield from _balance(story, details, "cgroup")
    elif name == "killing" and details.ranking:
        table = tables.ranking(details, _task_lines(story), details.sources["score_audit"])
        yield Pair(figures.ranking(details.ranking), table)
    elif name == "memory":
        yield from _balance(story, details, "machine")
    elif name == "processes" and details.processes:
        table = tables.processes(details, _task_lines(story), details.sources["process_memory"])
        yield Pair(figures.processes(details.processes), table)


def _task_lines(story: Story) -> dict[int, int]:
    """The report's line of each process, by pid."""
    return {
        entry.pid: entry.first_line
        for entry in story.citations.entries
        if entry.kind == "task" and entry.pid is not None
    }


def _zones(story: Story, details: Details) -> Iterator[Pair]:
    """What each zone refused, and in what pieces its free memory was."""
    cited, sources = story.citations, details.sources
    if story.fallbacks:
        table = tables.zones(story.fallbacks, cited, sources["zone_fallbacks"])
        yield Pair(figures.zones(story.fallbacks), table)
    if details.free_blocks:
        table = tables.free_blocks(details, cited, sources["fragmentation"])
        yield Pair(heat_map.free_blocks(details.free_blocks), table)


def _balance(story: Story, details: Details, scope: str) -> Iterator[Pair]:
    """Where the memory of the machine and its nodes, or of the cgroup, was."""
    memory = story.memory
    if not memory.of(scope):
        return
    scopes: list[tuple[str, Sequence[Part]]] = [(f"The {scope}", memory.of(scope))]
    nodes = sorted({part.node for part in memory.parts if part.node is not None})
    if scope == "machine" and len(nodes) > 1:
        scopes += [(f"Node {node}", memory.of("node", node)) for node in nodes]
    figure = figures.memory(scopes, f"figure-{scope}", f"Where the memory of the {scope} was")
    yield Pair(figure, tables.parts(memory, scope, details.sources["memory_balance"]))
