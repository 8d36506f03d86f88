"""`events` and `explain`: which events there are, and the story of one."""

from __future__ import annotations

from typing import Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.options import (
    Database,
    Hosts,
    Kinds,
    Out,
    RowFormat,
    Since,
    StoryForm,
    Until,
    reading_from,
    refuse_database_as_output,
    selection_of,
)
from oomdb.cli.results import hand_over
from oomdb.errors import UsageError
from oomdb.output import terminal
from oomdb.output.formats import Format, StoryFormat


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

    selection = selection_of(since, until, host, kind)
    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
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
    story_format: StoryForm = None,
    out: Out = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The kernel's own lines instead, as they were kept.")
    ] = False,
) -> None:
    """Tell one event as a story, with the kernel's own arithmetic.

    As a page for a browser (--out event.html) it has pictures, tables that can be sorted,
    and the kernel's own lines.
    """
    from oomdb import explain as explaining
    from oomdb.listings import evidence_of
    from oomdb.output import writer
    from oomdb.selection import find_event

    if raw and story_format is not None:
        raise UsageError("--raw has no format: it prints the lines as they were kept")
    selection = selection_of(since, until, host)
    refuse_database_as_output(out, db)
    with reading_from(db) as connection:
        event_id = find_event(connection, event, selection)
        if raw:
            hand_over(evidence_of(connection, event_id), out)
            return
        story = explaining.explain(connection, event_id)
        match writer.chosen_story_format(story_format, out):
            case StoryFormat.JSON:
                told = explaining.as_json(story)
            case StoryFormat.MD:
                told = explaining.as_markdown(story)
            case StoryFormat.HTML:
                told = explaining.as_html(connection, story)
            case StoryFormat.TEXT:
                width = terminal.DEFAULT_WIDTH if out else terminal.screen_width()
                told = explaining.as_text(story, min(width, terminal.DEFAULT_WIDTH))
    hand_over(told, out)
