"""`metrics`: numbers for a monitoring system."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.options import Database, Out, reading_from, refuse_database_as_output
from oomdb.errors import ExitCode


@app.command()
def metrics(
    db: Database = None,
    out: Out = None,
    most_series: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Series of kills at most; what is beyond shares one more."
        ),
    ] = 1000,
    fail_on_findings: Annotated[
        bool,
        typer.Option(
            "--fail-on-findings",
            help="Exit with 4 when reports are damaged, lines not understood, logs set aside.",
        ),
    ] = False,
) -> None:
    """Write OpenMetrics text: kills by host, constraint and unit, last ingest, damage.

    For node_exporter give --out a name that ends with .prom in the folder of its textfile
    collector. The file is replaced as a whole.
    """
    from oomdb import metrics as telling
    from oomdb.publishing import replacing
    from oomdb.store.places import database_named

    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
        told = telling.metrics(connection, database_named(db), most_series)
    text = telling.as_text(told)
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        with replacing(out) as file:
            file.write(text.encode())
    if fail_on_findings and told.has_findings:
        raise typer.Exit(ExitCode.FINDINGS)
