"""The database file: opening, creating, upgrading it, and the only writer of its rows."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from oomdb.errors import NewerDatabaseError, NotADatabaseError, OomdbError
from oomdb.incidents.identity import digest
from oomdb.store.assignment import Added, Assignment, insert_rows, settle_hosts
from oomdb.store.staging import locked, staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from oomdb.incidents.copies import Found


def database_path(option: str | Path | None) -> Path:
    """The database that a command works on: the option, else OOMDB_DB, else ./oomdb.duckdb."""
    return Path(option or os.environ.get("OOMDB_DB") or "oomdb.duckdb")


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
                settle_hosts(connection)
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

    def same_content(self, sha256: str) -> dict[str, str]:
        """The sources with this content: their paths by id."""
        result = self._connection.execute(
            "SELECT source_id, path FROM sources WHERE sha256 = ? ORDER BY path", [sha256]
        )
        return {row[0]: row[1] for row in result.fetchall()}

    def add_copy(self, source: dict[str, object], of: str) -> int:
        """Add a source that holds the same bytes as source `of`; how many events it shows."""
        self._connection.begin()
        try:
            self._connection.execute(
                "INSERT INTO sources BY NAME SELECT * REPLACE (? AS source_id, ? AS path,"
                " ? AS ingested_at) FROM sources WHERE source_id = ?",
                [source["source_id"], source["path"], source["ingested_at"], of],
            )
            self._connection.execute(
                "INSERT INTO sightings BY NAME SELECT * REPLACE (? AS source_id)"
                " FROM sightings WHERE source_id = ?",
                [source["source_id"], of],
            )
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        return self.event_count(str(source["source_id"])) or 0

    def add_source(
        self, source: dict[str, object], found: Sequence[Found], *, supersedes: str | None = None
    ) -> Added:
        """Add one source with all its reports, or nothing, in one transaction.

        Each report joins the event whose other copies it does not contradict, or makes a
        new one; an event's rows are those of its best copy. A source that was read before
        adds nothing. `supersedes` is the source that this one is a longer version of.
        """
        if self.event_count(str(source["source_id"])) is not None:
            return Added(frozenset(), frozenset())
        self._connection.begin()
        try:
            touched = self._forget(supersedes) if supersedes is not None else set()
            added = Assignment(self._connection).add(str(source["source_id"]), found, touched)
            row = {**source, "event_count": len(added.new_event_ids | added.known_event_ids)}
            insert_rows(self._connection, "sources", [row])
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        return added

    def host_count(self) -> int:
        """How many machines the events name."""
        row = self._connection.execute(
            "SELECT COUNT(DISTINCT host_id) FROM events WHERE host_id IS NOT NULL"
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _forget(self, source_id: str) -> set[str]:
        """Take a source out; the events that it was a sighting of come back."""
        gone = self._connection.execute(
            "DELETE FROM sightings WHERE source_id = ? RETURNING event_id", [source_id]
        ).fetchall()
        self._connection.execute("DELETE FROM sources WHERE source_id = ?", [source_id])
        return {row[0] for row in gone}


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
    from oomdb.store.migrate import known_revisions

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
    if copy.exists() and _state(copy) == "current":
        with _connect(copy) as database:
            if _fingerprint_of(database) != definitions_fingerprint():
                refresh(database)
        return
    # Alembic comes first: the dialect registers its support for it while being loaded.
    import alembic.ddl  # noqa: F401
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from oomdb.store import migrate

    engine = create_engine(f"duckdb:///{copy}", poolclass=NullPool)
    with engine.begin() as connection:
        migrate.upgrade(connection)
    engine.dispose()
    with _connect(copy) as database:
        refresh(database)


def _fingerprint_of(database: duckdb.DuckDBPyConnection) -> str | None:
    row = database.execute("SELECT value FROM properties WHERE name = 'definitions'").fetchone()
    return None if row is None else str(row[0])


def definitions_fingerprint() -> str:
    """Stands for the saved views and reference rows that this oomdb carries."""
    from oomdb.gfp import reference_rows
    from oomdb.views import load_views

    return digest(*(view.sql for view in load_views()), *map(str, reference_rows()))


def refresh(database: duckdb.DuckDBPyConnection) -> None:
    """Write the reference rows and the saved views anew, in one transaction."""
    from oomdb.gfp import reference_rows
    from oomdb.views import load_views

    database.begin()
    database.execute("DELETE FROM gfp_bits")
    insert_rows(database, "gfp_bits", reference_rows())
    for (name,) in database.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    ).fetchall():
        database.execute(f"DROP VIEW {name}")
    for view in load_views():
        database.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    database.execute("DELETE FROM properties WHERE name = 'definitions'")
    properties: list[dict[str, object]] = [
        {"name": "definitions", "value": definitions_fingerprint()}
    ]
    insert_rows(database, "properties", properties)
    database.commit()
