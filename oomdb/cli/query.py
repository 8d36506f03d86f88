"""`query`, `sql` and `views`: questions to the database."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.options import (
    Database,
    Hosts,
    Out,
    RowFormat,
    Since,
    Until,
    reading_from,
    refuse_database_as_output,
    selection_of,
)
from oomdb.errors import UsageError

if TYPE_CHECKING:
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
) -> None:
    """Write the rows of a saved view."""
    from oomdb.output import writer
    from oomdb.selection import find_event, view_rows

    known = _known_view(view)
    selection = selection_of(since, until, host)
    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
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
        str,
        typer.Argument(
            metavar="SQL",
            help="The query; - reads it from standard input. Of several, the last one's rows.",
        ),
    ],
    db: Database = None,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """Ask the database in SQL (DuckDB's); it can only be read."""
    from oomdb import reading
    from oomdb.output import writer

    text = _from_stdin() if statement == "-" else statement
    if not text.strip():
        raise UsageError("the query is empty")
    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
        reading.lock_out(connection)
        writer.write(reading.rows(connection, text), row_format, out)


def _from_stdin() -> str:
    """What standard input holds; UsageError when it is no text."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the query on standard input is not UTF-8") from None


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
