"""The database file: opening, creating, upgrading it, and the only writer of its rows."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from oomdb import tables
from oomdb.errors import NewerDatabaseError, NotADatabaseError, OomdbError
from oomdb.staging import locked, staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

#: Tables whose rows are there already are kept apart from the rows of events.
_SHARED = ("hosts", "sources", "sightings")


def database_path(option: str | Path | None) -> Path:
    """The database that a command works on: the option, else OOMDB_DB, else ./oomdb.duckdb."""
    return Path(option or os.environ.get("OOMDB_DB") or "oomdb.duckdb")


@dataclass(frozen=True, slots=True)
class Added:
    """What one source brought: events that are new, and events that were known."""

    new_event_ids: frozenset[str]
    known_event_ids: frozenset[str]


class Reader:
    """A read-only connection to one snapshot of the database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def query(
        self, sql: str, parameters: dict[str, object] | list[object] | None = None
    ) -> pa.Table:
        """The result of one statement as an Arrow table; duckdb.Error when it is wrong."""
        return self.connection.execute(sql, parameters).to_arrow_table()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


class Store:
    """The writer: adds sources to a staged database, each in one transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @staticmethod
    @contextmanager
    def open_for_reading(path: Path) -> Iterator[Reader]:
        """The published database, upgraded first when an older oomdb wrote it.

        Raises OomdbError when there is none, NotADatabaseError or NewerDatabaseError for
        a file that this oomdb cannot read; such a file is not touched.
        """
        if not path.exists():
            raise OomdbError(f"no database at {path}; fill one with `oomdb ingest LOGS`")
        if _state(path) == "older":
            with locked(path), staged(path) as copy:
                _prepare(copy)
        connection = _connect(path, read_only=True)
        reader = Reader(connection, path)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield reader
        finally:
            reader.close()

    @staticmethod
    @contextmanager
    def open_for_ingest(path: Path) -> Iterator[Store]:
        """The database to add to, created when there is none.

        What was added is published when the block ends without error; else the database
        stays as it was. Raises what `open_for_reading` raises, and DatabaseBusyError
        while another process writes.
        """
        folder = path.absolute().parent
        if not folder.is_dir():
            raise OomdbError(f"no folder {folder} for the database")
        if path.exists():
            _state(path)
        with locked(path), staged(path) as copy:
            _prepare(copy)
            connection = _connect(copy)
            try:
                yield Store(connection)
                connection.execute("CHECKPOINT")
            except duckdb.Error as error:
                raise OomdbError(f"cannot write {path}: {error}; it is as it was") from error
            finally:
                connection.close()

    def event_count(self, source_id: str) -> int | None:
        """How many events the source holds, None when it was not read yet."""
        row = self._connection.execute(
            "SELECT event_count FROM sources WHERE source_id = ?", [source_id]
        ).fetchone()
        return None if row is None else int(row[0])

    def add_source(self, source: dict[str, object], rows: dict[str, pa.Table]) -> Added:
        """Add one source with all its rows, or nothing, in one transaction.

        Events that are there already stay as they are and gain a sighting. A source that
        was read before adds nothing.
        """
        connection = self._connection
        found = self._event_ids(rows)
        if self.event_count(str(source["source_id"])) is not None:
            return Added(frozenset(), found)
        known = self._known(found)
        connection.begin()
        try:
            self._insert_row("sources", source)
            for name in _SHARED:
                if name in rows:
                    self._insert_missing(name, rows[name])
            for name, table in rows.items():
                if name not in _SHARED:
                    self._insert(name, _without(table, known))
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        return Added(found - known, known)

    @staticmethod
    def _event_ids(rows: dict[str, pa.Table]) -> frozenset[str]:
        events = rows.get("events")
        if events is None:
            return frozenset()
        return frozenset(str(event_id) for event_id in events["event_id"].to_pylist())

    def _known(self, event_ids: frozenset[str]) -> frozenset[str]:
        result = self._connection.execute(
            "SELECT event_id FROM events WHERE list_contains(?, event_id)", [sorted(event_ids)]
        )
        return frozenset(row[0] for row in result.fetchall())

    def _insert_row(self, name: str, row: dict[str, object]) -> None:
        marks = ", ".join("?" for _ in row)
        self._connection.execute(
            f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )

    def _insert(self, name: str, table: pa.Table) -> None:
        if table.num_rows:
            self._connection.register("incoming", table)
            self._connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
            self._connection.unregister("incoming")

    def _insert_missing(self, name: str, table: pa.Table) -> None:
        """Add the rows whose key is not there yet."""
        key = tables.BY_NAME[name].key or ("event_id", "source_id", "first_line")
        matches = " AND ".join(f"known.{column} = incoming.{column}" for column in key)
        self._connection.register("incoming", table)
        self._connection.execute(
            f"INSERT INTO {name} BY NAME SELECT DISTINCT * FROM incoming WHERE NOT EXISTS "
            f"(SELECT 1 FROM {name} AS known WHERE {matches})"
        )
        self._connection.unregister("incoming")


def _without(table: pa.Table, event_ids: frozenset[str]) -> pa.Table:
    """The rows of all other events."""
    if not event_ids or "event_id" not in table.column_names:
        return table
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.is_in(table["event_id"], value_set=pa.array(sorted(event_ids)))
    return table.filter(pc.invert(known))


def _connect(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as error:
        if path.is_dir():
            raise NotADatabaseError(f"{path} is a folder, not a database") from error
        if "lock" in str(error):
            raise OomdbError(f"another program holds {path} open for writing") from error
        raise NotADatabaseError(f"{path} is no oomdb database: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _state(path: Path) -> str:
    """`current` or `older`; NotADatabaseError or NewerDatabaseError for anything else."""
    from oomdb.migrate import known_revisions

    with _connect(path, read_only=True) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except duckdb.Error as error:
            raise NotADatabaseError(f"{path} is a DuckDB file but no oomdb database") from error
    revisions = known_revisions()
    if row is None or row[0] not in revisions:
        raise NewerDatabaseError(
            f"{path} was written by a newer oomdb (schema {row[0] if row else 'unknown'}); "
            "upgrade oomdb to read it"
        )
    return "current" if row[0] == revisions[0] else "older"


def _prepare(copy: Path) -> None:
    """Bring the staged database to the newest schema, with its reference rows and views."""
    # Alembic comes first: the dialect registers its support for it while being loaded.
    import alembic.ddl  # noqa: F401
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from oomdb import migrate

    engine = create_engine(f"duckdb:///{copy}", poolclass=NullPool)
    with engine.begin() as connection:
        migrate.upgrade(connection)
    engine.dispose()
    with _connect(copy) as database:
        refresh(database)


def refresh(database: duckdb.DuckDBPyConnection) -> None:
    """Write the reference rows and the saved views anew."""
    import pyarrow as pa

    from oomdb.arrow import schema
    from oomdb.gfp import reference_rows
    from oomdb.views import load_views

    database.begin()
    database.execute("DELETE FROM gfp_bits")
    database.register("incoming", pa.Table.from_pylist(reference_rows(), schema("gfp_bits")))
    database.execute("INSERT INTO gfp_bits BY NAME SELECT * FROM incoming")
    database.unregister("incoming")
    for view in load_views():
        database.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")
    database.commit()
