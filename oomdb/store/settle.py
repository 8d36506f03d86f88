"""What only the whole content tells: names of one machine, its labels, boots in several logs."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from oomdb.incidents.identity import host_id
from oomdb.store.insertion import insert_rows
from oomdb.store.labels import settle_labels

if TYPE_CHECKING:
    from collections.abc import Collection

    from oomdb.store.connection import Connection


#: The basis of times that come from another log of the same boot.
SHARED_BOOT = "boot_clock:shared"

#: When the machine had booted, for logs of one boot that print seconds since boot alone:
#: by an incident of theirs whose time another log tells. A log whose seconds go back holds
#: several boots. `of_logs` is the rest of a condition that is true of the logs which it is asked
#: of, `of_events` of at least their events.
BOOTS = f"""
SELECT
  seen.source_id,
  MIN(
    CAST(ROUND(EXTRACT(EPOCH FROM told.occurred_at) * 1000000) AS BIGINT)
    - CAST(ROUND(seen.copy_uptime_s * 1000000) AS BIGINT)
  ) AS boot_us
FROM (
  SELECT
    source_id, event_id, copy_uptime_s,
    copy_uptime_s - LAG(copy_uptime_s) OVER (PARTITION BY source_id ORDER BY first_line) AS step_s
  FROM sightings
  WHERE copy_uptime_s IS NOT NULL AND copy_printed_time IS NULL AND source_id {{of_logs}}
) AS seen
LEFT JOIN (
  SELECT event_id, occurred_at FROM events
  WHERE time_basis <> '{SHARED_BOOT}' AND event_id {{of_events}}
) AS told ON told.event_id = seen.event_id
GROUP BY seen.source_id
HAVING COALESCE(MIN(seen.step_s), 0) >= -1 AND COUNT(told.occurred_at) > 0"""
_EVERY = "IS NOT NULL"


def settle(connection: Connection) -> None:
    """Derive hosts, their labels and shared boots anew from the whole content."""
    settle_hosts(connection)
    settle_labels(connection)
    settle_boots(connection)


def settle_boots(connection: Connection) -> None:
    """Date events whose log prints seconds since boot alone, by another log of that boot."""
    connection.begin()
    connection.execute(
        "UPDATE events SET occurred_at = NULL, occurred_epoch_s = NULL, time_basis = 'none'"
        f" WHERE time_basis = '{SHARED_BOOT}'"
    )
    connection.execute(
        f"""
UPDATE events SET
  occurred_at = TIMESTAMP_OF_US(dated.at_us),
  occurred_epoch_s = CAST(FLOOR(dated.at_us / 1000000.0) AS BIGINT),
  time_basis = '{SHARED_BOOT}'
FROM (
  SELECT
    sightings.event_id,
    MIN(boots.boot_us + CAST(ROUND(sightings.copy_uptime_s * 1000000) AS BIGINT)) AS at_us
  FROM ({BOOTS.format(of_logs=_EVERY, of_events=_EVERY)}) AS boots
  JOIN sightings ON sightings.source_id = boots.source_id
  WHERE sightings.copy_uptime_s IS NOT NULL
  GROUP BY sightings.event_id
) AS dated
WHERE events.event_id = dated.event_id AND events.occurred_at IS NULL"""
    )
    connection.commit()


def settle_hosts(connection: Connection) -> None:
    """Make one host of the names that mean one machine.

    A short name joins a full one when exactly one full name begins with it, itself no
    beginning of a fuller one; otherwise it stays a host of its own, as it may be either.
    """
    printed = connection.execute(
        "SELECT printed_hostname FROM events WHERE printed_hostname IS NOT NULL"
        " UNION SELECT copy_hostname FROM sightings WHERE copy_hostname IS NOT NULL ORDER BY 1"
    ).fetchall()
    hosts, host_of = named([row[0] for row in printed])
    connection.begin()
    _put(connection, "hosts", ("host_id", "hostname"), set(hosts.items()))
    aliases = {(host, name) for name, host in host_of.items()}
    _put(connection, "host_names", ("host_id", "name"), aliases)
    connection.execute(
        "UPDATE events SET host_id = n.host_id FROM host_names AS n"
        " WHERE events.printed_hostname = n.name AND events.host_id <> n.host_id"
    )
    connection.commit()


def _put(
    connection: Connection, table: str, columns: tuple[str, str], rows: set[tuple[str, str]]
) -> None:
    """Have these rows alone in a table, which stays as it is where it has them."""
    present = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    if len(present) != len(rows) or set(present) != rows:
        connection.execute(f"DELETE FROM {table}")
        insert_rows(
            connection, table, [dict(zip(columns, row, strict=True)) for row in sorted(rows)]
        )


def named(names: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The machines that these names mean: the name that each is shown by, and each name's host.

    Names whose first labels differ have nothing to do with each other.
    """
    fullest = fullest_names([name.lower() for name in names])
    home = {name: fullest[name.lower()] for name in names}
    shown: dict[str, str] = {}
    for name in names:
        if home[name] == name.lower().rstrip("."):
            shown[home[name]] = max(name, shown.get(home[name], name))
    hosts = {host_id(lower): name for lower, name in shown.items()}
    return hosts, {name: host_id(home[name]) for name in names}


def fullest_names(names: Collection[str]) -> dict[str, str]:
    """For each name the only full one that begins with it; itself where there is none or many.

    Names of one machine are short to any length: web1, web1.rack7, web1.rack7.example.com.
    """
    ordered = sorted({f"{name.rstrip('.')}." for name in names})
    full = [
        name
        for name, after in zip(ordered, [*ordered[1:], ""], strict=False)
        if not after.startswith(name)
    ]
    found: dict[str, str] = {}
    for name in ordered:
        at = bisect_left(full, name)
        is_only = at + 1 == len(full) or not full[at + 1].startswith(name)
        found[name] = full[at] if full[at].startswith(name) and is_only else name
    return {name: found[f"{name.rstrip('.')}."].rstrip(".") for name in names}
