"""The database, whatever holds it: reading it, and the only writer of its rows."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from oomdb import tables
from oomdb.errors import OomdbError
from oomdb.output import terminal
from oomdb.store.connection import server_session
from oomdb.store.event_rows import EventRows
from oomdb.store.insertion import among, insert, insert_rows, registered
from oomdb.store.opening import State, connect, prepare, state_in, state_of
from oomdb.store.places import Server, lake_at
from oomdb.store.staging import cannot_write, locked, staged
from oomdb.store.trouble import reason_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import pyarrow as pa

    from oomdb.incidents.copies import Found
    from oomdb.store.assignment import Assigned, Assignment
    from oomdb.store.connection import Connection
    from oomdb.store.custody import Act, Ledger
    from oomdb.store.places import Place


#: The property of a copy without names and evidence, to which nothing can be added.
REDACTED = "redacted"
#: Rows that are fetched at a time.
_MOST_FETCHED = 10_000
_MOST_COPIED = 100_000


@dataclass(frozen=True, slots=True)
class Known:
    """A source that is in the database; fields as in `sources`."""

    source_id: str
    path: str
    sha256: str
    size_bytes: int
    head_digest: str | None
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


@dataclass(frozen=True, slots=True)
class Seen:
    """A report of a source: one sighting of an event."""

    source_id: str
    found: Found


class Content:
    """A connection to a database, and what an ingest asks of it before and after."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def inputs(self) -> dict[str, Input]:
        """Every file that was read to its end, by path."""
        result = self.connection.execute(
            "SELECT path, size_bytes, mtime_ns, inode, device, options FROM inputs"
        )
        return {row[0]: Input(*row) for row in result.fetchall()}

    def event_counts(self) -> dict[str, int]:
        """How many events each file holds that holds any, by its path, archives as a whole."""
        result = self.connection.execute(
            "SELECT SPLIT_PART(path, '!/', 1) AS file, SUM(event_count) FROM sources"
            " WHERE event_count > 0 GROUP BY file"
        )
        return {row[0]: int(row[1]) for row in result.fetchall()}

    @property
    def is_redacted(self) -> bool:
        """Whether it is a copy for strangers, without names and evidence."""
        sql = f"SELECT COUNT(*) FROM properties WHERE name = '{REDACTED}'"
        return self._number(sql) > 0

    def has_rows(self, table: tables.Table) -> bool:
        """Whether a table has any."""
        return self._number(f"SELECT COUNT(*) FROM (SELECT 1 FROM {table.name} LIMIT 1) AS one") > 0

    def host_count(self) -> int:
        """How many machines the events name."""
        return self._number("SELECT COUNT(DISTINCT host_id) FROM events WHERE host_id IS NOT NULL")

    def event_count(self) -> int:
        """How many events there are."""
        return self._number("SELECT COUNT(*) FROM events")

    def sources(self) -> list[dict[str, object]]:
        """The rows of all sources, in a fixed order."""
        result = self.connection.execute("SELECT * FROM sources ORDER BY source_id")
        return result.to_arrow_table().to_pylist()

    def sightings_of(self, source_ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
        """The sightings of each of the sources that has any, in the order of its lines."""
        if not source_ids:
            return {}
        result = self.connection.execute(
            f"SELECT * FROM sightings WHERE source_id IN ({', '.join('?' * len(source_ids))})"
            " ORDER BY source_id, first_byte, copy_digest",
            list(source_ids),
        )
        found: dict[str, list[dict[str, object]]] = {}
        for row in result.to_arrow_table().to_pylist():
            found.setdefault(row["source_id"], []).append(row)
        return found

    def _number(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        assert row is not None
        return int(row[0])


class Reader(Content):
    """A read-only connection to one snapshot of the database."""

    def __init__(self, connection: Connection, place: Place) -> None:
        super().__init__(connection)
        self.place = place

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The result of one statement as an Arrow table; duckdb.Error when it is wrong."""
        return self.connection.execute(sql, parameters).to_arrow_table()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


class Store(Content):
    """The writer: adds sources to a staged database, batch by batch.

    `batch_reports` is how many reports are best added at a time.
    """

    batch_reports = 500

    def __init__(
        self, connection: Connection, ledger: Ledger, event_rows: EventRows | None = None
    ) -> None:
        super().__init__(connection)
        self._ledger = ledger
        self.event_rows = event_rows or EventRows(connection)
        self._lost: dict[str, str] = {}

    @staticmethod
    @contextmanager
    def open_for_reading(path: Place, state_shared: str | None = None) -> Iterator[Reader]:
        """The published database, upgraded first when an older oomdb wrote it, or a lake.

        Raises OomdbError when there is none, NotADatabaseError or NewerDatabaseError for
        a file that this oomdb cannot read; such a file is not touched. `state_shared` is of a
        server: the name of a state that another session shares.
        """
        if isinstance(path, Server):
            from oomdb.store.server.opening import opened_to_read

            with opened_to_read(path, state_shared) as session:
                yield Reader(session, path)
            return
        if (lake := lake_at(path)) is not None:
            from oomdb.lake.reading import connection_to

            connection = connection_to(lake)
        elif isinstance(path, Path) and path.exists():
            connection = _connect_to_current(path)
        else:
            raise _no_database(path)
        reader = Reader(connection, path)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield reader
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except duckdb.Error as error:
            raise OomdbError(f"cannot read {path}: {reason_in(error)}") from error
        finally:
            reader.close()

    @staticmethod
    @contextmanager
    def open_for_ingest(
        path: Place, act: Act, *, must_exist: bool = False, wait_s: float = 0
    ) -> Iterator[Store]:
        """The database or lake to add to, created when there is none unless it `must_exist`.

        What was added is published, with an entry in `custody` for the act, when the block
        ends without error; else the database stays as it was. On a server each batch is
        published by itself (`publish`), and writers wait for each other's batches. Raises what
        `open_for_reading` raises, and DatabaseBusyError while another process writes a file,
        after `wait_s` seconds.
        """
        if isinstance(path, Server):
            from oomdb.store.server.store import ServerStore

            with ServerStore.opened(path, act, must_exist=must_exist) as batches:
                yield batches
            return
        if (lake := lake_at(path)) is not None:
            from oomdb.lake.writing import open_for_ingest

            with open_for_ingest(lake, act, must_exist=must_exist, wait_s=wait_s) as store:
                yield store
            return
        from oomdb.store.deriving import HeldRows

        assert isinstance(path, Path)
        if must_exist and not path.exists():
            raise _no_database(path)
        folder = path.absolute().parent
        if not folder.is_dir():
            raise OomdbError(f"no folder {folder} for the database")
        if path.exists():
            state_of(path)
        with locked(path, wait_s), staged(path) as copy, _told_of(path):
            prepare(copy)
            connection = connect(copy)
            # Each checkpoint before the last would leave holes in the file.
            connection.execute("SET wal_autocheckpoint = '256MB'")
            try:
                held = HeldRows(connection)
                writer = partial(Store, event_rows=held)
                with written(connection, path, act, writer) as store:
                    yield store
                held.derive()
                connection.execute("CHECKPOINT")
            finally:
                connection.close()

    def publish(self) -> None:
        """Let others see what was added so far, where they can before all of it is."""

    def sources_like(self, logs: Sequence[tuple[str, str | None, str]]) -> list[Known]:
        """The sources that have the path, the head or the SHA-256 of one of the logs."""
        paths, heads, digests = zip(*logs, strict=True) if logs else ((), (), ())
        with registered(self.connection, "logs", path=paths, head=heads, sha256=digests):
            result = self.connection.execute(
                "SELECT source_id, path, sha256, size_bytes, head_digest, reading, event_count"
                f" FROM sources WHERE path {among(self.connection, 'logs', 'path')}"
                f" OR head_digest {among(self.connection, 'logs', 'head')}"
                f" OR sha256 {among(self.connection, 'logs', 'sha256')}"
            )
            return [Known(*row) for row in result.fetchall()]

    def add(self, seen: Sequence[Seen]) -> Assigned:
        """Add reports, or none of them, in one transaction.

        Each joins the event whose other copies it does not contradict, or makes a new one;
        an event's rows are those of its best copy.
        """
        from oomdb.store.assignment import Assigned

        if not seen and not self._lost:
            return Assigned({}, {}, frozenset(), frozenset())
        with self._transaction():
            assigned = self._assignment().add(seen, self._lost)
            self._note_changed(assigned.changed_event_ids)
        self._lost = {}
        return assigned

    def _assignment(self) -> Assignment:
        from oomdb.store.assignment import Assignment

        return Assignment(self.connection, self.event_rows)

    def _note_changed(self, event_ids: Collection[str]) -> None:
        """Note the events of which what is kept of saved views has to be derived again."""
        self.event_rows.note_changed(event_ids)

    def add_sources(self, rows: Sequence[dict[str, object]]) -> None:
        """Add rows of `sources`."""
        ids = [str(row["source_id"]) for row in rows]
        with self._transaction(), registered(self.connection, "new_sources", source_id=ids):
            insert_rows(self.connection, "sources", rows)
            self._ledger.added("new_sources")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            # A commit that failed has ended the transaction, or the whole connection.
            with suppress(duckdb.Error):
                self.connection.rollback()
            raise

    def ends(self) -> Iterator[tuple[str, str | None, int]]:
        """Path, head digest and size of every source [bytes]."""
        result = self.connection.execute("SELECT path, head_digest, size_bytes FROM sources")
        while rows := result.fetchmany(_MOST_FETCHED):
            yield from rows

    def note_inputs(self, inputs: Sequence[Input], *, known: Sequence[str]) -> None:
        """Remember files as they are, in place of what was known of those in `known`."""
        with self._transaction():
            if known:
                with registered(self.connection, "known_paths", path=known):
                    named = among(self.connection, "known_paths", "path")
                    self.connection.execute(f"DELETE FROM inputs WHERE path {named}")
            insert_rows(self.connection, "inputs", [asdict(each) for each in inputs])

    def clear_derived(self) -> None:
        """Take away all rows that follow from the evidence; sources and sightings stay."""
        with self._transaction():
            self.event_rows.clear()

    def replace_told(self, table: tables.Table, rows: Sequence[dict[str, object]]) -> None:
        """Put `rows` in the place of all that users told before: host_rules or budgets."""
        assert table in tables.TOLD
        with self._transaction():
            self.connection.execute(f"DELETE FROM {table.name}")
            insert_rows(self.connection, table.name, rows)
        self._ledger.told(table)

    def fill(self, table: tables.Table, sql: str) -> None:
        """Add the rows that a query gives."""
        with self._transaction():
            self.connection.execute(f"INSERT INTO {table.name} BY NAME {sql}")
            if table is tables.SOURCES:
                self._ledger.added(table.name)

    def copy(self, old: Content, table: tables.Table) -> None:
        """Take over all rows of a table from another database."""
        import pyarrow as pa

        names = ", ".join(column.name for column in table.columns)
        asked = old.connection.cursor().execute(f"SELECT {names} FROM {table.name}")
        with self._transaction():
            for batch in asked.to_arrow_reader(_MOST_COPIED):
                insert(self.connection, table.name, pa.Table.from_batches([batch]))

    def inherit_sources(self, old: Content) -> None:
        """Let custody know the sources that another database had, whose entries were copied."""
        with self._transaction():
            self._ledger.inherit(old.connection)

    def label_names(self) -> set[str]:
        """The labels that some rule gives to hosts."""
        result = self.connection.execute("SELECT DISTINCT label FROM host_rules")
        return {row[0] for row in result.fetchall()}

    def forget(self, source_ids: Sequence[str]) -> None:
        """Take out sources of which others are longer, moved or better read versions.

        What becomes of the events that they were sightings of, the next `add` decides.
        """
        if not source_ids:
            return
        with (
            self._transaction(),
            registered(self.connection, "gone_sources", source_id=source_ids),
        ):
            self._ledger.leaving("gone_sources")
            are_gone = among(self.connection, "gone_sources", "source_id")
            gone = self.connection.execute(
                f"DELETE FROM sightings WHERE source_id {are_gone} RETURNING copy_digest, event_id"
            ).fetchall()
            self.connection.execute(f"DELETE FROM sources WHERE source_id {are_gone}")
        self._lost.update(gone)


@contextmanager
def written(
    connection: Connection,
    place: Place,
    act: Act,
    writer: Callable[[Connection, Ledger], Store] | None = None,
) -> Iterator[Store]:
    """A writer of the copy of a database, with what its whole content tells and the act's entry.

    These come when the block ends without error. OomdbError for a redacted copy. `writer` makes
    another than a `Store`.
    """
    from oomdb.store.custody import Ledger
    from oomdb.store.settle import settle

    ledger = Ledger(connection)
    store = (writer or Store)(connection, ledger)
    if store.is_redacted:
        raise OomdbError(f"{place} is a redacted copy; it can only be read")
    yield store
    settle(connection)
    ledger.write(act)


def mark(place: Place) -> object | None:
    """What is another after every change of the database; None where there is none yet."""
    if isinstance(place, Server):
        from oomdb.store.server import opening

        return opening.mark(place)
    if (lake := lake_at(place)) is not None:
        from oomdb.lake import signature

        return signature(lake)
    assert isinstance(place, Path)
    try:
        status = place.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


def shared_state(connection: Connection, place: Place) -> object:
    """What names the state that a reader sees: a server's by a name, a file's by its mark."""
    server = server_session(connection)
    if server is None:
        return mark(place)
    from oomdb.store.server.opening import share

    return share(server)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Turn what DuckDB raises while a copy is written into errors about the database."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        raise cannot_write(path, reason_in(error)) from error


def _note_upgrade(copy: Path) -> None:
    """Let custody tell that another oomdb has changed tables or views."""
    from oomdb.store.custody import Act, Ledger

    with connect(copy) as connection:
        is_redacted = Content(connection).is_redacted
        Ledger(connection).write(Act("upgrade", is_anonymous=is_redacted))
        connection.execute("CHECKPOINT")


def _no_database(path: Place) -> OomdbError:
    return OomdbError(f"no database at {path}; fill one with `oomdb ingest LOGS`")


def _connect_to_current(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection, after an upgrade of tables and saved views where it is due.

    Where that is not possible now, a difference in the views alone is only told.
    """
    connection = connect(path, read_only=True)
    try:
        state = state_in(connection, path)
    except BaseException:
        connection.close()
        raise
    if state is State.CURRENT:
        return connection
    connection.close()
    try:
        with locked(path), staged(path) as copy, _told_of(path):
            prepare(copy)
            _note_upgrade(copy)
    except OomdbError as error:
        if state is State.OLDER:
            raise OomdbError(f"{path} is of an older oomdb, and {error}") from error
        terminal.note(f"oomdb: the saved views are those of another oomdb: {error}")
    return connect(path, read_only=True)
