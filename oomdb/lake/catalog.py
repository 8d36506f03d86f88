"""The catalog of a lake: a database in scratch space with what an ingest decides by.

It has every source, and of events and sightings the columns that tell copies, hosts and times
apart. Of the other rows of events it holds those that are new.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oomdb import scratch, tables
from oomdb.errors import OomdbError
from oomdb.lake.changes import place_of_event, remember
from oomdb.lake.narrow import HOME, NARROW, filled, loaded
from oomdb.lake.reading import attach
from oomdb.rows.batch import RowBatch
from oomdb.rows.columns import LEAVES, schema
from oomdb.store.assignment import Assignment
from oomdb.store.insertion import insert_rows, registered
from oomdb.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import duckdb

    from oomdb.lake.files import Files
    from oomdb.lake.manifest import Manifest
    from oomdb.store.connection import Connection
    from oomdb.store.custody import Ledger
    from oomdb.store.places import Lake

_PREFIX = "lake_"
#: Reports without rows and evidence are small, and each batch looks through all copies.
_BATCH_ELSEWHERE = 10_000


class LakeStore(Store):
    """The writer of a catalog; evidence that it needs comes from the lake's files.

    `kinds` are those of copies whose rows are elsewhere, by their digests; None where none is.
    """

    def __init__(
        self,
        connection: Connection,
        ledger: Ledger,
        files: Files,
        manifest: Manifest,
        kinds: Mapping[str, str] | None,
    ) -> None:
        super().__init__(connection, ledger)
        self._files = files
        self._manifest = manifest
        self.kinds = kinds if kinds is not None else {}
        if kinds is not None:
            self.batch_reports, self.batch_bytes = _BATCH_ELSEWHERE, sys.maxsize

    def sightings_of(self, source_ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
        """The sightings of each of the sources that has any, in the order of its lines."""
        self.bring_evidence("source_id", source_ids)
        return super().sightings_of(source_ids)

    def bring_evidence(self, column: str, values: Collection[str]) -> None:
        """Have the evidence of the sightings with these values in the catalog."""
        names = ", ".join(f"s.{field.name}" for field in schema("sightings"))
        with registered(self.connection, "wanted_values", value=sorted(values)):
            rows = self.connection.execute(
                f"SELECT {names}, s.{HOME} FROM sightings AS s"
                f" WHERE s.{HOME} IS NOT NULL AND s.evidence IS NULL"
                f" AND s.{column} IN (SELECT value FROM wanted_values)"
            ).to_arrow_table()
        if not rows.num_rows:
            return
        brought = filled(self._files, self._manifest, tables.SIGHTINGS, rows)
        catalog = cast("duckdb.DuckDBPyConnection", self.connection)
        catalog.register("brought", brought.select(["copy_digest", "evidence"]))
        catalog.execute(
            "UPDATE sightings SET evidence = brought.evidence FROM brought"
            " WHERE sightings.copy_digest = brought.copy_digest AND sightings.evidence IS NULL"
        )
        catalog.unregister("brought")

    def _assignment(self) -> Assignment:
        return _LakeAssignment(self)


class _LakeAssignment(Assignment):
    def __init__(self, store: LakeStore) -> None:
        super().__init__(store.connection, store.event_rows)
        self._store = store

    def _kept(self, digests: set[str]) -> dict[str, RowBatch]:
        elsewhere = digests & self._store.kinds.keys()
        self._store.bring_evidence("copy_digest", digests - elsewhere)
        found = super()._kept(digests - elsewhere)
        for digest in elsewhere:
            event: dict[str, object] = {"kind": self._store.kinds[digest], "copy_digest": digest}
            found[digest] = RowBatch(event)
        return found


@contextmanager
def catalog_of(files: Files, manifest: Manifest, lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with all rows of the lake that an ingest decides by."""
    from oomdb.store.opening import connect
    from oomdb.store.trouble import told_by

    with tempfile.TemporaryDirectory(dir=scratch.folder(large=True)) as folder:
        connection = connect(Path(folder, "catalog.duckdb"))
        try:
            with told_by(lambda why: OomdbError(f"cannot write {lake}: {why}; it is as it was")):
                _load(connection, files, manifest)
                yield connection
        finally:
            connection.close()


def _load(connection: duckdb.DuckDBPyConnection, files: Files, manifest: Manifest) -> None:
    """Make the tables, with what an ingest decides by."""
    from oomdb.gfp import reference_rows
    from oomdb.store.opening import create_tables, definitions_fingerprint

    connection.execute("SET TimeZone = 'UTC'")
    create_tables(connection)
    insert_rows(connection, tables.GFP_BITS.name, reference_rows())
    attach(connection, files, manifest, _PREFIX)
    for table in NARROW:
        connection.execute(f"ALTER TABLE {table.name} ADD COLUMN {HOME} VARCHAR")
    for table in tables.TABLES:
        if table not in LEAVES and table is not tables.GFP_BITS:
            connection.execute(_loading(table, manifest.buckets))
    connection.execute("DELETE FROM properties WHERE name = 'definitions'")
    definitions: dict[str, object] = {"name": "definitions"}
    definitions["value"] = definitions_fingerprint()
    insert_rows(connection, tables.PROPERTIES.name, [definitions])
    remember(connection)


def _loading(table: tables.Table, buckets: int) -> str:
    """The statement that loads what the catalog has of a table; events come before sightings."""
    into = f"INSERT INTO {table.name} BY NAME SELECT"
    if table is tables.EVENTS:
        names = ", ".join(loaded(table))
        return f"{into} {names}, {place_of_event(buckets)} AS {HOME} FROM {_PREFIX}{table.name}"
    if table is tables.SIGHTINGS:
        names = ", ".join(f"s.{name}" for name in loaded(table))
        return (
            f"{into} {names}, e.{HOME} FROM {_PREFIX}{table.name} AS s"
            " LEFT JOIN events AS e ON e.event_id = s.event_id"
        )
    return f"{into} * FROM {_PREFIX}{table.name}"
