"""`query`, `sql` and `views`: questions to the database."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.config import configured
from oomdb.cli.options import (
    Database,
    Hosts,
    MemoryLimit,
    Out,
    RowFormat,
    Since,
    Timeout,
    Until,
    reading_from,
    refuse_database_as_output,
    selection_of,
)
from oomdb.errors import UsageError
from oomdb.guard import limits
from oomdb.output.formats import Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.guard.child import Inside
    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place
    from oomdb.views import View


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
    timeout: Timeout = limits.DEFAULT_TIMEOUT,
    memory_limit: MemoryLimit = None,
    temp_limit: Annotated[
        str,
        typer.Option(metavar="SIZE", help="Most it may put into temporary files; 0 for none."),
    ] = "10G",
) -> None:
    """Write the rows of a saved view."""
    from oomdb.selection import find_event, view_rows

    known = known_view(view)
    selection = selection_of(since, until, host)

    def rows(connection: Connection, inside: Inside) -> Rows:
        from oomdb.guard import lock_of

        event_id = find_event(connection, event, selection) if event is not None else None
        lock_of(connection).confine_own(connection, inside)
        return view_rows(connection, known, selection, event_id)

    _write_guarded(rows, db, row_format, out, limits.Limits.of(timeout, memory_limit, temp_limit))


def _write_guarded(
    rows: Callable[[Connection, Inside], Rows],
    db: Place | None,
    row_format: Format | None,
    out: Path | None,
    most: limits.Limits,
) -> None:
    """Write what `rows` gives, which is asked in a process of its own and within limits."""
    from oomdb.guard import child
    from oomdb.output import writer

    style = writer.style_for(row_format, out)

    def job(inside: Inside) -> None:
        refuse_database_as_output(out, db)
        with reading_from(db) as connection:
            writer.write_to(inside.output, rows(connection, inside), style)

    with contextlib.closing(child.run(job, most)) as chunks:
        writer.copy(chunks, out)


def known_view(name: str) -> View:
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
        str,
        typer.Argument(
            metavar="SQL",
            help="The query; - reads it from standard input. Of several, the last one's rows.",
        ),
    ],
    db: Database = None,
    row_format: RowFormat = None,
    out: Out = None,
    timeout: Timeout = limits.DEFAULT_TIMEOUT,
    memory_limit: MemoryLimit = None,
    temp_limit: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Most it may put into temporary files, for what does not fit into memory."
            " With any, SQL can also read the database's own file by name.",
        ),
    ] = "0",
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe",
            help="Lift the lock, for SQL that you trust as you trust a program: it may read and"
            " write any file that you may (COPY TO, the database's own file too), reach the"
            " network, load extensions and change settings. The tables stay read-only and the"
            " limits hold.",
        ),
    ] = False,
) -> None:
    """Ask the database in SQL (DuckDB's); it can only be read.

    Strangers may write the SQL: it reaches the database and nothing else, no file, no network,
    no extension, no setting, and ends at its limits.
    """
    text = _from_stdin() if statement == "-" else statement
    if not text.strip():
        raise UsageError("the query is empty")

    def rows(connection: Connection, inside: Inside) -> Rows:
        from oomdb import reading
        from oomdb.guard import lock_of

        lock = lock_of(connection)
        if unsafe:
            lock.loosen(connection, inside)
            return reading.rows(connection, text)
        lock.confine(connection, inside)
        return lock.answer(connection, text)

    _write_guarded(rows, db, row_format, out, limits.Limits.of(timeout, memory_limit, temp_limit))


def _from_stdin() -> str:
    """What standard input holds; UsageError when it is no text."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the query on standard input is not UTF-8") from None


@app.command()
def views(
    context: typer.Context,
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

    refuse_database_as_output(out, configured(context).path_of("db"))
    if view is None:
        known = sorted(load_views(), key=lambda each: (each.layer, each.name))
        columns = {
            "view": [each.name for each in known],
            "layer": [each.layer for each in known],
            "fact": [each.fact for each in known],
        }
    else:
        chosen = known_view(view)
        columns = {
            "column": [column for column, _ in chosen.columns],
            "meaning": [meaning for _, meaning in chosen.columns],
        }
    writer.write(writer.Rows.of(pa.table(columns)), row_format, out)
