"""What commands write: rows of a listing, or a text, to stdout or to the file that --out names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import typer

from oomdb.cli.options import reading_from, refuse_database_as_output
from oomdb.output import terminal
from oomdb.output.formats import Format

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place


class Listing(Protocol):
    """What gives the rows of a listing; `short` ones fit a screen."""

    def __call__(self, connection: Connection, *, short: bool) -> Rows:
        """The rows, of an open database."""


def write_listing(
    listing: Listing, db: Place | None, row_format: Format | None, out: Path | None
) -> None:
    """Write the rows of a listing, the short ones where they become a table."""
    from oomdb.output import writer

    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
        short = writer.chosen_format(row_format, out) is Format.TABLE
        writer.write(listing(connection, short=short), row_format, out)


def hand_over(content: str | bytes, out: Path | None) -> None:
    """Write a text and a line break to stdout, or to the file `out`, which is whole or not."""
    from oomdb.publishing import replacing

    raw = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    if out is not None:
        with replacing(out) as file:
            file.write(raw.removesuffix(b"\n") + b"\n")
    elif isinstance(content, str):
        typer.echo(content)
    else:
        terminal.write_bytes(content)
