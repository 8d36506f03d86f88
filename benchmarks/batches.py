"""What one more small log costs a PostgreSQL server, by how many events it holds already.

`python -m benchmarks.batches --work WORK --server postgresql://USER@HOST [EVENTS...]` prints a
table of docs/scale.md. A fleet's logs are read into a database of its own, whose rows are then
copied by SQL under other ids, hosts and times until it holds so many events; then logs with
one report each are ingested, one process for each. The login has to be a superuser, as the
copies' keys are not checked.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import inputs
from benchmarks.fleet import carriers, logs, machines, noise, reports
from benchmarks.fleet.copies import HOSTS, IDS, SECONDS, TIMES, YEAR_S
from benchmarks.fleet.fleet import BEGIN_S, Fleet, write
from benchmarks.harness import Command, run
from oomdb.incidents.identity import host_id

if TYPE_CHECKING:
    import psycopg

_NAME = "oomdb_batches"
_BASE = Fleet(hosts=50, events=200, days=30, processes=8)
_SIZES = (10_000, 100_000)
_OOMDB = (sys.executable, "-m", "oomdb")
#: Tables of what users told and of who did what, and those that are the same for all.
_NOT_COPIED = frozenset({"alembic_version", "properties", "gfp_bits", "custody", "custody_sources"})
_COLUMNS = """
SELECT c.table_name, c.column_name
FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
ORDER BY c.table_name, c.ordinal_position"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batches", description=__doc__)
    parser.add_argument("events", nargs="*", type=int, default=_SIZES)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--server", required=True, help="where databases can be made, no name")
    parser.add_argument("--seeded", action="store_true", help="measure what is there already")
    arguments = parser.parse_args()
    work, server = arguments.work.resolve(), arguments.server.rstrip("/")
    print("| events | server, MB | new host, s | known host, s | known report, s |")
    print("|---|---|---|---|---|")
    for events in arguments.events:
        place = f"{server}/{_NAME}_{events}"
        if not arguments.seeded:
            _seed(work, server, place, events)
        taken = [f"{_taken(log, place):.2f}" for log in _small_logs(work)]
        print(f"| {events:,} | {_size_mb(place):,.0f} | {' | '.join(taken)} |", flush=True)


def _taken(log: Path, place: str) -> float:
    """The wall time of the ingest of one log [s]."""
    return run(Command((*_OOMDB, "ingest", str(log), "--db", place, "--jobs", "1"))).seconds


def _small_logs(work: Path) -> list[Path]:
    """Logs of one report: of a host of its own, of the same host, and the first one once more."""
    machine = machines.machine(7, 7, "6.1-debian", boot_s=BEGIN_S - 200_000.5, role="shop")
    pool = noise.pool(inputs.SEED, 60)

    def make(folder: Path) -> None:
        for number, name in enumerate(("rsyslog", "rsyslog", "rsyslog_iso")):
            at_s = BEGIN_S + 1800.5 + 86400 * (number % 2)
            drawn = reports.draw(machine, "global", at_s, inputs.SEED, processes=40)
            carrier = carriers.BY_NAME[name]
            pieces = logs.pieces(machine, carrier, [drawn], pool, at_s - 1800, at_s + 1800)
            logs.write(folder / f"{number}.log", pieces)

    return sorted(inputs.kept(work, "batches", make).iterdir())


def _seed(work: Path, server: str, place: str, events: int) -> None:
    """A database of about so many events."""
    import psycopg

    name = place.rpartition("/")[2]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {name}")
    read = inputs.kept(work, "batches-fleet", _fleet)
    run(Command((*_OOMDB, "ingest", str(read), "--db", place)))
    with psycopg.connect(place) as session:
        session.execute("SET session_replication_role = replica")
        (found,) = session.execute("SELECT COUNT(*) FROM events").fetchone() or (1,)
        _copy(session, max(1, events // found))
        session.commit()
        session.autocommit = True
        session.execute("VACUUM ANALYZE")


def _fleet(folder: Path) -> None:
    write(_BASE, folder)


def _copy(session: psycopg.Connection[Any], copies: int) -> None:
    """Add the rows of each event `copies` - 1 further times."""
    hosts = session.execute("SELECT host_id, hostname FROM hosts").fetchall()
    session.execute(
        'CREATE TEMP TABLE copied_hosts (old_id TEXT COLLATE "C", copy_no BIGINT,'
        ' new_id TEXT COLLATE "C")'
    )
    with session.cursor().copy("COPY copied_hosts FROM STDIN") as rows:
        for number in range(1, copies):
            for old_id, hostname in hosts:
                rows.write_row((old_id, number, host_id(f"c{number}-{hostname}")))
    session.execute("CREATE INDEX ON copied_hosts (old_id, copy_no)")
    session.execute("ANALYZE copied_hosts")
    by_table: dict[str, list[str]] = {}
    for table, column in session.execute(_COLUMNS).fetchall():
        by_table.setdefault(table, []).append(column)
    for table, columns in by_table.items():
        if table in _NOT_COPIED:
            continue
        values = ", ".join(_value(table, column, copies) for column in columns)
        session.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"
            f" SELECT {values} FROM {table} AS t"
            f" CROSS JOIN GENERATE_SERIES(1, {copies - 1}) AS n (copy_no)"
        )


def _value(table: str, name: str, copies: int) -> str:
    """The SQL of a column's value in a copy."""
    shift_s = f"n.copy_no * {YEAR_S // copies}"
    new_host = (
        f"(SELECT new_id FROM copied_hosts AS h"
        f" WHERE h.old_id = t.{name} AND h.copy_no = n.copy_no)"
    )
    another = f"SUBSTR(MD5(t.{name} || ' ' || n.copy_no), 1, 16)"
    if name == "host_id":
        return new_host
    if name == "place":  # a host's, else a log's
        return f"COALESCE({new_host}, {another})"
    if name in IDS:
        return another
    if name in HOSTS or name == "hostname" or (table, name) == ("host_names", "name"):
        return f"'c' || n.copy_no || '-' || t.{name}"
    if name in TIMES:
        return f"t.{name} + {shift_s} * INTERVAL '1 second'"
    if name in SECONDS:
        return f"t.{name} + {shift_s}"
    return f"t.{name}"


def _size_mb(place: str) -> float:
    import psycopg

    with psycopg.connect(place) as session:
        row = session.execute("SELECT PG_DATABASE_SIZE(CURRENT_DATABASE())").fetchone()
    assert row is not None
    return float(row[0]) / 1e6


if __name__ == "__main__":
    main()
