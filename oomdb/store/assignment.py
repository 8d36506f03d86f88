"""Which event each report of a source becomes, and the rows that follow from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb import tables
from oomdb.clock import Moment, epoch_s
from oomdb.dating import trust
from oomdb.incidents.copies import reread
from oomdb.incidents.identity import host_id
from oomdb.incidents.resolve import Copy, Incident, incidents, merged_host
from oomdb.rows.batch import RowBatch
from oomdb.store.arrow import schema, to_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from oomdb.incidents.copies import Found

#: What a sighting keeps of its copy, in the order of `_copy`.
_FACTS = (
    "copy_digest, victim_key, body_key, is_sized, lines_taken, copy_damage, copy_hostname,"
    " boot_id, copy_uptime_s, moment_s, moment_has_year, moment_has_zone, head_uptime_key,"
    " head_wall_key, event_id"
)


@dataclass(frozen=True, slots=True)
class Added:
    """What one source brought: events that are new, and events that were known.

    `changed_event_ids` are all whose rows or sightings were written or taken away.
    """

    new_event_ids: frozenset[str]
    known_event_ids: frozenset[str]
    changed_event_ids: frozenset[str] = frozenset()


class Assignment:
    """Adds reports to a database inside the caller's transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def add(self, source_id: str, found: Sequence[Found], touched: set[str]) -> Added:
        """Add the reports of one source; `touched` names events that lost a sighting."""
        known = self._related([one.copy for one in found], touched)
        fresh = {one.copy.digest: one for one in found}
        copies = [*known, *(one.copy for one in found)]
        settled = incidents(copies)
        self._replace(settled, known, fresh, touched)
        event_of = {copy.digest: one.event_id for one in settled for copy in one.copies}
        rows = [
            {**one.sighting, "source_id": source_id, "event_id": event_of[one.copy.digest]}
            for one in found
        ]
        insert_rows(self._connection, "sightings", rows)
        mine = {event_of[one.copy.digest] for one in found}
        old = touched | {event_of[copy.digest] for copy in known if copy.digest in event_of}
        changed = touched | set(known.values()) | set(event_of.values())
        return Added(frozenset(mine - old), frozenset(mine & old), frozenset(changed))

    def _related(self, copies: Iterable[Copy], touched: set[str]) -> dict[Copy, str]:
        """The known copies that share a key with these, directly or not, with their events."""
        copies = list(copies)
        keys = {key for copy in copies for key in copy.keys}
        digests = {copy.digest for copy in copies}
        events = set(touched)
        related: dict[Copy, str] = {}
        while True:
            result = self._connection.execute(
                f"SELECT {_FACTS} FROM sightings WHERE list_contains($keys, victim_key)"
                " OR list_contains($keys, body_key) OR list_contains($events, event_id)"
                " OR list_contains($keys, head_uptime_key) OR list_contains($keys, head_wall_key)"
                " OR list_contains($digests, copy_digest)",
                {"keys": sorted(keys), "events": sorted(events), "digests": sorted(digests)},
            )
            related = {_copy(row): row[-1] for row in result.fetchall()}
            wider = keys | {key for copy in related for key in copy.keys}
            if wider == keys and events >= set(related.values()):
                return related
            keys, events = wider, events | set(related.values())

    def _replace(
        self,
        settled: Sequence[Incident],
        known: dict[Copy, str],
        fresh: dict[str, Found],
        touched: set[str],
    ) -> None:
        """Write the rows of the events that changed, and take away those that are gone."""
        current = self._current(set(known.values()) | touched)
        stale = set(current)
        batch = RowBatch()
        before = defaultdict(set)
        for copy, event_id in known.items():
            before[event_id].add(copy.digest)
        for incident in settled:
            event_id = incident.event_id
            same = {copy.digest for copy in incident.copies} == before.get(event_id)
            if (
                same
                and event_id in current
                and event_id not in touched
                and not (fresh.keys() & before[event_id])
            ):
                stale.discard(event_id)
                continue
            facts = _facts(incident, fresh, self._times(incident, fresh))
            if current.get(incident.event_id) == _signature(facts):
                stale.discard(incident.event_id)
                continue
            rows = self._rows(incident.best, fresh)
            rows.rows["events"][0].update(facts)
            rows.stamp("event_id", incident.event_id, tables.EVENT_TABLES)
            rows.rows["events"][0]["event_id"] = incident.event_id
            batch.extend(rows)
        self._delete(stale)
        for name, table in to_arrow(batch).items():
            insert(self._connection, name, table)
        moved = [
            (incident.event_id, copy.digest)
            for incident in settled
            for copy in incident.copies
            if copy in known and known[copy] != incident.event_id
        ]
        for event_id, digest in moved:
            self._connection.execute(
                "UPDATE sightings SET event_id = ? WHERE copy_digest = ?", [event_id, digest]
            )

    def _current(self, event_ids: set[str]) -> dict[str, tuple[object, ...]]:
        result = self._connection.execute(
            f"SELECT event_id, {', '.join(_SIGNED)} FROM events WHERE list_contains(?, event_id)",
            [sorted(event_ids)],
        )
        return {row[0]: tuple(row[1:]) for row in result.fetchall()}

    def _times(self, incident: Incident, fresh: dict[str, Found]) -> list[tuple[object, ...]]:
        """occurred_at, its basis and the printed stamp of every copy of the incident."""
        times: list[tuple[object, ...]]
        times = [
            tuple(fresh[copy.digest].sighting[name] for name in _COPY_TIMES)
            for copy in incident.copies
            if copy.digest in fresh
        ]
        times += self._connection.execute(
            f"SELECT DISTINCT {', '.join(_COPY_TIMES)} FROM sightings"
            " WHERE list_contains(?, copy_digest)",
            [[copy.digest for copy in incident.copies]],
        ).fetchall()
        return times

    def _rows(self, best: Copy, fresh: dict[str, Found]) -> RowBatch:
        if best.digest in fresh:
            return fresh[best.digest].rows
        row = self._connection.execute(
            "SELECT evidence, copy_json_fields FROM sightings WHERE copy_digest = ? LIMIT 1",
            [best.digest],
        ).fetchone()
        assert row is not None
        rows = reread(*row)
        rows.rows["events"][0]["copy_digest"] = best.digest
        return rows

    def _delete(self, event_ids: set[str]) -> None:
        if not event_ids:
            return
        for name in ("events", *(table.name for table in tables.EVENT_TABLES)):
            if name != "sightings":
                self._connection.execute(
                    f"DELETE FROM {name} WHERE list_contains(?, event_id)", [sorted(event_ids)]
                )


