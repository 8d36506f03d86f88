"""`hosts` and `budgets`: what users tell of their fleet, and the lists of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.options import (
    Database,
    Out,
    RowFormat,
    Wait,
    path_or_stdin,
    reading_from,
    refuse_database_as_output,
)
from oomdb.cli.results import write_listing
from oomdb.errors import UsageError
from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_NOTES = 20

hosts_app = typer.Typer()
budgets_app = typer.Typer()
app.add_typer(hosts_app, name="hosts")
app.add_typer(budgets_app, name="budgets")

Sheet = Annotated[
    Path,
    typer.Argument(
        metavar="FILE.csv", parser=path_or_stdin, help="The CSV file; - is standard input."
    ),
]


@hosts_app.callback(invoke_without_command=True)
def hosts(
    context: typer.Context, db: Database = None, row_format: RowFormat = None, out: Out = None
) -> None:
    """List the hosts: names as printed, labels, events; or import their labels."""
    from oomdb.fleet.labels import host_rows

    if _is_for_a_subcommand(context):
        return
    write_listing(host_rows, db, row_format, out)


@hosts_app.command("import")
def import_hosts(file: Sheet, db: Database = None, wait: Wait = 0) -> None:
    """Give labels to hosts, in place of all labels imported before.

    The first line names the columns: host, then any labels, such as role, cluster, owner.
    host is a shell pattern (web*, db[0-9]) for names as printed; also hosts that are read
    later get its labels. Of several lines that fit a host the last one with a value counts.
    """
    from oomdb.fleet.labels import import_labels
    from oomdb.store.places import database_named

    done = import_labels(file, database_named(db), wait_s=wait)
    typer.echo(f"labels     {', '.join(map(terminal.printable, done.labels))}")
    typer.echo(f"patterns   {done.rules:,}")
    typer.echo(f"hosts      {done.labelled_hosts:,} of {done.hosts:,} have labels")
    _note([f"no host that is known yet is called {pattern}" for pattern in done.unused])
    _note([f"budgets ask for the label {label}, which no host can have" for label in done.missing])


@budgets_app.callback(invoke_without_command=True)
def budgets(
    context: typer.Context, db: Database = None, row_format: RowFormat = None, out: Out = None
) -> None:
    """List the budgets of processes, as a file that can be imported; or import them."""
    from oomdb.fleet.budgets import budget_rows
    from oomdb.output import writer

    if _is_for_a_subcommand(context):
        return
    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
        writer.write(budget_rows(connection), row_format, out)


@budgets_app.command("import")
def import_budgets(file: Sheet, db: Database = None, wait: Wait = 0) -> None:
    """Say how much memory processes may hold, in place of all budgets imported before.

    The first line names the columns: comm or unit (process name, systemd unit), kb, and if
    wanted host, label (role=db*), note. comm and unit are patterns with * and ?. Of several
    lines that fit a process the last counts. The view over_budget gives the answer.
    """
    from oomdb.fleet.budgets import import_budgets as read_budgets
    from oomdb.store.places import database_named

    done = read_budgets(file, database_named(db), wait_s=wait)
    typer.echo(f"budgets    {done.budgets:,}")
    _note(done.notes)


def _is_for_a_subcommand(context: typer.Context) -> bool:
    """Whether a command follows; UsageError when options stand before it, not after."""
    if context.invoked_subcommand is None:
        return False
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--format" if name == "row_format" else f"--{name}"
            raise UsageError(
                f"{option} comes after the command: {context.command_path}"
                f" {context.invoked_subcommand} ... {option} ..."
            )
    return True


def _note(texts: Sequence[str]) -> None:
    """Say the first of `texts` on stderr, and how many more there are."""
    for text in texts[:_MOST_NOTES]:
        terminal.note(f"oomdb: {text}")
    if len(texts) > _MOST_NOTES:
        terminal.note(f"oomdb: and {len(texts) - _MOST_NOTES:,} more")
