"""Kills of a fleet as rows, for tests that are about hosts and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

START = datetime(2026, 5, 1, 12, 0, 0)


def at(after_s: int) -> datetime:
    """The time `after_s` seconds after START."""
    return START + timedelta(seconds=after_s)


def insert_host(connection: duckdb.DuckDBPyConnection, host_id: str, **columns: object) -> None:
    """A host called `host_id` and `.example`, with its labels as given."""
    insert(connection, "hosts", host_id=host_id, hostname=f"{host_id}.example", **columns)


def insert_kill(
    connection: duckdb.DuckDBPyConnection,
    event_id: str,
    host: str | None,
    after_s: int | None,
    *comms: str,
    kind: str = "oom_kill",
    cgroup: str | None = None,
    **columns: object,
) -> None:
    """A report `after_s` seconds after START, or at an unknown time, that killed `comms`."""
    moment = None if after_s is None else at(after_s)
    insert(
        connection,
        "events",
        event_id=event_id,
        host_id=host,
        kind=kind,
        occurred_at=moment,
        occurred_epoch_s=moment and int(moment.replace(tzinfo=UTC).timestamp()),
        task_memcg=cgroup,
        **columns,
    )
    for victim_no, comm in enumerate(comms, start=1):
        insert(connection, "victims", event_id=event_id, victim_no=victim_no, comm=comm)


def insert_sighting(
    connection: duckdb.DuckDBPyConnection, event_id: str, log: str, line: int
) -> None:
    """The event was seen in a log from this line on."""
    insert(connection, "sightings", event_id=event_id, source_id=log, first_line=line)
