"""Writing a lake: the ordinary writer on a catalog in scratch space, then what it changed.

The places of the lake whose events changed are written anew, from what the catalog has and what
is taken over of their files, and one manifest makes it all the lake.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from oomdb import scratch, tables
from oomdb.errors import OomdbError
from oomdb.lake.catalog import LakeStore, catalog_of
from oomdb.lake.changes import changes
from oomdb.lake.commits import publish
from oomdb.lake.files import FolderFiles, files_of
from oomdb.lake.manifest import WHOLE, Manifest, is_in_places
from oomdb.lake.narrow import HOME, NARROW, filled
from oomdb.lake.reading import current, no_lake
from oomdb.lake.rows import read_rows, write_rows
from oomdb.rows.columns import LEAVES, schema
from oomdb.store.places import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from oomdb.lake.changes import Changes
    from oomdb.lake.files import Files
    from oomdb.store.custody import Act
    from oomdb.store.places import Lake
    from oomdb.store.writer import Store

_BATCH_ROWS = 20_000
#: Lies in a folder until it is a lake: files of rows without a manifest are leftovers there, and
#: elsewhere a lake that has lost it.
_BEGUN = f".{MANIFEST}.begun"
#: The files that a writer may find and remove: those that it could have written itself.
_TABLES = "|".join(table.name for table in tables.TABLES)
_DIGEST = r"[0-9a-f]{64}\.parquet"
_OURS = re.compile(
    rf"({_TABLES})/(day=[0-9a-z-]+/bucket=\d+/)?({_DIGEST}|\.{_DIGEST}\.[0-9a-f]{{8}}\.part)"
)


class RowWriter(Protocol):
    """Writes the rows of events, and has those of copies that this process does not have."""

    @property
    def kinds(self) -> Mapping[str, str] | None:
        """The kinds of event that these copies tell, by their digests; None without such."""

    def write_places(
        self,
        catalog: duckdb.DuckDBPyConnection,
        lake: Lake,
        before: Manifest,
        changed: Changes,
    ) -> dict[str, dict[str, str | None]]:
        """Write the rows of events in the places that changed.

        The SHA-256 of each file comes back, by table and place; None where no rows are left.
        """


@contextmanager
def open_for_ingest(
    lake: Lake,
    act: Act,
    *,
    must_exist: bool = False,
    wait_s: float = 0,
    row_writer: RowWriter | None = None,
) -> Iterator[Store]:
    """The lake to add to, as `databases.open_for_ingest` opens a database.

    What was added is the lake's when the block ends without error; else it stays as it was.
    One writer at a time has a folder; in an object store the second to end gives up with
    OvertakenError.
    """
    from oomdb.store.writer import written

    scratch.remove_leftovers()
    files = files_of(lake)
    if must_exist and current(files, lake) is None:
        raise no_lake(lake)
    with _locked(lake, wait_s):
        before = current(files, lake) or _new_manifest()
        if isinstance(files, FolderFiles):
            _remove_leftovers(files, before)
        with catalog_of(files, before, lake) as catalog:
            rows = row_writer or _Here()
            writer = partial(LakeStore, files=files, manifest=before, kinds=rows.kinds)
            with written(catalog, lake, act, writer) as store:
                yield store
            after = _written(catalog, files, lake, before, rows)
        files.sync()
        publish(files, lake, after)
        files.remove(after.going)


@contextmanager
def _locked(lake: Lake, wait_s: float) -> Iterator[None]:
    """Hold the right to write the lake, where there are locks."""
    from oomdb.store.lock import locked

    folder = lake.folder
    if folder is None:
        yield
        return
    if not (folder / MANIFEST).exists():
        _make_folder(folder)
    with locked(folder / MANIFEST, wait_s):
        yield
        with suppress(OSError):
            (folder / _BEGUN).unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make the folder of a new lake; OomdbError where another thing is in its place.

    A lake that has lost its manifest is no new one, whose leftovers would be removed.
    """
    ours = {table.name for table in tables.TABLES}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = [
            path.name
            for path in folder.iterdir()
            if path.name not in ours and MANIFEST not in path.name
        ]
    except OSError as error:
        raise OomdbError(f"cannot make a lake at {folder}: {error.strerror}") from error
    if others:
        raise OomdbError(f"{folder} is no lake: it holds {min(others)}; name an empty folder")
    begun = folder / _BEGUN
    if not begun.exists() and next(FolderFiles(folder).data_files(), None) is not None:
        raise OomdbError(
            f"{folder} holds files of a lake but no {MANIFEST}, which names those that count:"
            " put it back, or name an empty folder"
        )
    try:
        begun.touch()
    except OSError as error:
        raise OomdbError(f"cannot make a lake at {folder}: {error.strerror}") from error


def _new_manifest() -> Manifest:
    from oomdb.store.migrate import known_revisions

    return Manifest(known_revisions()[0])


