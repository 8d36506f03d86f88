"""The samples in a file and on a server, each filled once for all tests that only read them."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from oomdb import cli
from oomdb.ingest import ingest
from oomdb.store.dump import canonical
from oomdb.store.places import Place, Server, place_named
from oomdb.store.server.opening import prepare
from tests import samples
from tests.servers.postgresql import fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def filled_server(postgresql_server: str) -> Iterator[Server]:
    """The samples on a server."""
    with fresh_database(postgresql_server) as url:
        server = place_named(url)
        assert isinstance(server, Server)
        ingest([samples.ROOT], server)
        yield server


@pytest.fixture(scope="package")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples in a file."""
    database = tmp_path_factory.mktemp("server") / "file.duckdb"
    ingest([samples.ROOT], database)
    return database


@pytest.fixture
def server(postgresql_url: str) -> Server:
    """An empty database on a server."""
    place = place_named(postgresql_url)
    assert isinstance(place, Server)
    return place


def dump(place: Place) -> list[str]:
    """All that a database holds, but for when and how it was read."""
    from oomdb import databases

    with databases.open_for_reading(place) as reader:
        return list(canonical(reader))


#: Sessions that wait for a lock of any kind.
WAITING = (
    "SELECT COUNT(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = CURRENT_DATABASE()"
)


def wait_until(server: Server, sql: str, least: int) -> None:
    """Wait until a question to the server has so large an answer."""
    with psycopg.connect(server.url, autocommit=True) as session:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            row = session.execute(sql).fetchone()
            assert row is not None
            if row[0] >= least:
                return
            time.sleep(0.01)
    pytest.fail(f"never {least}: {sql}")


@pytest.fixture(scope="package")
def tables_alone(postgresql_server: str) -> Iterator[str]:
    """The address of a database with oomdb's tables and views, and no row; it is only copied."""
    with fresh_database(postgresql_server) as url:
        place = place_named(url)
        assert isinstance(place, Server)
        prepare(place)
        yield url


@pytest.fixture
def prepared(postgresql_server: str, tables_alone: str) -> Iterator[Server]:
    """A database on a server that has the tables and views already."""
    with fresh_database(postgresql_server, copy_of=tables_alone) as url:
        place = place_named(url)
        assert isinstance(place, Server)
        yield place


class Command:
    """The command line on one database, in this process."""

    def __init__(self, place: Place, capfd: pytest.CaptureFixture[str]) -> None:
        self._place = place
        self._capfd = capfd

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """A command: its exit code, what it wrote, and its messages."""
        self._capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            url = self._place.url if isinstance(self._place, Server) else str(self._place)
            patch.setenv("OOMDB_DB", url)
            patch.setenv("COLUMNS", "100")
            patch.setattr(sys, "argv", ["oomdb", *map(str, arguments)])
            cli.main()
        printed = self._capfd.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err


@pytest.fixture
def on_server(filled_server: Server, capfd: pytest.CaptureFixture[str]) -> Command:
    """Commands on the server with the samples."""
    return Command(filled_server, capfd)


@pytest.fixture
def on_file(filled_file: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Commands on the file with the samples."""
    return Command(filled_file, capfd)
