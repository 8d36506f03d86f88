"""The only writer of a database's rows."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

import duckdb

from oomdb import tables
from oomdb.errors import OomdbError
from oomdb.store.assignment import KEYS, Assignment, Lost, count_events
from oomdb.store.content import Added, Content, Input, Known, New
from oomdb.store.event_rows import EventRows
from oomdb.store.insertion import among, insert, insert_rows, registered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from oomdb.store.connection import Connection
    from oomdb.store.content import Seen
    from oomdb.store.custody import Act, Ledger
    from oomdb.store.places import Place

#: Rows that are fetched at a time.
_MOST_COPIED = 100_000


class Store(Content):
    """The writer: adds sources to a staged database, batch by batch.

    `batch_reports` is how many reports are best added at a time, and `batch_bytes` how many
    bytes of logs they may take, which bounds the memory. `hosts` tells at the end how many
    machines the events name, when it is known which names mean one.
    """

    batch_reports = 500
    batch_bytes = 32 << 20
    hosts = 0

    def __init__(
        self, connection: Connection, ledger: Ledger, event_rows: EventRows | None = None
    ) -> None:
        super().__init__(connection)
        self._ledger = ledger
        self.event_rows = event_rows or EventRows(connection)
        self._lost = Lost()
        #: The sources that were added, and the digests of their copies.
        self._added: set[str] = set()
        self._own: set[str] = set()
        #: Copies, by their digests, and events that were there before.
        self._before: set[str] = set()

    def is_batch(self, reports: int, size_bytes: int) -> bool:
        """Whether so many reports, of so many bytes of lines, are best added now."""
        return reports >= self.batch_reports or size_bytes >= self.batch_bytes

    def publish(self) -> None:
        """Let others see what was added so far, where they can before all of it is."""

    def sources_like(self, logs: Sequence[tuple[str, str | None, str]]) -> list[Known]:
        """The sources that one of the logs may go on from, or has the SHA-256 of.

        They have its head, or its path where they are too short for a head: many machines of a
        fleet have logs of one path.
        """
        paths, heads, digests = zip(*logs, strict=True) if logs else ((), (), ())
        with registered(self.connection, "logs", path=paths, head=heads, sha256=digests):
            result = self.connection.execute(
                "SELECT source_id, path, sha256, size_bytes, head_digest, reading, event_count"
                f" FROM sources WHERE (path {among(self.connection, 'logs', 'path')}"
                f" AND head_digest IS NULL) OR head_digest {among(self.connection, 'logs', 'head')}"
                f" OR sha256 {among(self.connection, 'logs', 'sha256')}"
            )
            return [Known(*row) for row in result.fetchall()]

    def add(self, seen: Sequence[Seen]) -> None:
        """Add reports, or none of them, in one transaction.

        Each joins the event whose other copies it does not contradict, or makes a new one;
        an event's rows are those of its best copy.
        """
        if not seen:
            return
        with self._transaction():
            assigned = self._assignment().add(seen, self._lost)
            self._note_changed(assigned.changed)
        own = {assigned.known[digest] for digest in assigned.known.keys() & self._own}
        self._before.update(
            digest for digest, event_id in assigned.known.items() if event_id not in own
        )
        self._own.update(one.found.copy.digest for one in seen)

    def _assignment(self) -> Assignment:
        return Assignment(self.connection, self.event_rows)

    def _note_changed(self, event_ids: Collection[str]) -> None:
        """Note the events of which what is kept of saved views has to be derived again."""
        self.event_rows.note_changed(event_ids)

    def add_sources(self, rows: Sequence[dict[str, object]]) -> None:
        """Add rows of `sources` whose reports were added before; their events are counted here.

        What is left of events whose sightings were taken out, and did not come again, is decided.
        """
        self._decide()
        ids = [str(row["source_id"]) for row in rows]
        with self._transaction(), registered(self.connection, "new_sources", source_id=ids):
            insert_rows(self.connection, "sources", [{**row, "event_count": 0} for row in rows])
            count_events(self.connection, among(self.connection, "new_sources", "source_id"))
            self._ledger.added("new_sources")
        self._added.update(ids)

    def added(self) -> Added:
        """What is in the sources that were added, after all of them were."""
        connection = self.connection
        with registered(connection, "added_sources", source_id=sorted(self._added)):
            held = (
                "FROM (SELECT DISTINCT source_id, event_id FROM sightings"
                f" WHERE source_id {among(connection, 'added_sources', 'source_id')}) AS held"
            )
            events = self._number(f"SELECT COUNT(*) {held}")
            found = connection.execute(f"SELECT DISTINCT event_id {held}").fetchall()
        new = {event_id for (event_id,) in found} - self._before
        with registered(connection, "known_copies", digest=sorted(self._before)):
            known = connection.execute(
                "SELECT DISTINCT event_id FROM sightings"
                f" WHERE copy_digest {among(connection, 'known_copies', 'digest')}"
            ).fetchall()
        new.difference_update(event_id for (event_id,) in known)
        with registered(connection, "new_events", event_id=sorted(new)):
            rows = connection.execute(
                "SELECT copy_digest, kind, damage FROM events"
                f" WHERE event_id {among(connection, 'new_events', 'event_id')}"
            ).fetchall()
        return Added(events, [New(*row) for row in rows])

    def _decide(self) -> None:
        """Write anew or take out the events of which sightings were taken out."""
        while some := list(islice(self._lost.undecided, self.batch_reports)):
            with self._transaction():
                self._note_changed(self._assignment().add([], self._lost, some).changed)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            # A commit that failed has ended the transaction, or the whole connection.
            with suppress(duckdb.Error, OomdbError):
                self.connection.rollback()
            raise

    def note_inputs(self, inputs: Sequence[Input]) -> None:
        """Remember files of one machine as they are, in place of what was known of them."""
        paths = [each.path for each in inputs]
        machine = inputs[0].machine if inputs else ""
        with self._transaction(), registered(self.connection, "noted", path=paths):
            named = among(self.connection, "noted", "path")
            self.connection.execute(
                f"DELETE FROM inputs WHERE machine = ? AND path {named}", [machine]
            )
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

        What becomes of the events that they were sightings of is decided when reports come that
        have to do with them, or else when sources are added.
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
                f"DELETE FROM sightings WHERE source_id {are_gone}"
                f" RETURNING copy_digest, event_id, {', '.join(KEYS)}"
            ).fetchall()
            self.connection.execute(f"DELETE FROM sources WHERE source_id {are_gone}")
        for digest, event_id, *keys in gone:
            self._lost.take(digest, event_id, keys)
            self._before.update((digest, event_id))


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
    store.hosts = store.host_count()
    ledger.write(act)
