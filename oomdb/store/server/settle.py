"""What `oomdb.store.settle` derives of the whole content, where a batch may have changed it.

A server holds too much to go through all of it for each batch. Names tell of one machine only
where their first labels are the same, and the clock of a boot tells of the events of its logs
alone: so what a batch changes outside of its own events is found by these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.store.insertion import among, insert_rows, registered
from oomdb.store.labels import settle_labels
from oomdb.store.settle import BOOTS, SHARED_BOOT, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from oomdb.store.server.connection import ServerConnection

#: The names that the events of a batch print now, and those of the hosts that they were of.
_NAMES = """
SELECT printed_hostname FROM events
WHERE event_id {of_batch} AND printed_hostname IS NOT NULL
UNION
SELECT copy_hostname FROM sightings
WHERE event_id {of_batch} AND copy_hostname IS NOT NULL"""
_NAMES_BEFORE = """
SELECT name FROM host_names
WHERE host_id = ANY(ARRAY(SELECT host_id FROM kept_event_places WHERE event_id {of_batch}))"""

#: Of some names those that nothing prints any more.
_UNSEEN = """
SELECT n.printed
FROM names_before AS n
WHERE (SELECT 1 FROM events AS e WHERE e.printed_hostname = n.printed LIMIT 1) IS NULL
  AND (SELECT 1 FROM sightings AS s WHERE s.copy_hostname = n.printed LIMIT 1) IS NULL"""

#: Events of a batch, and those whose name means another host now.
_MOVE = """
UPDATE events SET host_id = n.host_id
FROM settled_names AS n
WHERE events.printed_hostname = n.printed AND events.host_id <> n.host_id
  AND (events.event_id {of_batch} OR events.printed_hostname {moved})
RETURNING events.event_id"""

#: Events without a time of their own that may get it, or lose it, by a log of the batch: it
#: holds one of the batch's, and knows seconds since boot.
_DATELESS = f"""
SELECT event_id FROM events
WHERE (occurred_at IS NULL OR time_basis = '{SHARED_BOOT}')
  AND (event_id {{of_batch}} OR event_id = ANY(ARRAY(
    SELECT event_id FROM sightings
    WHERE copy_uptime_s IS NOT NULL AND source_id = ANY(ARRAY(
      SELECT source_id FROM sightings
      WHERE event_id {{of_batch}} AND copy_uptime_s IS NOT NULL))
  )))"""
_THEIR_LOGS = """
SELECT DISTINCT source_id FROM sightings WHERE event_id {dateless} AND copy_uptime_s IS NOT NULL"""

_EVENTS_OF = "= ANY(ARRAY(SELECT event_id FROM sightings WHERE source_id {of_logs}))"
_DATE = f"""
UPDATE events SET
  occurred_at = TIMESTAMP_OF_US(told.at_us),
  occurred_epoch_s = CAST(FLOOR(told.at_us / 1000000.0) AS BIGINT),
  time_basis = CASE WHEN told.at_us IS NULL THEN 'none' ELSE '{SHARED_BOOT}' END
FROM (
  SELECT
    d.event_id,
    MIN(boots.boot_us + CAST(ROUND(seen.copy_uptime_s * 1000000) AS BIGINT)) AS at_us
  FROM dateless AS d
  LEFT JOIN (
    SELECT event_id, source_id, copy_uptime_s FROM sightings
    WHERE event_id {{dateless}} AND copy_uptime_s IS NOT NULL
  ) AS seen ON seen.event_id = d.event_id
  LEFT JOIN ({{boots}}) AS boots ON boots.source_id = seen.source_id
  GROUP BY d.event_id
) AS told
WHERE events.event_id = told.event_id AND events.event_id {{dateless}}
  AND events.occurred_at IS DISTINCT FROM TIMESTAMP_OF_US(told.at_us)
