"""A copy of a database to hand on: as it is, or with nothing that names people's things."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oomdb import __version__, databases, scratch, tables
from oomdb.errors import UsageError
from oomdb.output.formats import FILE_SUFFIXES
from oomdb.publishing import new_folder, take_rights
from oomdb.redaction import columns
from oomdb.redaction.names import Names
from oomdb.store.connection import server_session
from oomdb.store.content import REDACTED
from oomdb.store.custody import Act
from oomdb.store.insertion import insert_rows
from oomdb.store.lock import locked
from oomdb.store.staging import copy_whole as copy_file
from oomdb.store.staging import staged
from oomdb.transfer import copy_whole

if TYPE_CHECKING:
    import duckdb

    from oomdb.store.connection import Connection
    from oomdb.store.places import Lake, Place, Server
    from oomdb.store.writer import Store

#: Fewer bytes of a key could be tried out.
_KEY_BYTES = 16
_DATABASE_SUFFIXES = frozenset({".duckdb", ".db"})


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: tables with their rows."""

    rows: dict[str, int]


def new_key() -> bytes:
    """A key that nobody has."""
    return secrets.token_bytes(32)


def key_in(path: Path) -> bytes:
    """The key that a file holds; UsageError when it is too short to keep anything secret."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise UsageError(f"--key-file {path}: {error.strerror or error}") from None
    if len(key) < _KEY_BYTES:
        raise UsageError(
            f"--key-file {path}: {len(key)} bytes; a key has at least {_KEY_BYTES}"
            " (head -c 32 /dev/urandom makes one)"
        )
    return key


def export(database: Place, out: Place, key: bytes | None) -> Exported:
    """Write all tables to a new folder of Parquet files, or to a new database.

    A new database is a file (*.duckdb), or by a URL that of a server or a lake, where none is yet.

    With a `key` names that people chose are replaced by keyed hashes, and text and evidence
    are left out (see `oomdb.redaction`). UsageError when `out` exists or is called like a file
    of another kind; OomdbError when the database cannot be read or the copy not be written, of
    which nothing is left then.
    """
    if not isinstance(out, Path):
        return _to_elsewhere(database, out, key)
    if out.suffix.lower() in FILE_SUFFIXES:
        raise UsageError(
            f"{out}: tables are exported to a new folder of Parquet files, or to NEW.duckdb"
            " (one of them to a file: oomdb sql 'FROM events' --out events.csv)"
        )
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists; name one that does not")
    with databases.open_for_reading(database) as reader:
        if key is None and not _is_database(out):
            # Who may not read the database may not look into the folder either.
            readers = database.stat().st_mode & 0o044 if isinstance(database, Path) else 0
            return _write_parquet(reader.connection, out, 0o700 | readers | readers >> 2)
    if key is None:
        return _copy(database, out)
    if _is_database(out):
        _redact(database, out, Names(key))
        with databases.open_for_reading(out) as reader:
            return _rows(reader.connection)
    copy = Path(scratch.folder(large=True)) / "redacted.duckdb"
    try:
        _redact(database, copy, Names(key))
        with databases.open_for_reading(copy) as reader:
            return _write_parquet(reader.connection, out)
    finally:
        copy.unlink(missing_ok=True)


def _to_elsewhere(database: Place, out: Server | Lake, key: bytes | None) -> Exported:
    if key is not None:
        raise UsageError("a redacted copy is a file or a folder: name one")
    copy_whole(database, out)
    with databases.open_for_reading(out) as reader:
        return _rows(reader.connection)


def _is_database(out: Path) -> bool:
    return out.suffix.lower() in _DATABASE_SUFFIXES


def _rows(connection: Connection) -> Exported:
    counted = {}
    for table in tables.TABLES:
        row = connection.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()
        assert row is not None
        counted[table.name] = int(row[0])
    return Exported(counted)


def _copy(database: Place, out: Path) -> Exported:
    """The database as it is, for those who may read that."""
    if not isinstance(database, Path):
        copy_whole(database, out)
    else:
        with locked(out), staged(out) as copy:
            copy_file(database, copy)
            take_rights(database, copy)
    with databases.open_for_reading(out) as reader:
        return _rows(reader.connection)


def _write_parquet(connection: Connection, out: Path, mode: int = 0o777) -> Exported:
    """A file for each table, in a folder that appears when all are there."""
    with new_folder(out, mode) as folder:
        for table in tables.TABLES:
            _write_table(connection, table, folder / f"{table.name}.parquet")
    return _rows(connection)


def _write_table(connection: Connection, table: tables.Table, file: Path) -> None:
    names = ", ".join(column.name for column in table.columns)
    server = server_session(connection)
    if server is None:
        name = str(file).replace("'", "''")
        connection.execute(
            f"COPY (SELECT {names} FROM {table.name}) TO '{name}'"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        return
    from pyarrow.parquet import ParquetWriter

    rows = server.cursor().execute(f"SELECT {names} FROM {table.name}").to_arrow_reader()
    with ParquetWriter(file, rows.schema, compression="zstd") as writer:
        for batch in rows:
            writer.write_batch(batch)


def _redact(database: Place, copy: Path, names: Names) -> None:
    if not isinstance(database, Path):
        whole = Path(scratch.folder(large=True)) / "whole.duckdb"
        try:
            copy_whole(database, whole)
            _redact(whole, copy, names)
        finally:
            whole.unlink(missing_ok=True)
        return
    with databases.open_for_ingest(copy, Act("redacted export", is_anonymous=True)) as store:
        connection = store.connection
        path = str(database.absolute()).replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS original (READ_ONLY)")
        for table in tables.TABLES:
            if table.name not in columns.LEFT_OUT:
                _fill(store, table, names)
        connection.execute("DETACH original")
        insert_rows(connection, "properties", [{"name": REDACTED, "value": __version__}])


def _fill(store: Store, table: tables.Table, names: Names) -> None:
    """Copy the rows of a table as strangers may see them."""
    import pyarrow as pa

    connection = cast("duckdb.DuckDBPyConnection", store.connection)
    selected = columns.selected(table, "original", names)
    for column in selected.named:
        found = connection.execute(
            f"SELECT DISTINCT {column} FROM original.{table.name} WHERE {column} IS NOT NULL"
        ).fetchall()
        redacted = columns.redacted(names, f"{table.name}.{column}", (row[0] for row in found))
        pairs = pa.table(
            {
                "original": pa.array(redacted.keys(), pa.string()),
                "redacted": pa.array(redacted.values(), pa.string()),
            }
        )
        connection.register(columns.names_of(table.name, column), pairs)
    store.fill(table, selected.sql)
    for column in selected.named:
        connection.unregister(columns.names_of(table.name, column))
