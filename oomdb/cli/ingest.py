"""`ingest`: logs into the database."""

from __future__ import annotations

from typing import Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.logs import (
    HostFromPath,
    HostName,
    JsonField,
    Logs,
    SummaryForm,
    TimeZone,
    options_of,
    show,
)
from oomdb.cli.options import Database, Limit, Wait
from oomdb.errors import UsageError
from oomdb.output.formats import SummaryFormat


@app.command()
def ingest(
    context: typer.Context,
    paths: Logs,
    db: Database = None,
    lake: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|URL",
            help="Write a lake of Parquet files, not a database; a URL is one that fsspec takes.",
        ),
    ] = None,
    host: HostName = None,
    host_from_path: HostFromPath = None,
    timezone: TimeZone = None,
    json_field: JsonField = None,
    limit: Limit = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, metavar="N", help="Processes that read; one for each processor."
        ),
    ] = None,
    wait: Wait = 0,
    summary_format: SummaryForm = SummaryFormat.TEXT,
) -> None:
    """Read logs into the database, and say what was found.

    What was read before is known again and adds nothing. Files that cannot be read are
    set aside and named, and the exit code is 3. Links to files are followed wherever they
    lead (in a tree that was collected from a machine, only within it); links to folders and
    links in archives are not.
    """
    from oomdb.ingest import ingest as read_logs
    from oomdb.store.places import database_named, lake_named
    from oomdb.summary import progress_bar

    source = context.get_parameter_source("db")
    if lake is not None and source is not None and source.name == "COMMANDLINE":
        raise UsageError("--lake writes a lake and --db a database: give one of them")
    options = options_of(host, host_from_path, timezone, json_field, limit)
    with progress_bar() as progress:
        place = lake_named(lake) if lake is not None else database_named(db)
        summary = read_logs(paths, place, options, jobs=jobs, wait_s=wait, progress=progress)
    show(summary, summary_format)
