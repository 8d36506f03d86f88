"""A fleet report on its way: as messages to targets, not to the screen."""

from __future__ import annotations

import os
import socket
import sys
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from oomdb.errors import ExitCode, UsageError
from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from oomdb.delivery.message import Message
    from oomdb.fleet_report import FleetReport, Period
    from oomdb.settings.configuration import Configuration
    from oomdb.store.places import Place

#: What only pages need, of the extra `report`.
_FOR_PAGES = ("jinja2", "matplotlib")


def last_whole(length: str, day_starts: str, now: datetime) -> Period:
    """The last whole day or week as the period of a report."""
    from oomdb.fleet_report import Period
    from oomdb.schedule.period import clock_time, last_period

    return Period(*last_period(length, clock_time(day_starts), now))


def send(
    told: FleetReport,
    db: Place,
    to: Sequence[str],
    configuration: Configuration,
    *,
    always: bool,
    dry_run: bool,
) -> None:
    """Deliver the report to each target, and say of each what became of it.

    Ends with exit code 1 when a target that should have it does not.
    """
    from oomdb.delivery.deliver import State, deliver
    from oomdb.delivery.journal import Journal
    from oomdb.delivery.retry import Patience
    from oomdb.delivery.targets import targets

    found = targets(to, configuration, db if isinstance(db, Path) else None)
    message = _message(told, db)
    journal = Journal(configuration.path_of("delivery.journal") or _journal_of(db))
    patience = Patience(
        configuration.number("delivery.patience_s"), configuration.number("delivery.timeout_s")
    )
    if dry_run:
        _show(message)
    has_failed = False
    for outcome in deliver(message, found, journal, patience, always=always, dry_run=dry_run):
        if outcome.state is State.FAILED:
            has_failed = True
            terminal.note(f"oomdb: {outcome}")
        else:
            typer.echo(terminal.printable(str(outcome)))
            sys.stdout.flush()
    if has_failed:
        raise typer.Exit(ExitCode.ERROR)


def _journal_of(db: Place) -> Path:
    """Where it is noted what was sent of a database: beside a file, else with user's states."""
    from oomdb.incidents.identity import digest
    from oomdb.store.staging import companion

    if isinstance(db, Path):
        return companion(db.resolve(), "deliveries")
    states = os.environ.get("STATE_DIRECTORY") or os.environ.get("XDG_STATE_HOME")
    root = Path(states) if states else Path.home() / ".local/state"
    return root / "oomdb" / f"deliveries-{digest(str(db))}"


def check_use(
    to: Sequence[str] | None, others: Mapping[str, object], only_with_to: Mapping[str, bool]
) -> None:
    """UsageError for options that say where a report goes twice, or how without saying where."""
    for option, value in others.items():
        if to and value is not None:
            raise UsageError(f"--to sends the report, and {option} writes it: give one of them")
    for option, is_given in only_with_to.items():
        if is_given and not to:
            raise UsageError(f"{option} is for reports that are sent: give --to TARGET too")


def _message(told: FleetReport, db: Place) -> Message:
    from oomdb.delivery.message import Finding, Message
    from oomdb.fleet_report.words import headline

    findings = [Finding(one.severity, one.text, one.view, one.step) for one in told.attention]
    to_look_at = sum(one.severity != "note" for one in findings)
    subject = f"oomdb: {headline(told)}" + (f", {to_look_at:,} to look at" if to_look_at else "")
    document = cache(partial(_document, told))
    return Message(
        about=(
            "fleet report",
            socket.gethostname(),
            str(db.resolve() if isinstance(db, Path) else db),
            *told.hosts_asked,
        ),
        since=told.period.since,
        until=told.period.until,
        subject=subject,
        findings=findings,
        document=document,
        page_suffix=".html" if all(map(find_spec, _FOR_PAGES)) else ".md",
    )


def _document(told: FleetReport, suffix: str) -> bytes:
    from oomdb import fleet_report as reporting
    from oomdb.output import writer

    form = writer.chosen_story_format(None, Path(f"report{suffix}"))
    return reporting.written(told, form).encode("utf-8", "backslashreplace") + b"\n"


def _show(message: Message) -> None:
    """What would be sent, in short."""
    typer.echo(terminal.printable(message.subject))
    for finding in message.findings:
        typer.echo(terminal.printable(f"  {finding.severity}: {finding.text}"))
