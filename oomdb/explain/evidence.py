"""Where the report was seen, what is wrong with it, and what was not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading

if TYPE_CHECKING:
    from oomdb.explain.citations import Citations
    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection

_SHOWN = 10

_DAMAGE = {
    "annotated": "a person wrote notes into it",
    "clipped": "lines were cut off at their ends",
    "cut_end": "its end is missing",
    "cut_record": "a record was cut by the kernel's buffer",
    "cut_start": "its start is missing",
    "duplicated": "the same lines appear twice",
    "interleaved": "lines of other messages stand between its own",
    "lost_lines": "lines are missing from its middle",
    "no_dump": "only the kill was printed, without the state of the memory",
    "nonsense_value": "it has numbers that cannot be true",
    "spliced": "two lines were run together",
    "unparsed_lines": "it has lines that oomdb does not understand",
    "user_facility": "its lines have a program's facility: a relay put it there, or it is forged",
    "wrong_sum": "a list of free memory does not add up to the sum printed after it",
    "wrapped": "long lines were broken in two",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where the report was seen; the event's rows come from the best copy."""

    path: str
    first_line: int | None
    last_line: int | None
    carrier: str | None
    damage: str | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class UnparsedLine:
    """A line that was not understood; fields as in `unparsed_lines`."""

    line_no: int | None
    text: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ExtraField:
    """A value kept without a column; fields as in `extra_fields`."""

    name: str
    value: str | None
    unit: str | None
    scope: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the story rests on; `damage` holds the words of `events.damage`."""

    sightings: tuple[Sighting, ...]
    damage: tuple[str, ...]
    unparsed_lines: tuple[UnparsedLine, ...]
    extra_fields: tuple[ExtraField, ...]


def read(connection: Connection, event: Event) -> Evidence:
    """The sightings, the damage and all that has no place in the tables."""
    sql = (
        "SELECT sources.path, sightings.first_line, sightings.last_line,"
        " sightings.copy_carrier AS carrier, sightings.copy_damage AS damage,"
        " sightings.copy_digest = events.copy_digest AS is_best FROM sightings"
        " JOIN sources ON sources.source_id = sightings.source_id"
        " JOIN events ON events.event_id = sightings.event_id"
        " WHERE sightings.event_id = ?"
        " ORDER BY is_best DESC, sources.path, sightings.first_line"
    )
    sightings = tuple(
        Sighting(**record) for record in reading.records(connection, sql, [event.event_id])
    )
    return Evidence(
        sightings,
        tuple((event.damage or "").replace(",", " ").split()),
        reading.typed(connection, "unparsed_lines", UnparsedLine, event.event_id, "line_no"),
        reading.typed(connection, "extra_fields", ExtraField, event.event_id, "line_no, name"),
    )


def tell(page: Page, evidence: Evidence, cited: Citations) -> None:
    """Paths with lines, damage in words, the first lines not understood."""
    page.heading("Where this comes from")
    if not evidence.sightings:
        page.say("Unknown: no sighting is on record.")
    for sighting in evidence.sightings[:_SHOWN]:
        lines = f"{sighting.first_line}-{sighting.last_line}"
        notes = [sighting.carrier or "carrier unknown"]
        if sighting.is_best and any(not other.is_best for other in evidence.sightings):
            notes.append("the best copy: these are its numbers")
        if sighting.damage is not None and not sighting.is_best:
            notes.append(f"damage: {sighting.damage}")
        page.say(f"{sighting.path}:{lines} ({'; '.join(notes)})", hanging=5)
    _say_more(page, len(evidence.sightings))
    if cited.entries:
        page.say("Lines in brackets are those that `oomdb explain EVENT --raw` prints, from 1.")
    if not evidence.damage:
        page.say("Damage: none; every line of the report was understood.")
    for word in evidence.damage:
        page.say(f"Damage: {word}: {_DAMAGE.get(word, 'see docs')}.", hanging=5)
    for line in evidence.unparsed_lines[:_SHOWN]:
        page.say(f"Not understood, line {line.line_no} of the report: {line.text}", hanging=5)
    _say_more(page, len(evidence.unparsed_lines))
    for field in evidence.extra_fields[:_SHOWN]:
        what = "cannot be true" if field.reason == "nonsense_value" else "has no column"
        page.say(f"{field.name} = {field.value}{field.unit or ''} {what} ({field.scope}).")
    _say_more(page, len(evidence.extra_fields))


def _say_more(page: Page, count: int) -> None:
    if count > _SHOWN:
        page.say(f"... and {count - _SHOWN:,} more.", indent=5)
