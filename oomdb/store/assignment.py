"""Which event each report of a source becomes, and the rows that follow from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from oomdb.batches import in_batches
from oomdb.clock import Moment, epoch_s
from oomdb.dating import trust
from oomdb.incidents.copies import reread
from oomdb.incidents.identity import host_id
from oomdb.incidents.resolve import Copy, Incident, incidents, merged_host
from oomdb.store.arrow import to_arrow
from oomdb.store.insertion import among, insert_rows, registered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from oomdb.incidents.copies import Found
    from oomdb.rows.batch import RowBatch
    from oomdb.store.connection import Connection
    from oomdb.store.content import Seen
    from oomdb.store.event_rows import EventRows

#: Bytes of kept evidence that are read again together.
_MOST_KEPT_BYTES = 32 << 20
#: What a copy may be known by as one of an event's, beside its own digest.
KEYS = ("victim_key", "body_key", "head_uptime_key", "head_wall_key")
#: What a sighting keeps of its copy, in the order of `_copy`.
_FACTS = (
    "copy_digest, victim_key, body_key, is_sized, lines_taken, copy_damage, copy_hostname,"
    " boot_id, copy_uptime_s, moment_s, moment_has_year, moment_has_zone, head_uptime_key,"
    " head_wall_key, event_id"
)
_NAMED = (*KEYS, "copy_digest", "event_id")
_COPY_TIMES = ("copy_occurred_at", "copy_time_basis", "copy_printed_time")


class Assigned(NamedTuple):
    """What became of reports: the events whose rows or sightings were written or taken away.

    `known` are the copies that were there before and that the reports had to do with, by their
    digests, each with the event it was of.
    """

    changed: set[str]
    known: dict[str, str]


@dataclass(slots=True)
class Lost:
    """Copies of which a sighting was taken out, and what is not decided of their events yet.

    `event_of` is the event of each copy, by its digest. `undecided` are the events whose rows
    may not follow from their copies any more, each with the keys of the copies taken out.
    """

    event_of: dict[str, str] = field(default_factory=dict)
    undecided: dict[str, set[str]] = field(default_factory=dict)

    def take(self, digest: str, event_id: str, keys: Iterable[str | None]) -> None:
        """Note a copy and its event."""
        self.event_of[digest] = event_id
        self.undecided.setdefault(event_id, set()).update(key for key in keys if key is not None)

    def decided(self, event_ids: Iterable[str]) -> None:
        """Note that the rows of these events follow from their copies again, or are gone."""
        for event_id in event_ids:
            del self.undecided[event_id]
        if not self.undecided:
            self.event_of.clear()


@dataclass(slots=True)
class _Known:
    """The copies in the database that reports may be of, with their events and times."""

    event_of: dict[Copy, str]
    times: dict[str, list[tuple[object, ...]]]


class Assignment:
    """Adds reports to a database inside the caller's transaction."""

    def __init__(self, connection: Connection, event_rows: EventRows) -> None:
        self._connection = connection
        self._event_rows = event_rows
        self._wanted = among(connection, "wanted_keys", "key")

    def add(self, seen: Sequence[Seen], lost: Lost, also: Collection[str] = ()) -> Assigned:
        """Add the reports of several sources.

        Of the events that are undecided in `lost` those are decided, and noted there, that the
        reports have to do with, and those named `also`.
        """
        fresh = {one.found.copy.digest: one.found for one in seen}
        named = {lost.event_of[digest] for digest in fresh.keys() & lost.event_of.keys()}
        named = (named | set(also)) & lost.undecided.keys()
        copies = [one.found.copy for one in seen]
        known, settled, touched = self._settled(copies, lost.undecided, named)
        self._replace(settled, known, fresh, self._fresh_times(seen), touched)
        event_of = {copy.digest: one.event_id for one in settled for copy in one.copies}
        rows = [
            {
                **one.found.sighting,
                "source_id": one.source_id,
                "event_id": event_of[one.found.copy.digest],
            }
            for one in seen
        ]
        insert_rows(self._connection, "sightings", rows)
        lost.decided(touched)
        before = {copy.digest: event_id for copy, event_id in known.event_of.items()}
        return Assigned({*touched, *before.values(), *event_of.values()}, before)

    def _settled(
        self, copies: Sequence[Copy], undecided: Mapping[str, set[str]], named: Collection[str]
    ) -> tuple[_Known, list[Incident], set[str]]:
        """The known copies that these have to do with, and the incidents of all of them.

        The last are the undecided events among them: those `named` to begin with, and those that
        turn out to have to do with them. One that had to be told from an event that is gone gets
        the id that it has alone.
        """
        touched = set(named)
        while True:
            gone = {key for event_id in touched for key in undecided[event_id]}
            known = self._related(copies, touched | gone)
            settled = incidents([*known.event_of, *copies])
            near = {*known.event_of.values(), *(one.event_id for one in settled)}
            if not (more := near & undecided.keys() - touched):
                return known, settled, touched
            touched |= more

    def _related(self, copies: Sequence[Copy], also: set[str]) -> _Known:
        """The known copies that share a key with these, or have one of `also`, directly or not."""
        wanted = {key for copy in copies for key in copy.keys} | also
        wanted |= {copy.digest for copy in copies}
        while True:
            with self._table("wanted_keys", key=sorted(wanted)):
                rows = self._connection.execute(
                    f"SELECT {_FACTS}, {', '.join(_COPY_TIMES)} FROM sightings"
                    f" WHERE {' OR '.join(f'{key} {self._wanted}' for key in _NAMED)}"
                ).fetchall()
            event_of: dict[Copy, str] = {}
            times: dict[str, list[tuple[object, ...]]] = defaultdict(list)
            for row in rows:
                facts, told = row[: -len(_COPY_TIMES)], row[-len(_COPY_TIMES) :]
                copy = _copy(facts)
                event_of[copy] = facts[-1]
                times[copy.digest].append(told)
            wider = wanted | {key for copy in event_of for key in copy.keys}
            wider |= set(event_of.values())
            if wider == wanted:
                return _Known(event_of, times)
            wanted = wider

    def _fresh_times(self, seen: Sequence[Seen]) -> dict[str, list[tuple[object, ...]]]:
        times: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        for one in seen:
            sighting = one.found.sighting
            times[one.found.copy.digest].append(tuple(sighting[name] for name in _COPY_TIMES))
        return times

    def _replace(
        self,
        settled: Sequence[Incident],
        known: _Known,
        fresh: dict[str, Found],
        fresh_times: dict[str, list[tuple[object, ...]]],
        touched: set[str],
    ) -> None:
        """Write the rows of the events that changed, and take away those that are gone."""
        current = self._current(set(known.event_of.values()) | touched)
        stale = set(current)
        before = defaultdict(set)
        for copy, event_id in known.event_of.items():
            before[event_id].add(copy.digest)
        changed: list[tuple[Incident, dict[str, object]]] = []
        for incident in settled:
            event_id = incident.event_id
            digests = {copy.digest for copy in incident.copies}
            is_same = (
                event_id in current
                and event_id not in touched
                and digests == before.get(event_id)
                and digests.isdisjoint(fresh)
            )
            if not is_same:
                times = [
                    time
                    for digest in digests
                    for time in (*fresh_times.get(digest, ()), *known.times.get(digest, ()))
                ]
                facts = _facts(incident, times)
                is_same = current.get(event_id) == _signature(facts)
                if not is_same:
                    changed.append((incident, facts))
            if is_same:
                stale.discard(event_id)
        self._event_rows.delete(stale)
        self._write(changed, fresh)
        self._move(
            [
                (copy.digest, incident.event_id)
                for incident in settled
                for copy in incident.copies
                if known.event_of.get(copy, incident.event_id) != incident.event_id
            ]
        )

    def _current(self, event_ids: set[str]) -> dict[str, tuple[object, ...]]:
        if not event_ids:
            return {}
        with self._table("wanted_keys", key=sorted(event_ids)):
            result = self._connection.execute(
                f"SELECT event_id, {', '.join(_SIGNED)} FROM events WHERE event_id {self._wanted}"
            )
            return {row[0]: tuple(row[1:]) for row in result.fetchall()}

    def _write(
        self, changed: Sequence[tuple[Incident, dict[str, object]]], fresh: dict[str, Found]
    ) -> None:
        """The rows of events, those of each from its best copy."""
        sizes = self._kept_sizes({one.best.digest for one, _ in changed} - fresh.keys())

        def size_bytes(one: tuple[Incident, object]) -> int:
            return sizes.get(one[0].best.digest, 0)

        for some in in_batches(changed, len(changed), size_bytes, _MOST_KEPT_BYTES):
            kept = self._kept({one.best.digest for one, _ in some} - fresh.keys())
            rows = []
            for incident, facts in some:
                best = incident.best.digest
                rows.append(fresh[best].rows if best in fresh else kept[best])
                rows[-1].event.update(facts, event_id=incident.event_id)
            written = to_arrow(rows, [incident.event_id for incident, _ in some])
            for name, table in written.items():
                self._event_rows.insert(name, table)

    def _kept_sizes(self, digests: set[str]) -> dict[str, int]:
        """At most how many bytes the lines of known copies take, by their digests."""
        if not digests:
            return {}
        with self._table("wanted_keys", key=sorted(digests)):
            result = self._connection.execute(
                "SELECT copy_digest, MAX(last_byte - first_byte) FROM sightings"
                f" WHERE copy_digest {self._wanted} GROUP BY copy_digest"
            )
            return {digest: size_bytes or 0 for digest, size_bytes in result.fetchall()}

    def _kept(self, digests: set[str]) -> dict[str, RowBatch]:
        """The rows of known copies, from their evidence."""
        if not digests:
            return {}
        with self._table("wanted_keys", key=sorted(digests)):
            result = self._connection.execute(
                "SELECT copy_digest, evidence, copy_json_fields FROM sightings"
                f" WHERE copy_digest {self._wanted}"
                " ORDER BY copy_digest, source_id, first_byte"
            )
            evidence = {row[0]: row[1:] for row in reversed(result.fetchall())}
        found = {}
        for digest, kept in evidence.items():
            found[digest] = reread(*kept)
            found[digest].event["copy_digest"] = digest
        return found

    def _move(self, moved: Sequence[tuple[str, str]]) -> None:
        """Let known copies be sightings of other events than before."""
        if not moved:
            return
        digests, event_ids = zip(*moved, strict=True)
        with self._table("moved_copies", key=digests, event_id=event_ids):
            are_moved = f"sightings.copy_digest {among(self._connection, 'moved_copies', 'key')}"
            self._connection.execute(
                "UPDATE sightings SET event_id = moved_copies.event_id FROM moved_copies"
                f" WHERE sightings.copy_digest = moved_copies.key AND {are_moved}"
            )
            count_events(
                self._connection, f"IN (SELECT source_id FROM sightings WHERE {are_moved})"
            )

    def _table(self, name: str, **columns: Sequence[str]) -> AbstractContextManager[None]:
        """Columns of text under a name that statements can read from."""
        return registered(self._connection, name, **columns)


