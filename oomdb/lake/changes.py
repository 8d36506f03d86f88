"""Which places of a lake an ingest has changed, found in the catalog that it worked on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oomdb.lake.narrow import HOME
from oomdb.store.event_rows import CHANGED, create_changed

if TYPE_CHECKING:
    import duckdb

#: What tells of an event, beside its rows, that other reports may change.
_TOLD = ("host_id", "occurred_at", "time_basis")


@dataclass(slots=True)
class Changes:
    """The places to write anew: `places` for events and sightings, `leaf_places` for the rest.

    `kept` tells for each of the latter, by the place that has them now, which events' leaves
    are taken over as they are; the others there were written since.
    """

    places: list[str] = field(default_factory=list)
    leaf_places: list[str] = field(default_factory=list)
    kept: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def place_of_event(buckets: int) -> str:
    """The SQL for the place of an event: its day in UTC, and the bucket that its host is in."""
    return (
        "'day=' || COALESCE(STRFTIME(occurred_at, '%Y-%m-%d'), 'unknown') || '/bucket='"
        " || PRINTF('%02d', CAST('0x' || SUBSTR(MD5(COALESCE(host_id, '')), 1, 8) AS UBIGINT)"
        f" % {buckets})"
    )


def remember(catalog: duckdb.DuckDBPyConnection) -> None:
    """Keep what the catalog says of events as it was loaded, for `changes`."""
    told = ", ".join(_TOLD)
    catalog.execute(
        f"CREATE TEMP TABLE events_before AS SELECT event_id, {HOME} AS place, {told} FROM events"
    )


def changes(catalog: duckdb.DuckDBPyConnection, buckets: int) -> Changes:
    """What has changed since `remember`; makes the temporary table `placed` of all events."""
    catalog.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT event_id,"
        f" {place_of_event(buckets)} AS place, {HOME} AS home FROM events"
    )
    create_changed(catalog)
    differs = " OR ".join(f"e.{name} IS DISTINCT FROM b.{name}" for name in _TOLD)
    catalog.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS"
        " SELECT p.place, b.place AS place_before, e.event_id IS NULL OR p.home IS NULL"
        " OR p.place <> b.place AS has_leaves"
        " FROM events AS e JOIN placed AS p ON p.event_id = e.event_id"
        " FULL JOIN temp.events_before AS b ON b.event_id = e.event_id"
        f" WHERE e.event_id IS NULL OR p.home IS NULL OR {differs}"
        f" OR e.event_id IN (SELECT event_id FROM temp.{CHANGED})"
    )
    leaf_places = _texts(catalog, _PLACES.format(condition="has_leaves"))
    found = Changes(_texts(catalog, _PLACES.format(condition="true")), leaf_places)
    kept = catalog.execute(
        "SELECT place, home, event_id FROM temp.placed WHERE home IS NOT NULL AND place IN"
        f" ({_PLACES.format(condition='has_leaves')})"
    ).fetchall()
    for place, home, event_id in kept:
        found.kept.setdefault(place, {}).setdefault(home, []).append(event_id)
    return found


_PLACES = (
    "SELECT place FROM temp.moved WHERE place IS NOT NULL AND {condition}"
    " UNION SELECT place_before FROM temp.moved WHERE place_before IS NOT NULL AND {condition}"
    " ORDER BY 1"
)


def _texts(catalog: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [str(row[0]) for row in catalog.execute(sql).fetchall()]
