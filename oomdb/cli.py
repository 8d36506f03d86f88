"""The command line: options in, one library call, output.

Nothing heavy is imported before a command runs, so that `--help` comes in a blink.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from oomdb import __version__
from oomdb.errors import ExitCode, OomdbError, UsageError
from oomdb.output import terminal
from oomdb.output.formats import Format, StoryFormat, SummaryFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from oomdb.selection import Selection
    from oomdb.views import View

#: What a shell expects of a program that Ctrl-C ended (128 + SIGINT).
_INTERRUPTED = 130


class _Commands(TyperGroup):
    """Turns failures into one message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except OomdbError as error:
            terminal.note(f"oomdb: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            terminal.note("oomdb: interrupted")
            raise typer.Exit(_INTERRUPTED) from None
        except BrokenPipeError:
            _drop_stdout()
            raise typer.Exit(ExitCode.DONE) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            terminal.note(f"oomdb: {where}{error.strerror or error}")
            _drop_stdout()
            raise typer.Exit(ExitCode.ERROR) from None
        return result


def _drop_stdout() -> None:
    """Send what is still buffered for a broken stdout nowhere, so that exit is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
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
) -> None:
    """Find the OOM kills in a fleet's logs, and explain them.

    Start with `oomdb ingest PATH...`, then `oomdb events` and `oomdb explain latest`.
    Exit codes: 0 done, 1 error, 2 wrong usage, 3 done in part.
    """


Database = Annotated[
    Path | None,
    typer.Option(
        "--db",
        envvar="OOMDB_DB",
        metavar="FILE",
        help="The database; ./oomdb.duckdb when not given.",
    ),
]
RowFormat = Annotated[
    Format | None,
    typer.Option(
        "--format", "-f", help="How rows are written; a table, or what the suffix of --out says."
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to FILE, not to stdout.")
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="Events from TIME on: 2026-05-31, 2026-05-31T14:00Z, or an age: 7d."
    ),
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Events before TIME.")]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="NAME", help="Events of host NAME (web*); may be repeated."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="Events of this kind (oom_kill, panic, ...); may be repeated.",
    ),
]


def _selection(
    since: str | None, until: str | None, hosts: list[str] | None, kinds: list[str] | None = None
) -> Selection:
    from oomdb.selection import Selection, moment

    return Selection(
        since=moment(since) if since is not None else None,
        until=moment(until) if until is not None else None,
        hosts=tuple(hosts or ()),
        kinds=tuple(kinds or ()),
    )


@contextlib.contextmanager
def _reading(db: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    from oomdb.store.database import Store, database_path

    with Store.open_for_reading(database_path(db)) as reader:
        yield reader.connection


def _check_out(out: Path | None, db: Path | None) -> None:
    """Refuse to replace the database by a result."""
    from oomdb.store.database import database_path

    if out is not None and out.exists() and out.resolve() == database_path(db).resolve():
        raise UsageError(f"--out {out} is the database itself")


@app.command()
def ingest(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Log files, and folders of them.")
    ],
    db: Database = None,
    host: Annotated[
        str | None, typer.Option(metavar="NAME", help="The machine that all these logs are of.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Zone of stamps that print none, such as Europe/Berlin, UTC or +02:00.",
        ),
    ] = None,
    summary_format: Annotated[
        SummaryFormat, typer.Option("--format", "-f", help="How the summary is written.")
    ] = SummaryFormat.TEXT,
) -> None:
    """Read logs into the database, and say what was found.

    What was read before is known again and adds nothing. Files that cannot be read are
    set aside and named, and the exit code is 3.
    """
    from oomdb.dating import zone_called
    from oomdb.ingest import Options
    from oomdb.ingest import ingest as read_logs
    from oomdb.store.database import database_path
    from oomdb.summary import as_json, as_text, progress_bar

    options = Options(host=host, zone=zone_called(timezone) if timezone is not None else None)
    with progress_bar() as progress:
        summary = read_logs(paths, database_path(db), options, progress=progress)
    text = as_json(summary) if summary_format is SummaryFormat.JSON else as_text(summary)
    typer.echo(text)
    for name, reason in summary.set_aside:
        terminal.note(f"oomdb: set aside: {name}: {reason}")
    if summary.set_aside:
        sys.stdout.flush()
        raise typer.Exit(ExitCode.PARTIAL)


@app.command()
def events(
    db: Database = None,
    since: Since = None,
    until: Until = None,
    host: Hosts = None,
    kind: Kinds = None,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """List the events, the earliest first.

    A table shows what fits a screen; the other formats have more columns.
    """
    from oomdb.output import writer
    from oomdb.selection import event_rows, undated_count

    selection = _selection(since, until, host, kind)
    _check_out(out, db)
    with _reading(db) as connection:
        short = writer.chosen_format(row_format, out) is Format.TABLE
        writer.write(event_rows(connection, selection, short=short), row_format, out)
        undated = undated_count(connection, selection) if selection.is_by_time else 0
    if undated:
        terminal.note(f"left out, as their time is unknown: {undated:,} events")


@app.command()
def explain(
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="The first characters of its id, or `latest`.")
    ],
    db: Database = None,
    since: Since = None,
    until: Until = None,
    host: Hosts = None,
    story_format: Annotated[
        StoryFormat, typer.Option("--format", "-f", help="How the story is written.")
    ] = StoryFormat.TEXT,
) -> None:
    """Tell one event as a story, with the kernel's own arithmetic."""
    from oomdb import explain as explaining
    from oomdb.selection import find_event

    selection = _selection(since, until, host)
    with _reading(db) as connection:
        event_id = find_event(connection, event, selection)
        story = explaining.explain(connection, event_id)
    if story_format is StoryFormat.JSON:
        typer.echo(explaining.as_json(story))
    else:
        typer.echo(explaining.as_text(story, min(terminal.screen_width(), terminal.DEFAULT_WIDTH)))


@app.command()
def query(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="A saved view; see `oomdb views`.")],
    db: Database = None,
    event: Annotated[
        str | None,
        typer.Option(metavar="EVENT", help="Only this event: first characters of id, or `latest`."),
    ] = None,
    since: Since = None,
    until: Until = None,
    host: Hosts = None,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """Write the rows of a saved view."""
    from oomdb.output import writer
    from oomdb.selection import find_event, view_rows

    known = _known_view(view)
    selection = _selection(since, until, host)
    _check_out(out, db)
    with _reading(db) as connection:
        event_id = find_event(connection, event, selection) if event is not None else None
        writer.write(view_rows(connection, known, selection, event_id), row_format, out)


