"""A database, whatever holds it: opening it for readers, and for who writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.store import file
from oomdb.store.connection import server_session
from oomdb.store.places import Server, lake_at

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from oomdb.store.connection import Connection
    from oomdb.store.content import Reader
    from oomdb.store.custody import Act
    from oomdb.store.places import Place
    from oomdb.store.writer import Store


def open_for_reading(
    place: Place, state_shared: str | None = None
) -> AbstractContextManager[Reader]:
    """What is published of a database, upgraded first when an older oomdb wrote it, or of a lake.

    Raises OomdbError when there is none, NotADatabaseError or NewerDatabaseError for
    what this oomdb cannot read; such a thing is not touched. `state_shared` is of a server: the
    name of a state that another session shares.
    """
    if isinstance(place, Server):
        from oomdb.store.server import opening

        return opening.opened_to_read(place, state_shared)
    if (lake := lake_at(place)) is not None:
        from oomdb.lake import reading

        return reading.opened_to_read(lake, place)
    assert isinstance(place, Path)
    return file.opened_to_read(place)


def open_for_ingest(
    place: Place, act: Act, *, must_exist: bool = False, wait_s: float = 0
) -> AbstractContextManager[Store]:
    """The database or lake to add to, created when there is none unless it `must_exist`.

    What was added is published, with an entry in `custody` for the act, when the block
    ends without error; else the database stays as it was. On a server each batch is
    published by itself (`publish`), and writers wait for each other's batches. Raises what
    `open_for_reading` raises, and DatabaseBusyError while another process writes a file,
    after `wait_s` seconds.
    """
    if isinstance(place, Server):
        from oomdb.store.server.store import ServerStore

        return ServerStore.opened(place, act, must_exist=must_exist)
    if (lake := lake_at(place)) is not None:
        from oomdb.lake import writing

        return writing.open_for_ingest(lake, act, must_exist=must_exist, wait_s=wait_s)
    assert isinstance(place, Path)
    return file.opened_to_write(place, act, must_exist=must_exist, wait_s=wait_s)


def mark(place: Place) -> object | None:
    """What is another after every change of the database; None where there is none yet."""
    if isinstance(place, Server):
        from oomdb.store.server import opening

        return opening.mark(place)
    if (lake := lake_at(place)) is not None:
        from oomdb.lake import signature

        return signature(lake)
    assert isinstance(place, Path)
    return file.mark(place)


def shared_state(connection: Connection, place: Place) -> object:
    """What names the state that a reader sees: a server's by a name, a file's by its mark."""
    server = server_session(connection)
    if server is None:
        return mark(place)
    from oomdb.store.server.opening import share

    return share(server)
