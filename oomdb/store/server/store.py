"""Writing to a server: many at once, each batch whole or not at all."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError
from oomdb.store.custody import Ledger
from oomdb.store.server import kept, opening
from oomdb.store.server.connection import ServerConnection
from oomdb.store.server.settle import settle_batch
from oomdb.store.settle import settle
from oomdb.store.writer import Store
from oomdb.views import load_views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from oomdb import tables
    from oomdb.store.content import Content, Known
    from oomdb.store.custody import Act
    from oomdb.store.places import Server


class ServerStore(Store):
    """A session that adds batches of sources.

    A batch is one transaction, which holds the writers' lock from its first statement on: what
    another one has added by then is seen, and no report becomes two events. So writers wait
    for each other while they write, and read their logs side by side.
    """

    connection: ServerConnection
    #: To derive what is kept of views costs a second for any number of reports.
    batch_reports = 2000
    batch_bytes = 64 << 20

    def __init__(self, connection: ServerConnection, act: Act) -> None:
        super().__init__(connection, Ledger(connection))
        self._act = act
        self._changed: set[str] = set()
        self._is_whole = False
        # Another oomdb may be put in the place of this one's files while it reads logs.
        load_views()
        self._definitions = opening.own_definitions()

    @staticmethod
    @contextmanager
    def opened(server: Server, act: Act, *, must_exist: bool) -> Iterator[ServerStore]:
        """The database to add to; OomdbError as `databases.open_for_ingest`."""
        with closing(ServerConnection(server)) as connection:
            if must_exist and opening.state(connection) is None:
                raise opening.no_tables(server)
            opening.prepare(server)
            store = ServerStore(connection, act)
            yield store
            store.publish()
            store.hosts = store.host_count()

    def begin_batch(self) -> None:
        """Hold the writers' lock until `publish`.

        OomdbError where tables or views are not those any more that this oomdb writes.
        """
        if not self.connection.is_in_transaction:
            self.connection.begin()
            self.connection.execute("SELECT PG_ADVISORY_XACT_LOCK(?)", [opening.LOCK])
            if opening.definitions_in(self.connection) != self._definitions:
                self.connection.rollback()
                raise OomdbError(
                    f"another oomdb has changed tables or views of {self.connection.server}"
                    " meanwhile: run it again"
                )

    def sources_like(self, logs: Sequence[tuple[str, str | None, str]]) -> list[Known]:
        """The sources that one of the logs may go on from, or has the SHA-256 of."""
        self.begin_batch()
        return super().sources_like(logs)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.begin_batch()
        with super()._transaction():
            yield

    def _note_changed(self, event_ids: Collection[str]) -> None:
        """Note the events of which what is kept of saved views has to be derived again."""
        self._changed.update(event_ids)

    def clear_derived(self) -> None:
        """Take away all rows that follow from the evidence; sources and sightings stay."""
        super().clear_derived()
        self._is_whole = True

    def replace_told(self, table: tables.Table, rows: Sequence[dict[str, object]]) -> None:
        """Put `rows` in the place of all that users told before: host_rules or budgets."""
        super().replace_told(table, rows)
        self._is_whole = True

    def copy(self, old: Content, table: tables.Table) -> None:
        """Take over all rows of a table from another database."""
        super().copy(old, table)
        self._is_whole = True

    def publish(self) -> None:
        """Let others see what was added since the last time, with its entry in custody.

        What follows from all rows is derived where these have changed, or of all anew after
        a change that is not told by events.
        """
        if self.connection.is_in_transaction:
            if self._is_whole:
                settle(self.connection)
                kept.derive_whole(self.connection, self._changed)
            elif self._changed:
                moved = settle_batch(self.connection, self._changed)
                kept.derive(self.connection, self._changed | moved)
            self._changed.clear()
            self._is_whole = False
            self._ledger.write(self._act)
            self.connection.commit()
