"""`report`: what happened to the fleet in a period."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.config import configured
from oomdb.cli.options import (
    Always,
    Database,
    DryRun,
    Hosts,
    Out,
    StoryForm,
    To,
    reading_from,
    refuse_database_as_output,
)
from oomdb.cli.results import hand_over
from oomdb.errors import ExitCode, UsageError
from oomdb.output import terminal
from oomdb.output.formats import FILE_SUFFIXES, StoryFormat

if TYPE_CHECKING:
    from oomdb.fleet_report import FleetReport
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place


class Length(StrEnum):
    """A whole period that ends before now."""

    DAY = "day"
    WEEK = "week"


@app.command()
def report(
    context: typer.Context,
    db: Database = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="The period's begin: 2026-05-31, or an age before its end: 12h. 7d when not"
            " given.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Its end; `latest` for that of the newest event. Now, up to the full hour, when"
            " not given.",
        ),
    ] = None,
    host: Hosts = None,
    report_format: StoryForm = None,
    out: Out = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="Write a folder of pages instead: the report, and a page for each incident.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            metavar="N",
            help="Processes that make pages of --site; one for each processor.",
        ),
    ] = None,
    last: Annotated[
        Length | None,
        typer.Option(help="The last whole day or week (from Monday) instead of --since."),
    ] = None,
    day_starts: Annotated[
        str,
        typer.Option(
            metavar="HH:MM", help="When days of --last begin, in the machine's time zone."
        ),
    ] = "00:00",
    to: To = None,
    always: Always = False,
    dry_run: DryRun = False,
    fail_on_findings: Annotated[
        bool,
        typer.Option(
            "--fail-on-findings", help="End with exit code 4 where something needs a look."
        ),
    ] = False,
) -> None:
    """Report what the OOM killer did to the fleet, beside the period before.

    First what needs attention: what is new, what got worse, what to do. Every number comes
    with the SQL that gives it (--format md, json or html).

    With --to it is sent instead: once for each period and target, and only when something
    needs a look.
    """
    from datetime import UTC, datetime

    from oomdb import fleet_report as reporting
    from oomdb.cli import sending
    from oomdb.store.places import database_named

    if site is not None and (out is not None or report_format is not None):
        raise UsageError("--site writes a folder of pages: it has no --out and no --format")
    if site is not None and site.suffix.lower() in FILE_SUFFIXES and not site.is_dir():
        raise UsageError(f"--site {site} is a folder of pages; --out writes one page")
    if jobs is not None and site is None:
        raise UsageError("--jobs is for --site, whose pages processes share")
    written = {"--out": out, "--format": report_format, "--site": site}
    sending.check_use(to, written, {"--always": always, "--dry-run": dry_run})
    _check_period(context, last, since, until)
    hosts = tuple(host or ())
    refuse_database_as_output(out, db)
    refuse_database_as_output(site, db, "--site")
    with reading_from(db) as connection:
        reporting.check_known(connection, hosts)
        now = datetime.now(UTC)
        if last is not None:
            period = sending.last_whole(last, day_starts, now)
        else:
            period = reporting.period_of(connection, since, until, hosts, now)
        told = reporting.fleet_report(connection, period, hosts)
        if site is not None:
            _write_site(connection, told, db, site, jobs)
    if to:
        path = database_named(db)
        sending.send(told, path, to, configured(context), always=always, dry_run=dry_run)
    elif site is None:
        _write(told, report_format, out)
    if fail_on_findings and told.has_findings:
        raise typer.Exit(ExitCode.FINDINGS)


def _check_period(
    context: typer.Context, last: Length | None, since: str | None, until: str | None
) -> None:
    """UsageError for options of two ways to name a period."""
    if last is not None and (since or until):
        raise UsageError("--last is a whole period: it has no --since and no --until")
    source = context.get_parameter_source("day_starts")
    if last is None and source is not None and source.name == "COMMANDLINE":
        raise UsageError("--day-starts says when days of --last begin: give --last too")


def _write(told: FleetReport, report_format: StoryFormat | None, out: Path | None) -> None:
    """Write the report to stdout or to a file."""
    from oomdb import fleet_report as reporting
    from oomdb.output import writer

    width = terminal.DEFAULT_WIDTH if out else terminal.screen_width()
    text = reporting.written(told, writer.chosen_story_format(report_format, out), width)
    hand_over(text, out)


def _write_site(
    connection: Connection,
    told: FleetReport,
    db: Place | None,
    folder: Path,
    jobs: int | None,
) -> None:
    """Write the site, and say what became of it."""
    from oomdb import summary
    from oomdb.fleet_report.site import write_site
    from oomdb.store.places import database_named
    from oomdb.workers import default_jobs

    with summary.share_of("pages") as show:
        done = write_site(
            connection, told, database_named(db), folder, jobs or default_jobs(), show
        )
    typer.echo(
        f"pages      {done.pages:,} of events, and {terminal.printable(str(folder))}/index.html"
    )
    typer.echo(f"changed    {done.written:,} files written, {done.removed:,} removed")
