"""The database file: reading it, and the only writer of its rows."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from oomdb import tables
from oomdb.errors import OomdbError
from oomdb.output import terminal
from oomdb.store import facts
from oomdb.store.assignment import Added, Assignment, insert_rows
from oomdb.store.opening import State, connect, first_line, prepare, state_of
from oomdb.store.settle import settle
from oomdb.store.staging import locked, staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.incidents.copies import Found


#: Rows that are written at a time.
_MOST_WAITING = 1000


def database_path(option: str | Path | None) -> Path:
    """The database that a command works on: the option, else OOMDB_DB, else ./oomdb.duckdb."""
    return Path(option or os.environ.get("OOMDB_DB") or "oomdb.duckdb")


@dataclass(frozen=True, slots=True)
class Known:
    """A source that is in the database; fields as in `sources`."""

    source_id: str
    path: str
    sha256: str
    size_bytes: int
    reading: str | None
    event_count: int


@dataclass(frozen=True, slots=True)
class Input:
    """A file as it was when it was read; fields as in `inputs`."""

    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int
    options: str


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
    """The writer: adds sources to a staged database, each in one transaction.

    Sources without a report, most of a fleet's files, are written many at a time.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._waiting: list[dict[str, object]] = []
        self._changed: set[str] = set()

    @staticmethod
    @contextmanager
    def open_for_reading(path: Path) -> Iterator[Reader]:
        """The published database, upgraded first when an older oomdb wrote it.

        Raises OomdbError when there is none, NotADatabaseError or NewerDatabaseError for
        a file that this oomdb cannot read; such a file is not touched.
        """
        if not path.exists():
            raise _no_database(path)
        _bring_up_to_date(path)
        connection = connect(path, read_only=True)
        reader = Reader(connection, path)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield reader
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except duckdb.Error as error:
            raise OomdbError(f"cannot read {path}: {first_line(error)}") from error
        finally:
            reader.close()

    @staticmethod
    @contextmanager
    def open_for_ingest(path: Path, *, must_exist: bool = False) -> Iterator[Store]:
        """The database to add to, created when there is none unless it `must_exist`.

        What was added is published when the block ends without error; else the database
        stays as it was. Raises what `open_for_reading` raises, and DatabaseBusyError
        while another process writes.
        """
        if must_exist and not path.exists():
            raise _no_database(path)
        folder = path.absolute().parent
        if not folder.is_dir():
            raise OomdbError(f"no folder {folder} for the database")
        if path.exists():
            state_of(path)
        with locked(path), staged(path) as copy:
            prepare(copy)
            connection = connect(copy)
            try:
                store = Store(connection)
                yield store
                store.write_waiting()
                settle(connection)
                store.note_changed()
                facts.derive(connection)
                connection.execute("CHECKPOINT")
            except duckdb.InterruptException:
                raise KeyboardInterrupt from None
            except duckdb.Error as error:
                reason = first_line(error)
                raise OomdbError(f"cannot write {path}: {reason}; it is as it was") from error
            finally:
                connection.close()

    def sources_like(self, path: str, head_digest: str | None, sha256: str | None) -> list[Known]:
        """The sources of that path, with that head, or with that content."""
        self.write_waiting()
        result = self._connection.execute(
            "SELECT source_id, path, sha256, size_bytes, reading, event_count FROM sources"
            " WHERE path = $path OR head_digest = $head OR sha256 = $sha256 ORDER BY path, sha256",
            {"path": path, "head": head_digest, "sha256": sha256},
        )
        return [Known(*row) for row in result.fetchall()]

    def add_source(
        self, source: dict[str, object], found: Sequence[Found], *, replaces: Sequence[str] = ()
    ) -> Added:
        """Add one source with all its reports, or nothing, in one transaction.

        Each report joins the event whose other copies it does not contradict, or makes a
        new one; an event's rows are those of its best copy. `replaces` are sources that
        this one is a longer, moved or better read version of.
        """
        if not found and not replaces:
            self._waiting.append({**source, "event_count": 0})
            if len(self._waiting) >= _MOST_WAITING:
                self.write_waiting()
            return Added(frozenset(), frozenset())
        self._connection.begin()
        try:
            touched = {event_id for one in replaces for event_id in self._forget(one)}
            added = Assignment(self._connection).add(str(source["source_id"]), found, touched)
            row = {**source, "event_count": len(added.new_event_ids | added.known_event_ids)}
            insert_rows(self._connection, "sources", [row])
            self._connection.commit()
            self._changed |= added.changed_event_ids | touched
        except BaseException:
            # A commit that failed has ended the transaction.
            with suppress(duckdb.TransactionException):
                self._connection.rollback()
            raise
        return added

    def write_waiting(self) -> None:
        """Write the sources without a report that were not written yet."""
        insert_rows(self._connection, "sources", self._waiting)
        self._waiting.clear()

    def note_changed(self) -> None:
        """Tell the database which events were written, for what it keeps of them."""
        table = pa.table({"event_id": pa.array(sorted(self._changed), pa.string())})
        self._connection.register("noted", table)
        self._connection.execute(f"CREATE TEMP TABLE {facts.CHANGED} AS SELECT * FROM noted")
        self._connection.unregister("noted")

    def source_marks(self) -> Iterator[tuple[str, str | None, str]]:
        """Path, head digest and SHA-256 of every source."""
        self.write_waiting()
        result = self._connection.execute("SELECT path, head_digest, sha256 FROM sources")
        while rows := result.fetchmany(_MOST_WAITING):
            yield from rows

    def inputs(self) -> dict[str, Input]:
        """Every file that was read to its end, by path."""
        result = self._connection.execute(
            "SELECT path, size_bytes, mtime_ns, inode, device, options FROM inputs"
        )
        return {row[0]: Input(*row) for row in result.fetchall()}

    def event_counts(self) -> dict[str, int]:
        """How many events each file holds, by its path, archives as a whole."""
        result = self._connection.execute(
            "SELECT SPLIT_PART(path, '!/', 1) AS file, SUM(event_count) FROM sources GROUP BY file"
        )
        return {row[0]: int(row[1] or 0) for row in result.fetchall()}

    def note_inputs(self, inputs: Sequence[Input], *, known: Sequence[str]) -> None:
        """Remember files as they are, in place of what was known of those in `known`."""
        self._connection.begin()
        if known:
            self._connection.execute("DELETE FROM inputs WHERE list_contains(?, path)", [known])
        insert_rows(self._connection, "inputs", [asdict(each) for each in inputs])
        self._connection.commit()

    def sources(self) -> list[dict[str, object]]:
        """The rows of all sources, in a fixed order."""
        self.write_waiting()
        result = self._connection.execute("SELECT * FROM sources ORDER BY source_id")
        return result.to_arrow_table().to_pylist()

    def sightings_of(self, source_id: str) -> list[dict[str, object]]:
        """The sightings of one source, in the order of its lines."""
        result = self._connection.execute(
            "SELECT * FROM sightings WHERE source_id = ? ORDER BY first_byte, copy_digest",
            [source_id],
        )
        return result.to_arrow_table().to_pylist()

    def clear_derived(self) -> None:
        """Take away all rows that follow from the evidence; sources and sightings stay."""
        self._connection.begin()
        for table in (tables.EVENTS, *tables.EVENT_TABLES):
            if table is not tables.SIGHTINGS:
                self._connection.execute(f"DELETE FROM {table.name}")
        self._connection.commit()

    def replace_told(self, table: tables.Table, rows: Sequence[dict[str, object]]) -> None:
        """Put `rows` in the place of all that users told before: host_rules or budgets."""
        assert table in tables.TOLD
        self._connection.begin()
        self._connection.execute(f"DELETE FROM {table.name}")
        insert_rows(self._connection, table.name, rows)
        self._connection.commit()

    def label_names(self) -> set[str]:
        """The labels that some rule gives to hosts."""
        result = self._connection.execute("SELECT DISTINCT label FROM host_rules")
        return {row[0] for row in result.fetchall()}

    def event_count(self) -> int:
        """How many events there are."""
        row = self._connection.execute("SELECT COUNT(*) FROM events").fetchone()
        assert row is not None
        return int(row[0])

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


def _no_database(path: Path) -> OomdbError:
    return OomdbError(f"no database at {path}; fill one with `oomdb ingest LOGS`")


def _bring_up_to_date(path: Path) -> None:
    """Upgrade a database of an older oomdb, tables and saved views.

    Where that is not possible now, a difference in the views alone is only told.
    """
    state = state_of(path)
    if state is State.CURRENT:
        return
    try:
        with locked(path), staged(path) as copy:
            prepare(copy)
    except (OomdbError, duckdb.Error) as error:
        if state is State.OLDER:
            raise OomdbError(f"{path} is of an older oomdb, and {first_line(error)}") from error
        terminal.note(f"oomdb: the saved views are those of another oomdb: {first_line(error)}")