#: Facts of an event that come from all its copies; a change in them writes it anew.
_SIGNED = (
    "copy_digest",
    "printed_hostname",
    "uptime_s",
    "occurred_at",
    "time_basis",
    "printed_time",
)
_COPY_TIMES = ("copy_occurred_at", "copy_time_basis", "copy_printed_time")


def _signature(facts: dict[str, object]) -> tuple[object, ...]:
    return tuple(facts[name] for name in _SIGNED)


def _facts(
    incident: Incident, fresh: dict[str, Found], times: list[tuple[object, ...]]
) -> dict[str, object]:
    """What the copies together tell of host and time."""

    def rank(time: tuple[object, ...]) -> tuple[object, ...]:
        moment, basis, printed = time
        return (moment is None, trust(str(basis)), printed is None, str(moment), str(printed))

    occurred_at, basis, printed = min(times, key=rank)
    host = merged_host(incident.copies)
    uptimes = [copy.uptime_s for copy in incident.copies if copy.uptime_s is not None]
    return {
        "copy_digest": incident.best.digest,
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
        is_whole=damage is None,
        host=None if host is None else str(host),
        boot_id=None if boot is None else str(boot),
        uptime_s=uptime if isinstance(uptime, float) else None,
        moment=moment,
        head_keys=(
            None if head_uptime is None else str(head_uptime),
            None if head_wall is None else str(head_wall),
        ),
        is_cut="cut_end" in str(damage),
    )


def insert_rows(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, object]]
) -> None:
    """Add rows to a table; columns that a row lacks are NULL."""
    if rows:
        insert(connection, name, pa.Table.from_pylist(list(rows), schema(name)))


def insert(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Add an Arrow table's rows."""
    connection.register("incoming", table)
    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")
