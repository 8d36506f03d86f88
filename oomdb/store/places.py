"""Where a database is: a file, a PostgreSQL server's by its URL, or a lake."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from oomdb.errors import UsageError

DEFAULT = Path("oomdb.duckdb")
#: The one file of a lake that is ever replaced; it names all others.
MANIFEST = "oomdb-lake.json"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SERVER = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://", re.IGNORECASE)
#: What stands between the scheme and the host: user, colon, password.
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")
_PASSWORD_OPTION = re.compile(r"([?&](?:ssl)?password=)[^&]*")


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
    return _PASSWORD_OPTION.sub(r"\1...", _PASSWORD.sub(r"\1@", url))


#: A folder that is a lake is a `Path` where it was named as any database is.
Place = Path | Server | Lake


def place_named(text: str | Path) -> Place:
    """The place that a text names; the URL of anything but a server is a lake's."""
    if isinstance(text, Path) or not _URL.match(text):
        path = Path(text)
        return lake_at(path) or path
    server = _SERVER.match(text)
    return Server(f"postgresql://{text[server.end() :]}") if server else lake_named(text)


def lake_named(text: str | Path) -> Lake:
    """The lake that a text names, whether there is one or not."""
    if not str(text).strip():
        raise UsageError("the name of the lake is empty")
    text = str(text)
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
