"""`sources`, `reparse` and `dump`: what was read, and what follows from it."""

from __future__ import annotations

from typing import Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.options import Database, Out, RowFormat, reading_from, refuse_database_as_output
from oomdb.output import terminal
from oomdb.output.formats import Format


@app.command()
def sources(db: Database = None, row_format: RowFormat = None, out: Out = None) -> None:
    """List what was read, when, and how much of it was understood."""
    from oomdb.evidence import source_rows
    from oomdb.output import writer

    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
        short = writer.chosen_format(row_format, out) is Format.TABLE
        writer.write(source_rows(connection, short=short), row_format, out)


@app.command()
def reparse(db: Database = None) -> None:
    """Derive all rows anew from the kept evidence, as a newer oomdb reads it."""
    from oomdb.reparse import reparse as read_again
    from oomdb.store.database import database_path
    from oomdb.summary import progress_bar

    with progress_bar() as progress:
        done = read_again(database_path(db), progress=progress)
    typer.echo(f"sources    {done.sources:,}")
    typer.echo(f"events     {done.events:,} (before: {done.events_before:,})")
    if done.without_report:
        terminal.note(f"oomdb: {done.without_report:,} pieces of evidence hold no report any more")


@app.command()
def dump(
    db: Database = None,
    canonical: Annotated[
        bool,
        typer.Option(
            "--canonical", help="Leave out when and how logs were read: equal logs, equal lines."
        ),
    ] = False,
) -> None:
    """Write the whole content as JSON arrays, one row a line, in a fixed order."""
    from oomdb.store import dump as dumping
    from oomdb.store.database import Store, database_path

    with Store.open_for_reading(database_path(db)) as reader:
        for line in dumping.canonical(reader) if canonical else dumping.everything(reader):
            typer.echo(line)
