"""A database in a file: opening it for readers, and for the one who writes."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError
from oomdb.output import terminal
from oomdb.store.content import Content, reading
from oomdb.store.opening import State, connect, prepare, state_in, state_of
from oomdb.store.staging import cannot_write, locked, staged
from oomdb.store.trouble import told_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from oomdb.store.content import Reader
    from oomdb.store.custody import Act
    from oomdb.store.writer import Store


@contextmanager
def opened_to_read(path: Path) -> Iterator[Reader]:
    """The published database, upgraded first when an older oomdb wrote it.

    Raises OomdbError when there is none, NotADatabaseError or NewerDatabaseError for
    a file that this oomdb cannot read; such a file is not touched.
    """
    if not path.exists():
        raise no_database(path)
    with reading(_connect_to_current(path), path) as reader:
        yield reader


@contextmanager
def opened_to_write(path: Path, act: Act, *, must_exist: bool, wait_s: float) -> Iterator[Store]:
    """A staged copy of the database to add to, published when the block ends without error.

    Raises what `opened_to_read` raises, and DatabaseBusyError while another process writes,
    after `wait_s` seconds.
    """
    from oomdb.store.held_rows import HeldRows
    from oomdb.store.writer import Store, written

    if must_exist and not path.exists():
        raise no_database(path)
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OomdbError(f"no folder {folder} for the database")
    if path.exists():
        state_of(path)
    with locked(path, wait_s), staged(path) as copy, told_by(partial(cannot_write, path)):
        prepare(copy)
        connection = connect(copy)
        # Each checkpoint before the last would leave holes in the file.
        connection.execute("SET wal_autocheckpoint = '256MB'")
        try:
            held = HeldRows(connection)
            with written(connection, path, act, partial(Store, event_rows=held)) as store:
                yield store
            held.derive()
            connection.execute("CHECKPOINT")
        finally:
            connection.close()


def mark(path: Path) -> object | None:
    """What is another after every change of the file; None where there is none yet."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


def no_database(path: object) -> OomdbError:
    """The error of who names a place without a database."""
    return OomdbError(f"no database at {path}; fill one with `oomdb ingest LOGS`")


def _note_upgrade(copy: Path) -> None:
    """Let custody tell that another oomdb has changed tables or views."""
    from oomdb.store.custody import Act, Ledger

    with connect(copy) as connection:
        is_redacted = Content(connection).is_redacted
        Ledger(connection).write(Act("upgrade", is_anonymous=is_redacted))
        connection.execute("CHECKPOINT")


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
        with locked(path), staged(path) as copy, told_by(partial(cannot_write, path)):
            prepare(copy)
            _note_upgrade(copy)
    except OomdbError as error:
        if state is State.OLDER:
            raise OomdbError(f"{path} is of an older oomdb, and {error}") from error
        terminal.note(f"oomdb: the saved views are those of another oomdb: {error}")
    return connect(path, read_only=True)