RETURNING events.event_id"""


def settle_batch(connection: ServerConnection, changed: Collection[str]) -> set[str]:
    """Derive anew what follows from events that changed; the events that have moved by it.

    `changed` are those whose rows or sightings were written or taken away.
    """
    with registered(connection, "batch_events", event_id=sorted(changed)):
        of_batch = among(connection, "batch_events", "event_id")
        return _settle_hosts(connection, of_batch) | _settle_boots(connection, of_batch)


def _settle_hosts(connection: ServerConnection, of_batch: str) -> set[str]:
    """Which names mean one machine, among those that share a first label with the batch's."""
    seen = _texts(connection, _NAMES.format(of_batch=of_batch))
    before = _texts(connection, _NAMES_BEFORE.format(of_batch=of_batch))
    labels = {_first_label(name) for name in seen | before}
    host_before = _hosts_of(connection, labels)
    gone = _unseen(connection, host_before.keys() - seen)
    hosts, host_of = named((host_before.keys() | seen) - gone)
    _write_hosts(connection, set(host_before.values()), hosts)
    moved = {name for name, host in host_of.items() if host_before.get(name) != host}
    _write_names(connection, moved | gone, {name: host_of[name] for name in moved})
    touched = {host_of[name] for name in moved}
    touched |= {host_before[name] for name in (moved & host_before.keys()) | gone}
    if touched:
        with registered(connection, "touched_hosts", host_id=sorted(touched)):
            settle_labels(connection, among(connection, "touched_hosts", "host_id"))
    with (
        registered(connection, "settled_names", printed=[*host_of], host_id=[*host_of.values()]),
        registered(connection, "moved_names", printed=sorted(moved)),
    ):
        of_moved = among(connection, "moved_names", "printed")
        return _texts(connection, _MOVE.format(of_batch=of_batch, moved=of_moved))


def _hosts_of(connection: ServerConnection, labels: Collection[str]) -> dict[str, str]:
    """The known names with these first labels, each with its host."""
    # What is not ASCII is found under no label.
    with registered(connection, "first_labels", label=sorted({*labels, ""})):
        of_label = among(connection, "first_labels", "label")
        rows = connection.execute(
            f"SELECT name, host_id FROM host_names WHERE FIRST_LABEL(name) {of_label}"
        ).fetchall()
    return {name: host for name, host in rows if _first_label(name) in labels}


def _first_label(name: str) -> str:
    return name.lower().partition(".")[0]


def _unseen(connection: ServerConnection, names: Collection[str]) -> set[str]:
    with registered(connection, "names_before", printed=sorted(names)):
        return _texts(connection, _UNSEEN)


def _write_hosts(connection: ServerConnection, before: set[str], hosts: dict[str, str]) -> None:
    """Put `hosts` in the place of those before, as far as they differ."""
    with registered(connection, "hosts_before", host_id=sorted(before)):
        of_before = among(connection, "hosts_before", "host_id")
        shown = dict(
            connection.execute(
                f"SELECT host_id, hostname FROM hosts WHERE host_id {of_before}"
            ).fetchall()
        )
    with registered(
        connection,
        "hosts_gone",
        host_id=[host for host, name in shown.items() if hosts.get(host) != name],
    ):
        connection.execute(
            f"DELETE FROM hosts WHERE host_id {among(connection, 'hosts_gone', 'host_id')}"
        )
    rows: list[dict[str, object]] = [
        {"host_id": host, "hostname": name}
        for host, name in hosts.items()
        if shown.get(host) != name
    ]
    insert_rows(connection, "hosts", rows)


def _write_names(
    connection: ServerConnection, gone: Iterable[str], host_of: dict[str, str]
) -> None:
    with registered(connection, "names_gone", printed=sorted(gone)):
        connection.execute(
            f"DELETE FROM host_names WHERE name {among(connection, 'names_gone', 'printed')}"
        )
    rows: list[dict[str, object]]
    rows = [{"host_id": host, "name": name} for name, host in host_of.items()]
    insert_rows(connection, "host_names", rows)


def _settle_boots(connection: ServerConnection, of_batch: str) -> set[str]:
    """Date what another log of its boot dates; what no log dates any more loses its time."""
    event_ids = _texts(connection, _DATELESS.format(of_batch=of_batch))
    if not event_ids:
        return set()
    with registered(connection, "dateless", event_id=sorted(event_ids)):
        dateless = among(connection, "dateless", "event_id")
        source_ids = _texts(connection, _THEIR_LOGS.format(dateless=dateless))
        with registered(connection, "their_logs", source_id=sorted(source_ids)):
            of_logs = among(connection, "their_logs", "source_id")
            boots = BOOTS.format(of_logs=of_logs, of_events=_EVENTS_OF.format(of_logs=of_logs))
            return _texts(connection, _DATE.format(dateless=dateless, boots=boots))


def _texts(connection: ServerConnection, sql: str) -> set[str]:
    """The first column of a statement's rows."""
    return {row[0] for row in connection.execute(sql).fetchall()}
