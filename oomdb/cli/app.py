"""The program itself: one message and one exit code for every failure."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from oomdb import __version__
from oomdb.errors import ExitCode, OomdbError, UsageError, reason_of
from oomdb.output import terminal

#: What a shell expects of a program that Ctrl-C ended (128 + SIGINT).
_INTERRUPTED = 130
_HELP = ["-h", "--help"]
#: How the system says that no more can be written.
_OF_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
#: An option whose value was left out.
_EMPTY_VALUE = re.compile(r"(--[a-z][a-z-]*)=\s*")


class _Commands(TyperGroup):
    """Turns failures into one message on stderr and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            _refuse_empty(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except OSError as error:  # of help and of the version, which are printed here
            raise typer.Exit(_told(error)) from None

    def invoke(self, ctx: Any) -> Any:
        try:
            self._configure(ctx)
            result = super().invoke(ctx)
            sys.stdout.flush()
        except OomdbError as error:
            terminal.note(f"oomdb: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise _interrupted() from None
        except RuntimeError as error:
            # How DuckDB says that Ctrl-C came while it was at work.
            if str(error) != "Query interrupted":
                raise
            raise _interrupted() from None
        except OSError as error:
            raise typer.Exit(_told(error)) from None
        return result

    def _configure(self, ctx: Any) -> None:
        """Let options take their defaults from oomdb.toml; help comes even if that is wrong."""
        from oomdb.cli.defaults import default_map
        from oomdb.settings.configuration import Configuration
        from oomdb.settings.table import BY_NAME

        if ctx.params.get("db") is not None:
            # Before the environment and the file, and behind a command's own --db.
            os.environ[BY_NAME["db"].variable] = ctx.params["db"]
        try:
            ctx.obj = Configuration.load(ctx.params.get("config"))
        except UsageError:
            if set(ctx.args) & set(_HELP):
                return
            raise
        ctx.default_map = default_map(self.commands, ctx.obj)


def _interrupted() -> typer.Exit:
    terminal.note("oomdb: interrupted")
    return typer.Exit(_INTERRUPTED)


def _refuse_empty(ctx: Any, args: list[str]) -> None:
    """Refuse an argument without text: a variable that is not set would mean this folder."""
    for before, argument in zip(["", *args], args, strict=False):
        if not argument.strip():
            option = before if before.strip("-") and before[0] == "-" else None
        elif (named := _EMPTY_VALUE.fullmatch(argument)) is not None:
            option = named[1]
        else:
            continue
        what = f"the value of {option}" if option else "an argument"
        raise typer.BadParameter(f"{what} is empty", ctx=ctx)


def _told(error: OSError) -> ExitCode:
    """Say what went wrong, and the exit code for it; a reader who went away is no error."""
    # All that writes to files names them; the one file without a name is this.
    where = error.filename or ("standard output" if error.errno in _OF_WRITING else None)
    _drop_stdout()
    if isinstance(error, BrokenPipeError):
        return ExitCode.DONE
    with contextlib.suppress(OSError):
        terminal.note(f"oomdb: {f'{where}: ' if where else ''}{reason_of(error)}")
    return ExitCode.ERROR


def _drop_stdout() -> None:
    """Send what is still buffered for a broken stdout nowhere, so that exit is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": _HELP, "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"oomdb {__version__}")
        raise typer.Exit


@app.callback()
def _oomdb(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    db: Annotated[
        str | None,
        typer.Option("--db", metavar="FILE|URL", help="The same as --db of the command."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            envvar="OOMDB_CONFIG",
            metavar="FILE",
            readable=False,
            help="The settings; ~/.config/oomdb/oomdb.toml, then /etc/oomdb/oomdb.toml.",
        ),
    ] = None,
) -> None:
    """Find the OOM kills in a fleet's logs, and explain them.

    Start with `oomdb ingest PATH...`, then `oomdb events` and `oomdb explain latest`.
    Exit codes: 0 done, 1 error, 2 wrong usage, 3 done in part, 4 something was found.
    """
