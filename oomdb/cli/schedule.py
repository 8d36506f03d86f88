"""`schedule`: logs read and reports sent by themselves."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.config import configured
from oomdb.cli.options import Always, Database, To
from oomdb.errors import UsageError
from oomdb.output import terminal


class Every(StrEnum):
    """How often a schedule runs."""

    DAILY = "daily"
    WEEKLY = "weekly"


@app.command()
def schedule(
    context: typer.Context,
    every: Annotated[Every, typer.Argument(help="weekly is on Mondays.")],
    to: To = None,
    logs: Annotated[
        list[str] | None,
        typer.Option("--logs", metavar="PATH", help="Logs to read first; may be repeated."),
    ] = None,
    db: Database = None,
    at: Annotated[
        str, typer.Option(metavar="HH:MM", help="When, in the machine's time zone.")
    ] = "07:00",
    always: Always = False,
    memory_max: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory that the service may hold.")
    ] = "2G",
    user: Annotated[
        bool, typer.Option("--user", help="For your own manager of services, not the system's.")
    ] = False,
    cron: Annotated[
        bool, typer.Option("--cron", help="A line for your crontab, not systemd units.")
    ] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Put it in place, and start it.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away.")] = False,
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="With --install or --remove: the root folder of another system.",
        ),
    ] = None,
) -> None:
    """Print a systemd service and timer that read logs and send the report of the last day or week.

    The service has few rights: it writes beside the database alone. Without --db the database
    is /var/lib/oomdb/oomdb.duckdb, kept for a user who exists only while the service runs.
    Give the command again to change the schedule.
    """
    from oomdb.schedule.cron import Crontab, entry
    from oomdb.schedule.install import Place
    from oomdb.schedule.plan import plan
    from oomdb.schedule.systemd import units

    _check_use(user=user, cron=cron, install=install, remove=remove, root=root)
    place = Place(not user, root)
    if remove:
        name = f"oomdb-{every}"
        if cron:
            is_gone = Crontab().put(name, "")
            typer.echo("removed from the crontab" if is_gone else "nothing to remove")
        else:
            removed = place.remove(name)
            typer.echo("\n".join(f"removed {path}" for path in removed) or "nothing to remove")
        return
    planned = plan(
        configured(context),
        every,
        to=to or (),
        logs=logs or (),
        db=db,
        at=at,
        memory_max=memory_max,
        always=always,
        for_the_system=not (user or cron),
    )
    if cron:
        lines = entry(planned)
        if install:
            is_new = Crontab().put(planned.name, lines)
            lines = "written into the crontab\n" if is_new else "nothing to change\n"
        typer.echo(lines, nl=False)
        return
    made = units(planned, for_the_system=not user, root=root)
    for note in made.notes:
        terminal.note(f"oomdb: {note}")
    if install:
        changed = place.install(made.files)
        typer.echo("\n".join(f"written {path}" for path in changed) or "nothing to change")
    else:
        parts = [f"# {place.folder / name}\n{text}" for name, text in made.files.items()]
        typer.echo("\n".join(parts), nl=False)


def _check_use(*, user: bool, cron: bool, install: bool, remove: bool, root: Path | None) -> None:
    """UsageError for options that do not go together."""
    if install and remove:
        raise UsageError("--install and --remove contradict each other")
    if root is not None and (user or cron or not (install or remove)):
        raise UsageError("--root is for --install and --remove of the system's units")
    if root is not None and not root.is_dir():
        raise UsageError(f"--root {root} is no folder")
    if user and cron:
        raise UsageError("--cron is for your own crontab already, without --user")
