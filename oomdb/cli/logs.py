"""What commands that read logs have in common: how to read them, and what is said at the end."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.cli.options import path_or_stdin
from oomdb.errors import ExitCode, UsageError
from oomdb.output import terminal
from oomdb.output.formats import SummaryFormat
from oomdb.sources.limits import Limits

if TYPE_CHECKING:
    from oomdb.ingest import Options, Summary

Logs = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        parser=path_or_stdin,
        help="Logs, folders, archives; - is standard input.",
    ),
]
HostName = Annotated[
    str | None, typer.Option(metavar="NAME", help="The machine of lines that name none.")
]
HostFromPath = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN",
        help="Regular expression; its first group is the host in a path: '/(web[0-9]+)/'.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help="Zone of stamps that print none, such as Europe/Berlin, UTC or +02:00.",
    ),
]
JsonField = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FACT=NAME",
        help="Where records in JSON hold the message, host or time, if under a name of their"
        " own: message=payload.text; may be repeated.",
    ),
]
SummaryForm = Annotated[
    SummaryFormat, typer.Option("--format", "-f", help="How the summary is written.")
]


def options_of(
    host: str | None,
    host_from_path: str | None,
    timezone: str | None,
    json_field: list[str] | None,
    limit: list[str] | None,
) -> Options:
    """How logs are read, as the options say it; UsageError for what cannot be."""
    from oomdb.dating import zone_called
    from oomdb.logs import Options

    return Options(
        host=host,
        host_from_path=_host_pattern(host_from_path) if host_from_path is not None else None,
        zone=zone_called(timezone) if timezone is not None else None,
        json_fields=tuple(json_field or ()),
        limits=Limits().set_to(limit or ()),
    )


def show(summary: Summary, summary_format: SummaryFormat) -> None:
    """Write what an ingest did; typer.Exit when some sources were set aside, which are named."""
    from oomdb.summary import as_json, as_text

    text = as_json(summary) if summary_format is SummaryFormat.JSON else as_text(summary)
    typer.echo(text)
    for name, reason in summary.set_aside:
        terminal.note(f"oomdb: set aside: {name}: {reason}")
    if summary.set_aside:
        sys.stdout.flush()
        raise typer.Exit(ExitCode.PARTIAL)


def _host_pattern(text: str) -> re.Pattern[str]:
    """The expression of `--host-from-path`; UsageError when it cannot be used."""
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise UsageError(f"--host-from-path {text!r}: {error}") from None
    if not pattern.groups:
        raise UsageError(f"--host-from-path {text!r}: put the host in brackets, as in '/([^/]+)/'")
    return pattern
