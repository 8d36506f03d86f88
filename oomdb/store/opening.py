"""What a file is before it is used, and bringing a database up to date."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

import duckdb

from oomdb import scratch
from oomdb.errors import (
    DamagedDatabaseError,
    NewerDatabaseError,
    NotADatabaseError,
    OomdbError,
    reason_of,
)
from oomdb.incidents.identity import digest
from oomdb.store import functions
from oomdb.store.insertion import insert_rows
from oomdb.store.trouble import cause_outside, first_line

#: Where every DuckDB file says that it is one, after a checksum.
_MAGIC = slice(8, 12)
_DUCKDB = b"DUCK"
#: A new file is of the first format that the oldest DuckDB we ask for reads, which compresses
#: text better, and of blocks that leave less of a small database empty.
_NEW_FILE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",
    "default_block_size": "65536",
}
#: Tables that every oomdb database has had and will have.
_OUR_TABLES = frozenset({"alembic_version", "events", "sightings"})


class State(Enum):
    """How a database stands to this oomdb."""

    CURRENT = auto()
    OTHER_VIEWS = auto()  # the tables are current, the saved views are not
    OLDER = auto()


def connect(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the database file at `path`, which is made when there is none.

    NotADatabaseError for a file of another kind, OomdbError for one that cannot be read.
    DuckDB itself never sees such a file: it would fetch what it needs to read it.
    """
    if path.exists():
        _refuse_other_files(path)
    settings = dict(_NEW_FILE if not path.exists() else {})
    if read_only:
        settings["temp_directory"] = _own_folder(path)
    try:
        # A bare name could mean something else to DuckDB, such as `:memory:`.
        return duckdb.connect(str(path.absolute()), read_only=read_only, config=settings)
    except UnicodeEncodeError:
        raise OomdbError(f"the name of a database must be UTF-8: {os.fsencode(path)!r}") from None
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise OomdbError(f"another program holds {path} open for writing") from error
        if reason := cause_outside(error):
            raise OomdbError(f"cannot open {path}: {reason}") from error
        raise DamagedDatabaseError(
            f"{path} is damaged, or of another version of DuckDB: {first_line(error)}"
        ) from error


def _own_folder(path: Path) -> str:
    """Where one reader's large results may lie; none of its own, none at all.

    DuckDB puts them beside the database, where readers write into each other's. Within a
    process all that read one file have to say the same.
    """
    try:
        return str(Path(scratch.folder(large=True)) / digest("reader", str(path.absolute())))
    except OomdbError:
        return ""


def _refuse_other_files(path: Path) -> None:
    if path.is_dir():
        raise NotADatabaseError(f"{path} is a folder, not a database")
    if not path.is_file():
        raise NotADatabaseError(f"{path} is no regular file, so no oomdb database")
    try:
        with path.open("rb") as file:
            head = file.read(_MAGIC.stop)
    except OSError as error:
        raise OomdbError(f"cannot read {path}: {reason_of(error)}") from error
    if not head:
        raise NotADatabaseError(f"{path} is an empty file and no oomdb database")
    if head[_MAGIC] != _DUCKDB:
        raise NotADatabaseError(f"{path} is no oomdb database")


def state_of(path: Path) -> State:
    """How the database at `path` stands to this oomdb.

    NotADatabaseError or NewerDatabaseError for a file that is none for this oomdb.
    """
    with connect(path, read_only=True) as connection:
        return state_in(connection, path)


def state_in(connection: duckdb.DuckDBPyConnection, path: Path) -> State:
    """The same by an open connection to it."""
    from oomdb.store.migrate import known_revisions

    try:
        found = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        if not {name for (name,) in found} >= _OUR_TABLES:
            raise NotADatabaseError(f"{path} is a DuckDB file but no oomdb database")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is None:
            raise NotADatabaseError(f"{path} does not say which oomdb wrote it")
        revisions = known_revisions()
        if row[0] not in revisions:
            raise NewerDatabaseError(
                f"{path} was written by a newer oomdb (schema {row[0]}); upgrade oomdb to read it"
            )
        if row[0] != revisions[0]:
            return State.OLDER
        has_views = _fingerprint_of(connection) == definitions_fingerprint()
    except duckdb.Error as error:
        if reason := cause_outside(error):
            raise OomdbError(f"cannot read {path}: {reason}") from error
        raise DamagedDatabaseError(f"{path} is damaged: {first_line(error)}") from error
    return State.CURRENT if has_views else State.OTHER_VIEWS


def prepare(copy: Path) -> None:
    """Bring the staged database to the newest schema, with its reference rows and views.

    All of it is in the file then, and nothing in a write-ahead log. duckdb.Error when it
    cannot be written.
    """
    if not copy.exists():
        with connect(copy) as database:
            create_tables(database)
            _refresh(database)
            database.execute("CHECKPOINT")
        return
    state = state_of(copy)
    if state is State.OLDER:
        _migrate(copy)
    if state is not State.CURRENT:
        with connect(copy) as database:
            _refresh(database)
            # What closing it would do too, but without a word when there is no room.
            database.execute("CHECKPOINT")


def create_tables(database: duckdb.DuckDBPyConnection) -> None:
    """Make the newest tables in an empty database; the migrations would take seconds."""
    from oomdb import resources
    from oomdb.store.migrate import known_revisions

    schema = resources.folder("migrations") / "newest.sql"
    database.begin()
    database.execute(schema.read_text(encoding="utf-8"))
    database.execute(functions.DUCKDB)
    database.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    database.execute("INSERT INTO alembic_version VALUES (?)", [known_revisions()[0]])
    database.commit()


def _migrate(copy: Path) -> None:
    # Alembic comes first: the dialect registers its support for it while being loaded.
    import alembic.ddl  # noqa: F401
    from sqlalchemy import URL, create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    from oomdb.store import migrate

    connect(copy).close()  # names what is wrong with a file that cannot be made
    url = URL.create("duckdb", database=str(copy.absolute()))
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            migrate.upgrade(connection)
    except DBAPIError as error:
        raise error.orig or error from error
    finally:
        engine.dispose()


def _fingerprint_of(database: duckdb.DuckDBPyConnection) -> str | None:
    row = database.execute("SELECT value FROM properties WHERE name = 'definitions'").fetchone()
    return None if row is None else str(row[0])


def definitions_fingerprint() -> str:
    """Stands for the saved views and reference rows that this oomdb carries."""
    from oomdb import resources
    from oomdb.gfp import reference_rows

    queries = sorted(resources.folder("queries").glob("*/*.sql"))
    texts = (path.read_text(encoding="utf-8") for path in queries)
    return digest(*texts, *map(str, reference_rows()), functions.DUCKDB, *functions.POSTGRESQL)


def _refresh(database: duckdb.DuckDBPyConnection) -> None:
    """Write the reference rows and the saved views anew, with what is kept of them."""
    from oomdb.gfp import reference_rows
    from oomdb.store import deriving, facts

    definitions = definitions_fingerprint()
    database.begin()
    database.execute("DELETE FROM gfp_bits")
    insert_rows(database, "gfp_bits", reference_rows())
    facts.install(database, definitions)
    database.commit()
    deriving.derive(database)
    database.execute("DELETE FROM properties WHERE name = 'definitions'")
    database.execute("INSERT INTO properties VALUES ('definitions', ?)", [definitions])
