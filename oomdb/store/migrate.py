"""Alembic on a given connection: the version of a database, and bringing it up to date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb import resources

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

#: What a migration says of itself and of the one before it, which the first has not.
_REVISION = re.compile(r'^(down_|)revision = "([^"]+)"$', re.MULTILINE)


def configuration(connection: Connection | None = None) -> Config:
    """The Alembic configuration, without any file of its own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def known_revisions() -> list[str]:
    """Every revision that this oomdb knows, the newest first.

    Read from the files themselves: every command asks, and Alembic takes long to load.
    """
    newer_of: dict[str | None, str] = {}
    for path in resources.folder("migrations").glob("versions/*.py"):
        told = dict(_REVISION.findall(path.read_text(encoding="utf-8")))
        newer_of[told.get("down_")] = told[""]
    found: list[str] = []
    while (revision := newer_of.get(found[0] if found else None)) is not None:
        found.insert(0, revision)
    return found


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision, in the connection's transaction."""
    from alembic import command

    command.upgrade(configuration(connection), "head")
