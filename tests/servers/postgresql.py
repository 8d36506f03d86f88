"""One PostgreSQL of the tests' own on loopback, and a fresh database in it for each test.

It is Debian's package, or any PostgreSQL from 15 on whose programs are on the PATH. Where there
is none such tests are skipped, or fail when OOMDB_SERVER_TESTS is `required`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEBIAN = Path("/usr/lib/postgresql")
#: PostgreSQL refuses to run as root; Debian's package makes this user.
_UNPRIVILEGED = "postgres"
_USER = "oomdb"
_START_LIMIT_S = 60
_STOP_LIMIT_S = 30
_NUMBERS = count(1)
MISSING = "no PostgreSQL server here (on Debian: apt install postgresql)"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The server as `user@host:port`; it is started when the first test asks for it."""
    programs = installed()
    if programs is None:
        reason = MISSING
        if os.environ.get("OOMDB_SERVER_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with running(programs) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The address of an empty database, as SQLAlchemy takes it; it is dropped after the test."""
    with fresh_database(postgresql_server) as url:
        yield url


@contextmanager
def fresh_database(server: str, copy_of: str | None = None) -> Iterator[str]:
    """The address of an empty database on the server, dropped at the end of the block.

    It may be the copy of another one to which nobody is connected, by the address of that.
    """
    name = f"test_{next(_NUMBERS)}"
    template = f" TEMPLATE {copy_of.rpartition('/')[2]}" if copy_of else ""
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{template}")
        try:
            yield f"postgresql+psycopg://{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def installed() -> Path | None:
    """The folder of the newest server's programs; None when there is none."""
    versions = {
        int(path.parent.parent.name): path.parent
        for path in _DEBIAN.glob("*/bin/postgres")
        if path.parent.parent.name.isdigit()
    }
    if versions:
        return versions[max(versions)]
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """Start a server, and stop it and remove its data at the end of the block."""
    # Not pytest's own folder: only the user of the tests may enter that.
    folder = Path(tempfile.mkdtemp(prefix="oomdb-postgresql-"))
    try:
        owner = _owner()
        if owner:
            os.chown(folder, owner["user"], owner["group"])
        data, log = folder / "data", folder / "log"
        _initialize(programs, data, owner)
        port = _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*_die_with_parent(), programs / "postgres", "-D", data, *_settings(port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                **owner,
            )
        try:
            _wait_for(process, port, log)
            yield f"{_USER}@127.0.0.1:{port}"
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> dict[str, Any]:
    """Whom the server runs as, as `subprocess` takes it; empty for the user of the tests."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _initialize(programs: Path, data: Path, owner: dict[str, Any]) -> None:
    # Text is compared in words' order by default, so that a test sees where that matters.
    locale = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
    done = subprocess.run(
        [programs / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-N", "-E", "UTF8", *locale],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        **owner,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _settings(port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _die_with_parent() -> list[str]:
    """A prefix that stops the server when the tests are killed, where the system has it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT", "--"] if setpriv else []


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    assert isinstance(port, int)
    return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            psycopg.connect(f"postgresql://{_USER}@127.0.0.1:{port}/postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # without waiting for clients
    try:
        process.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