def count_events(connection: Connection, among_sources: str) -> None:
    """Tell in `sources` how many events each holds.

    `among_sources` is the rest of a condition that chooses some of them by their ids.
    """
    connection.execute(
        "UPDATE sources SET event_count = counted.event_count FROM ("
        "SELECT source_id, COUNT(DISTINCT event_id) AS event_count FROM sightings"
        f" WHERE source_id {among_sources} GROUP BY source_id) AS counted"
        " WHERE sources.source_id = counted.source_id"
    )


#: Facts of an event that come from all its copies; a change in them writes it anew.
_SIGNED = (
    "copy_digest",
    "damage",
    "printed_hostname",
    "uptime_s",
    "occurred_at",
    "time_basis",
    "printed_time",
)


def _signature(facts: dict[str, object]) -> tuple[object, ...]:
    return tuple(facts[name] for name in _SIGNED)


def _facts(incident: Incident, times: list[tuple[object, ...]]) -> dict[str, object]:
    """What the copies together tell of host and time."""

    def rank(time: tuple[object, ...]) -> tuple[object, ...]:
        moment, basis, printed = time
        return (moment is None, trust(str(basis)), printed is None, str(moment), str(printed))

    occurred_at, basis, printed = min(times, key=rank)
    host = merged_host(incident.copies)
    uptimes = [copy.uptime_s for copy in incident.copies if copy.uptime_s is not None]
    return {
        "copy_digest": incident.best.digest,
        "damage": incident.best.damage,
        "printed_hostname": host,
        "host_id": host_id(host) if host is not None else None,
        "uptime_s": min(uptimes, default=None),
        "occurred_at": occurred_at,
        "occurred_epoch_s": epoch_s(occurred_at),  # type: ignore[arg-type]
        "time_basis": basis,
        "printed_time": printed,
    }


def _copy(row: Sequence[object]) -> Copy:
    """A copy from its sighting's columns, as `_FACTS` orders them."""
    digest, victim, body, sized, taken, damage, host, boot, uptime, *rest = row
    seconds, year, zone, head_uptime, head_wall, _ = rest
    moment = None
    if isinstance(seconds, float):
        moment = Moment(seconds, has_year=bool(year), has_zone=bool(zone))
    return Copy(
        digest=str(digest),
        victim_key=None if victim is None else str(victim),
        body_key=None if body is None else str(body),
        is_sized=bool(sized),
        lines_taken=int(str(taken)),
        damage=None if damage is None else str(damage),
        host=None if host is None else str(host),
        boot_id=None if boot is None else str(boot),
        uptime_s=uptime if isinstance(uptime, float) else None,
        moment=moment,
        head_keys=(
            None if head_uptime is None else str(head_uptime),
            None if head_wall is None else str(head_wall),
        ),
    )
