"""`sources`, `reparse`, `rebuild`, `verify`, `custody`, `dump`: what was read, and if it holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.options import (
    Database,
    Limit,
    Named,
    Out,
    RowFormat,
    Wait,
    refuse_database_as_output,
)
from oomdb.cli.results import write_listing
from oomdb.errors import ExitCode, UsageError
from oomdb.output import terminal
from oomdb.output.formats import SummaryFormat
from oomdb.sources.limits import Limits
from oomdb.store.places import place_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.reparse import Reparsed


@app.command()
def sources(db: Database = None, row_format: RowFormat = None, out: Out = None) -> None:
    """List what was read, when, and how much of it was understood."""
    from oomdb.listings import source_rows

    write_listing(source_rows, db, row_format, out)


@app.command()
def reparse(db: Database = None, wait: Wait = 0) -> None:
    """Derive all rows anew from the kept evidence, as a newer oomdb reads it."""
    from oomdb.reparse import reparse as read_again
    from oomdb.store.places import database_named
    from oomdb.summary import progress_bar

    with progress_bar() as progress:
        done = read_again(database_named(db), wait_s=wait, progress=progress)
    _tell(done)


@app.command()
def rebuild(
    new: Annotated[
        Named,
        typer.Argument(
            metavar="NEW", parser=place_named, help="The database to make: a new file, or a URL."
        ),
    ],
    db: Database = None,
) -> None:
    """Make a new database of the evidence that another one keeps, and of what users told it.

    What is damaged in the old one, but for the evidence, is whole in the new one.
    """
    from oomdb.reparse import rebuild as make_anew
    from oomdb.store.places import database_named
    from oomdb.summary import progress_bar

    if isinstance(new, Path):
        refuse_database_as_output(new, db, "NEW")
    with progress_bar() as progress:
        done = make_anew(database_named(db), new, progress=progress)
    _tell(done)
    _name_lost(done.lost)


def _name_lost(lost: Sequence[str]) -> None:
    """Name the damaged evidence that was left out."""
    for each in lost:
        terminal.note(f"oomdb: left out: {each}")
    if lost:
        raise typer.Exit(ExitCode.PARTIAL)


def _tell(done: Reparsed) -> None:
    """Say what reading the evidence again did."""
    typer.echo(f"sources    {done.sources:,}")
    typer.echo(f"events     {done.events:,} (before: {done.events_before:,})")
    if done.without_report:
        terminal.note(f"oomdb: {done.without_report:,} pieces of evidence hold no report any more")


@app.command()
def verify(
    db: Database = None,
    files: Annotated[
        bool,
        typer.Option(
            "--files/--no-files", help="Also read the logs that are still where they were."
        ),
    ] = True,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also hold every row against what the evidence gives, read again."
        ),
    ] = False,
    limit: Limit = None,
    entry: Annotated[
        str | None,
        typer.Option(
            metavar="HASH",
            help="The hash of an entry of custody as it was noted once, or its first digits, 8 or"
            " more; all 64 are the best proof.",
        ),
    ] = None,
    summary_format: Annotated[
        SummaryFormat, typer.Option("--format", "-f", help="How the result is written.")
    ] = SummaryFormat.TEXT,
) -> None:
    """Read the whole database and say what is wrong with it; exit code 4 when something is.

    Every value of every table, rows that point at none, counts, kept evidence and the chain
    of custody by their hashes, the saved views, and the logs that are still there. Note the
    hash that is printed: given as --entry later it proves that no evidence up to it was
    changed, and with --again that every row follows from it.
    """
    from oomdb.store.custody import noted_hash
    from oomdb.store.places import database_named
    from oomdb.summary import progress_bar, verified_as_json, verified_as_text
    from oomdb.verify import verify as check

    noted = noted_hash(entry) if entry is not None else None
    with progress_bar() as progress:
        done = check(
            database_named(db),
            originals=files,
            again=again,
            entry=noted,
            limits=Limits().set_to(limit or ()),
            progress=progress,
        )
    as_json = summary_format is SummaryFormat.JSON
    typer.echo(verified_as_json(done) if as_json else verified_as_text(done))
    if done.problems:
        sys.stdout.flush()
        raise typer.Exit(ExitCode.FINDINGS)


@app.command()
def export(
    out: Annotated[
        Named,
        typer.Argument(
            metavar="OUT",
            parser=place_named,
            help="A new folder for Parquet files, NEW.duckdb, or postgresql://USER@HOST/NAME.",
        ),
    ],
    db: Database = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Replace names of hosts, processes, cgroups; leave out text, evidence."
        ),
    ] = False,
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="A secret for --redact: exports with the same one give equal names equal hashes.",
        ),
    ] = None,
) -> None:
    """Write all tables to files to hand on.

    With --redact numbers, times and the kernel's own words stay, and names that people chose
    become keyed hashes, equal names equal ones. Without --key-file the key is thrown away.
    """
    from oomdb import export as exporting
    from oomdb.store.places import database_named

    if key_file is not None and not redact:
        raise UsageError("--key-file is for --redact")
    key = exporting.key_in(key_file) if key_file is not None else None
    if redact and key is None:
        key = exporting.new_key()
    if isinstance(out, Path):
        refuse_database_as_output(out, db, "OUT")
    done = exporting.export(database_named(db), out, key)
    typer.echo(f"tables     {len(done.rows):,}")
    typer.echo(f"rows       {sum(done.rows.values()):,}")


@app.command("import")
def import_database(
    source: Annotated[
        Named,
        typer.Argument(
            metavar="FROM",
            parser=place_named,
            help="Another database: a file, a URL, or a folder that `oomdb export` wrote.",
        ),
    ],
    db: Database = None,
    wait: Wait = 0,
) -> None:
    """Add all that another database holds; nothing becomes two events.

    Into a database that holds nothing rows go as they are. Else the kept evidence is read
    again, and labels and budgets come along only where there are none.
    """
    from oomdb.store.places import database_named
    from oomdb.summary import progress_bar
    from oomdb.transfer import bring

    with progress_bar() as progress:
        done = bring(source, database_named(db), wait_s=wait, progress=progress)
    typer.echo(f"sources    {done.sources:,}")
    typer.echo(f"events     {done.events:,} ({done.new_events:,} new here)")
    _name_lost(done.lost)


@app.command()
def custody(db: Database = None, row_format: RowFormat = None, out: Out = None) -> None:
    """List who did what to the database, when, and from where.

    The sources of each entry are in the table custody_sources.
    """
    from oomdb.listings import custody_rows

    write_listing(custody_rows, db, row_format, out)


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
    from oomdb import databases
    from oomdb.store import dump as dumping
    from oomdb.store.places import database_named

    with databases.open_for_reading(database_named(db)) as reader:
        for line in dumping.canonical(reader) if canonical else dumping.everything(reader):
            typer.echo(line)
