"""Alembic on a given connection: the version of a database, and bringing it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import resources

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection


def configuration(connection: Connection | None = None) -> Config:
    """The Alembic configuration, without any file of its own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def known_revisions() -> list[str]:
    """Every revision that this oomdb knows, the newest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(configuration())
    return [revision.revision for revision in script.walk_revisions()]


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision, in the connection's transaction."""
    from alembic import command

    command.upgrade(configuration(connection), "head")
