"""Reading the kept evidence again: all rows as this oomdb derives them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oomdb import databases, tables
from oomdb.batches import in_batches
from oomdb.databases import mark
from oomdb.errors import OomdbError, UsageError
from oomdb.incidents import copies
from oomdb.store.content import Seen
from oomdb.store.custody import Act, evidence_digest
from oomdb.store.places import full_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from oomdb.store.content import Content, Known
    from oomdb.store.places import Place
    from oomdb.store.writer import Store

    Progress = Callable[[int, int, str], None]

#: Sources that are gone through at a time, and reports in them.
_BATCH_SOURCES = 2000
_BATCH_REPORTS = 1000


@dataclass
class Reparsed:
    """What reading again did: sources gone through, events before and after, new ones.

    `without_report` counts sightings whose evidence is no report any more, `lost` those
    whose evidence is damaged, each by its source, line and problem.
    """

    sources: int = 0
    events_before: int = 0
    events: int = 0
    new_events: int = 0
    without_report: int = 0
    lost: tuple[str, ...] = ()


def reparse(database: Place, *, wait_s: float = 0, progress: Progress | None = None) -> Reparsed:
    """Derive every row of every event from the kept evidence anew, and publish the result.

    The logs themselves are not needed; another process that writes the database is waited
    for `wait_s` seconds at most. OomdbError when there is no database, when evidence is
    damaged, or when it cannot be written; then it is as it was.
    """
    act = Act("reparse")
    with databases.open_for_ingest(database, act, must_exist=True, wait_s=wait_s) as store:
        done = Reparsed(events_before=store.event_count())
        store.clear_derived()
        for _ in _read_again(store, store, done, progress):
            pass
        if done.lost:
            raise OomdbError(
                f"evidence in {database} is damaged, so nothing was changed: {done.lost[0]};"
                " `oomdb verify` names all of it, `oomdb rebuild` saves the rest"
            )
    return done


def rebuild(database: Place, new: Place, *, progress: Progress | None = None) -> Reparsed:
    """Make a new database of what another one keeps: evidence, sources, what users told.

    The custody of the old one goes on in the new one. Evidence that is damaged is left
    out, and named. UsageError when `new` exists, OomdbError when the one cannot be read or
    the other not be written.
    """
    if mark(new) is not None:
        raise UsageError(f"{new} exists; name a place that holds nothing")
    with databases.open_for_reading(database) as old:
        if old.is_redacted:
            raise OomdbError(f"{database} is a redacted copy: it keeps no evidence")
        done = Reparsed(events_before=old.event_count())
        act = Act("rebuild", {"from": full_name(database)})
        with databases.open_for_ingest(new, act) as store:
            for table in (*tables.HISTORY, *tables.TOLD):
                store.copy(old, table)
            store.inherit_sources(old)
            for _ in _read_again(old, store, done, progress):
                pass
    return done


def read_again(old: Content, store: Store, *, progress: Progress | None = None) -> Reparsed:
    """Put what `old` keeps into the store, which may hold something already.

    It is published as an ingest's batches are. Where that ends early, it can be done again.
    """
    done = Reparsed(events_before=store.event_count())
    for _ in _read_again(old, store, done, progress):
        store.publish()
    return done


def _read_again(
    old: Content, store: Store, done: Reparsed, progress: Progress | None
) -> Iterator[None]:
    """Put what `old` keeps into the store, which may be the same; stops after whole sources."""
    lost: list[str] = []
    for sources in _batches(old.sources()):
        if progress is not None:
            progress(done.sources, 0, str(sources[0]["path"]))
        source_ids = [str(source["source_id"]) for source in sources]
        sightings = old.sightings_of(source_ids)
        versions = _versions(sources, sightings, store) if old is not store else _Versions()
        to_read = [source for source in sources if source["source_id"] not in versions.older]
        store.forget([*versions.replaced, *(str(source["source_id"]) for source in to_read)])
        kept: dict[str, list[str]] = {}
        read = _seen_again(to_read, sightings, done, lost)
        few = in_batches(read, store.batch_reports, _size_bytes, store.batch_bytes)
        for seen in few:
            store.add(seen)
            for one in seen:
                kept.setdefault(one.source_id, []).append(copies.kept_line(one.found.sighting))
        store.add_sources(_as_read(to_read, kept))
        done.sources += len(sources)
        yield
    done.events = store.event_count()
    done.new_events = len(store.added().new)
    done.lost = tuple(lost)


def _seen_again(
    sources: Iterable[dict[str, object]],
    sightings: Mapping[str, Sequence[dict[str, object]]],
    done: Reparsed,
    lost: list[str],
) -> Iterator[Seen]:
    """The reports of these sources, from their evidence; what is damaged is named in `lost`."""
    for source in sources:
        source_id = str(source["source_id"])
        for sighting in sightings.get(source_id, ()):
            try:
                read = copies.again(sighting)
            except OomdbError as error:
                lost.append(f"{source['path']}:{sighting['first_line']}: {error}")
                continue
            done.without_report += not read
            for found in read:
                yield Seen(source_id, found)


def _size_bytes(seen: Seen) -> int:
    return seen.found.size_bytes


@dataclass
class _Versions:
    """Versions of one log that two databases have, by the ids of their sources.

    `older` are those of sources that the store has as they were later, with all that they
    held; `replaced` those of the store's own that are the older ones.
    """

    older: set[str] = field(default_factory=set)
    replaced: list[str] = field(default_factory=list)


def _versions(
    sources: Sequence[dict[str, object]],
    sightings: Mapping[str, Sequence[dict[str, object]]],
    store: Store,
) -> _Versions:
    """Which sources the store has in another version.

    Such logs have one path and the same first bytes, and each report of the shorter one stands
    at the same place in the longer one, where its lines may go on.
    """
    found = _Versions()
    marks = [(str(one["path"]), str(one["head_digest"] or "") or None) for one in sources]
    alike: dict[tuple[str, str | None], list[Known]] = {}
    for known in store.sources_like([(*each, "") for each in marks]):
        if known.head_digest is not None:
            alike.setdefault((known.path, known.head_digest), []).append(known)
    for source, each in zip(sources, marks, strict=True):
        source_id, size_bytes = str(source["source_id"]), int(str(source["size_bytes"]))
        own = sightings.get(source_id, ())
        for known in alike.get(each, ()):
            if known.size_bytes == size_bytes:
                continue
            held = store.sightings_of([known.source_id]).get(known.source_id, ())
            if known.size_bytes > size_bytes and _goes_on(own, held):
                found.older.add(source_id)
            elif known.size_bytes < size_bytes and _goes_on(held, own):
                found.replaced.append(known.source_id)
    return found


def _goes_on(
    shorter: Sequence[Mapping[str, object]], longer: Sequence[Mapping[str, object]]
) -> bool:
    """Whether a longer version of a log holds each report of the shorter one.

    Not where that cannot be told, as kept evidence is damaged.
    """
    begun = {one["first_byte"]: one for one in longer}
    with suppress(OomdbError):
        return all(
            (same := begun.get(one["first_byte"])) is not None
            and (
                one["copy_digest"] == same["copy_digest"]
                or copies.lines_of(same).startswith(copies.lines_of(one).rstrip(b"\n"))
            )
            for one in shorter
        )
    return False


def _as_read(
    sources: Iterable[dict[str, object]], kept: Mapping[str, Sequence[str]]
) -> list[dict[str, object]]:
    """The rows of `sources` with the evidence that was found in each now, a line for each."""
    return [
        {
            **source,
            "evidence_digest": evidence_digest(kept.get(str(source["source_id"]), ())),
        }
        for source in sources
    ]


def _batches(sources: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """The sources in lists of about so many reports."""
    batch: list[dict[str, object]] = []
    reports = 0
    for source in sources:
        batch.append(source)
        reports += int(str(source["event_count"]))
        if reports >= _BATCH_REPORTS or len(batch) >= _BATCH_SOURCES:
            yield batch
            batch, reports = [], 0
    if batch:
        yield batch
