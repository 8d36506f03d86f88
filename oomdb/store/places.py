"""Where a database is: a file, or a PostgreSQL server's by its URL."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from oomdb.errors import UsageError

DEFAULT = Path("oomdb.duckdb")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SERVER = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://", re.IGNORECASE)
#: What stands between the scheme and the host: user, colon, password.
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")
_PASSWORD_OPTION = re.compile(r"(?<=[?&]password=)[^&]*")


@dataclass(frozen=True, slots=True)
class Server:
    """A database of a PostgreSQL server; `url` is as libpq takes it."""

    url: str

    def __str__(self) -> str:
        """The URL, without a password."""
        return _PASSWORD_OPTION.sub("...", _PASSWORD.sub(r"\1@", self.url))


Place = Path | Server


def place_named(text: str | Path) -> Place:
    """The place that a text names; UsageError for the URL of something else."""
    scheme = _URL.match(str(text))
    if isinstance(text, Path) or scheme is None:
        return Path(text)
    server = _SERVER.match(text)
    if server is None:
        raise UsageError(
            f"{scheme[1]}:// is no database of oomdb: name a file, or postgresql://USER@HOST/NAME"
        )
    return Server(f"postgresql://{text[server.end() :]}")


def database_named(option: Place | None) -> Place:
    """The database that a command works on: the option, else OOMDB_DB, else ./oomdb.duckdb."""
    return option if option is not None else place_named(os.environ.get("OOMDB_DB") or DEFAULT)


def is_url(text: str) -> bool:
    """Whether a text names no file."""
    return _URL.match(text) is not None


def full_name(place: Place) -> str:
    """A place by a name that means the same wherever a command runs, without a password."""
    return str(place if isinstance(place, Server) else place.absolute())