def _remove_leftovers(files: FolderFiles, manifest: Manifest) -> None:
    """Remove what killed writers left, while no other can be at work."""
    known = {*manifest.names(), *manifest.retired}
    files.remove(
        name for name in list(files.data_files()) if name not in known and _OURS.fullmatch(name)
    )


def _written(
    catalog: duckdb.DuckDBPyConnection,
    files: Files,
    lake: Lake,
    before: Manifest,
    row_writer: RowWriter,
) -> Manifest:
    """The lake's manifest after all that changed is in files."""
    changed = changes(catalog, before.buckets)
    after = replace(before, files={name: dict(found) for name, found in before.files.items()})
    told = row_writer.write_places(catalog, lake, before, changed)
    for table in tables.TABLES:
        if not is_in_places(table):
            names = ", ".join(schema(table.name).names)
            rows = catalog.execute(f"SELECT {names} FROM {table.name}").to_arrow_table()
            told[table.name] = {WHOLE: write_rows(files, table.name, WHOLE, [rows], before.going)}
    for name, places in told.items():
        known = after.files.setdefault(name, {})
        for place, sha256 in places.items():
            known.pop(place, None)
            if sha256 is not None:
                known[place] = sha256
    for table in tables.TABLES:
        after.files.setdefault(table.name, {})
    after.number += 1
    after.retired = sorted(set(before.names()) - set(after.names()))
    after.going = sorted(set(before.retired) - set(after.names()) - set(after.retired))
    return after


class _Here:
    """Writes them by this process, which has all."""

    kinds = None

    def write_places(
        self, catalog: duckdb.DuckDBPyConnection, lake: Lake, before: Manifest, changed: Changes
    ) -> dict[str, dict[str, str | None]]:
        """Write the rows of events in the places that changed."""
        return _write_places(catalog, lake, before, changed)


def _write_places(
    catalog: duckdb.DuckDBPyConnection, lake: Lake, before: Manifest, changed: Changes
) -> dict[str, dict[str, str | None]]:
    files = files_of(lake)
    told: dict[str, dict[str, str | None]] = {}
    for table in NARROW:
        told[table.name] = dict.fromkeys(changed.places)
        for place, rows in rows_by_place(catalog, table.name, changed.places, HOME):
            whole = filled(files, before, table, rows)
            told[table.name][place] = write_rows(files, table.name, place, [whole], before.going)
    for table in LEAVES:
        new = dict.fromkeys(changed.leaf_places)
        written = told[table.name] = dict.fromkeys(changed.leaf_places)
        for place, rows in rows_by_place(catalog, table.name, changed.leaf_places):
            kept = kept_rows(files, before, table.name, changed.kept.get(place, {}))
            written[place] = write_rows(files, table.name, place, [rows, *kept], before.going)
            del new[place]
        for place in new:
            kept = kept_rows(files, before, table.name, changed.kept.get(place, {}))
            written[place] = write_rows(files, table.name, place, kept, before.going)
    return told


def kept_rows(
    files: Files, before: Manifest, table: str, kept: dict[str, list[str]]
) -> list[pa.Table]:
    """The rows of a table that are taken over, of events by the places that have them."""
    return [
        rows
        for home, event_ids in sorted(kept.items())
        for rows in read_rows(files, table, before.of(table, [home]), event_ids)
    ]


def rows_by_place(
    catalog: duckdb.DuckDBPyConnection, table: str, places: Sequence[str], *beside: str
) -> Iterator[tuple[str, pa.Table]]:
    """The catalog's rows of a table in these places, one place after the other.

    `beside` are columns that the catalog has beside those of the table; they come last.
    """
    import pyarrow as pa

    from oomdb.store.insertion import registered

    names = ", ".join(f"t.{name}" for name in (*schema(table).names, *beside))
    with registered(catalog, "wanted_places", place=list(places)):
        reader = catalog.execute(
            f"SELECT p.place AS written_place, {names} FROM {table} AS t"
            " JOIN temp.placed AS p ON p.event_id = t.event_id"
            " JOIN wanted_places AS w ON w.place = p.place ORDER BY p.place"
        ).to_arrow_reader(_BATCH_ROWS)
        waiting: list[pa.RecordBatch] = []
        at = None
        for batch in reader:
            for place, part in _runs(batch):
                if place != at and waiting:
                    yield str(at), pa.Table.from_batches(waiting)
                    waiting = []
                at = place
                waiting.append(part)
        if waiting:
            yield str(at), pa.Table.from_batches(waiting)


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The parts of a batch that are of one place each, without that column."""
    rows = batch.select(batch.schema.names[1:])
    start = 0
    for place, run in groupby(batch.column(0).to_pylist()):
        count = sum(1 for _ in run)
        yield str(place), rows.slice(start, count)
        start += count
