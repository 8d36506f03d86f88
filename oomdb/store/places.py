"""Where a database is: a file, a PostgreSQL server's by its URL, or a lake."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from oomdb.errors import UsageError

DEFAULT = Path("oomdb.duckdb")
#: The one file of a lake that is ever replaced; it names all others.
MANIFEST = "oomdb-lake.json"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SERVER = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://", re.IGNORECASE)
#: Parameters of a URL that are no secrets; all others are shown as dots.
_SHOWN = frozenset(
    {
        *("application_name", "connect_timeout", "dbname", "host", "hostaddr", "options"),
        *("passfile", "port", "service", "sslmode", "sslrootcert", "target_session_attrs", "user"),
    }
)


@dataclass(frozen=True, slots=True)
class Server:
    """A database of a PostgreSQL server; `url` is as libpq takes it."""

    url: str

    def __str__(self) -> str:
        """The URL, without a password."""
        return _without_password(self.url)


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake by the absolute path of its folder, or by a URL that fsspec takes."""

    where: str

    def __str__(self) -> str:
        """The path or URL, without a password."""
        return _without_password(self.where)

    @property
    def folder(self) -> Path | None:
        """The folder, when it is one of this machine's file system."""
        return None if _URL.match(self.where) else Path(self.where)


def _without_password(url: str) -> str:
    """A URL with nothing in it that may be a secret, however it is misspelt."""
    scheme = _URL.match(url)
    if scheme is None:
        return url
    rest, mark, query = url[scheme.end() :].partition("?")
    login, at, where = rest.rpartition("@")
    user = login.partition(":")[0]
    if not at and not re.fullmatch(r"[^/:]*(:\d+(,[^/:]*:\d+)*)?(/.*)?|\[.*", where, re.DOTALL):
        where = where.partition(":")[0] + ":..."
    told = [one.partition("=") for one in query.split("&")]
    shown = "&".join(f"{n}={value if unquote(n) in _SHOWN else '...'}" for n, _, value in told)
    return f"{scheme[0]}{user}{at}{where}{mark}{shown if query else ''}"


def is_url(text: str) -> bool:
    """Whether a text names no file."""
    return _URL.match(text.strip()) is not None


#: A folder that is a lake is a `Path` where it was named as any database is.
Place = Path | Server | Lake


def place_named(text: str | Path) -> Place:
    """The place that a text names; the URL of anything but a server is a lake's."""
    if isinstance(text, Path) or not is_url(text):
        path = Path(text)
        return lake_at(path) or path
    text = text.strip()
    server = _SERVER.match(text)
    return Server(f"postgresql://{text[server.end() :]}") if server else lake_named(text)


def lake_named(text: str | Path) -> Lake:
    """The lake that a text names, whether there is one or not."""
    if not str(text).strip():
        raise UsageError("the name of the lake is empty")
    text = str(text)
    if _SERVER.match(text):
        raise UsageError(f"{Server(text)} is a server, not a lake: --db takes it")
    if text.lower().startswith("file://"):
        text = text[len("file://") :]
    return Lake(text.rstrip("/") if _URL.match(text) else str(Path(text).absolute()))


def lake_at(place: Place) -> Lake | None:
    """The lake at a place; None when that is something else, such as a database file."""
    if isinstance(place, Path):
        return lake_named(place) if (place / MANIFEST).is_file() else None
    return place if isinstance(place, Lake) else None


def database_named(option: Place | None) -> Place:
    """The database that a command works on: the option, else OOMDB_DB, else ./oomdb.duckdb."""
    return option if option is not None else place_named(os.environ.get("OOMDB_DB") or DEFAULT)


def full_name(place: Place) -> str:
    """A place by a name that means the same wherever a command runs, without a password."""
    return str(place.absolute() if isinstance(place, Path) else place)