def _known_view(name: str) -> View:
    """The saved view of that name; UsageError with close matches when there is none."""
    from difflib import get_close_matches

    from oomdb.views import load_views

    known = {view.name: view for view in load_views()}
    if name.lower() in known:
        return known[name.lower()]
    close = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "`oomdb views` lists them"
    raise UsageError(f"no view is called {name!r}; {hint}")


@app.command(context_settings={"ignore_unknown_options": True})  # SQL comments begin with --
def sql(
    statement: Annotated[
        str, typer.Argument(metavar="SQL", help="The query; - reads it from standard input.")
    ],
    db: Database = None,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """Ask the database in SQL (DuckDB's); it can only be read."""
    from oomdb import reading
    from oomdb.output import writer

    text = sys.stdin.read() if statement == "-" else statement
    if not text.strip():
        raise UsageError("the query is empty")
    _check_out(out, db)
    with _reading(db) as connection:
        reading.lock_out(connection)
        writer.write(reading.rows(connection, text), row_format, out)


@app.command()
def views(
    view: Annotated[
        str | None, typer.Argument(metavar="[VIEW]", help="Show the columns of this view.")
    ] = None,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """List the saved views and the facts they state."""
    import pyarrow as pa

    from oomdb.output import writer
    from oomdb.views import load_views

    if view is None:
        known = sorted(load_views(), key=lambda each: (each.layer, each.name))
        columns = {
            "view": [each.name for each in known],
            "layer": [each.layer for each in known],
            "fact": [each.fact for each in known],
        }
    else:
        chosen = _known_view(view)
        columns = {
            "column": [column for column, _ in chosen.columns],
            "meaning": [meaning for _, meaning in chosen.columns],
        }
    writer.write(writer.Rows.of(pa.table(columns)), row_format, out)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    app(prog_name="oomdb")
