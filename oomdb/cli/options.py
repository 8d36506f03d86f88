"""Options that several commands share, and what they mean."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oomdb.errors import UsageError
from oomdb.output.formats import Format, StoryFormat
from oomdb.sources.limits import Limits
from oomdb.store.places import Server, place_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.selection import Selection
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place


def path_or_stdin(text: str | Path) -> Path:
    """A path where `-` is standard input; `./-`, which pathlib takes for the same, a file."""
    path = Path(text)
    return path.absolute() if str(path) == "-" and str(text) != "-" else path


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise typer.BadParameter(f"{seconds} is no number of seconds")
    return seconds


# For Typer, which refuses unions, one of the classes that the parser gives.
if TYPE_CHECKING:
    Named = Place
else:
    Named = Server

Database = Annotated[
    Named | None,
    typer.Option(
        "--db",
        envvar="OOMDB_DB",
        metavar="FILE|URL",
        parser=place_named,
        help="The database: a file, or postgresql://USER@HOST/NAME; ./oomdb.duckdb when not given.",
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        callback=_finite,
        help="How long to wait while another process writes the database.",
    ),
]
RowFormat = Annotated[
    Format | None,
    typer.Option(
        "--format", "-f", help="How rows are written; a table, or what the suffix of --out says."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", readable=False, help="Write to FILE, not to stdout."
    ),
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
Limit = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="What reading one file may take, against files made to exhaust the reader; may be"
        " repeated. Sizes end with K, M, G or T, to the base of 1024. By default"
        f" {Limits().described()}.",
    ),
]
Timeout = Annotated[
    str,
    typer.Option(
        metavar="SECONDS",
        help="Most that is waited for the answer, then the query is ended; none for no limit.",
    ),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Most memory it may take; none for no limit. 4G when not given, or half of what"
        " the machine has if that is less. Units are to the base of 1024: 4G,"
        " 4GB and 4GiB are one size.",
    ),
]


StoryForm = Annotated[
    StoryFormat | None,
    typer.Option(
        "--format", "-f", help="How it is written; text, or what the suffix of --out says."
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="TARGET",
        help="Send the report to a file, a FOLDER/, mailto:NAME@HOST, webhook (its URL is a"
        " setting) or webhook:FILE; may be repeated.",
    ),
]
Always = Annotated[bool, typer.Option("--always", help="Send also when there is nothing to tell.")]


DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be sent to whom, and send nothing.")
]


def selection_of(
    since: str | None, until: str | None, hosts: list[str] | None, kinds: list[str] | None = None
) -> Selection:
    """The events that the options choose; UsageError for a time or kind that is none."""
    from oomdb.selection import KINDS, Selection, moment

    selection = Selection(
        since=moment(since) if since is not None else None,
        until=moment(until) if until is not None else None,
        hosts=tuple(hosts or ()),
        kinds=tuple(kinds or ()),
    )
    if selection.since and selection.until and selection.since >= selection.until:
        raise UsageError(f"--until {until} is not after --since {since}")
    for kind in selection.kinds:
        if kind not in KINDS:
            raise UsageError(f"no kind of event is called {kind!r}; there are {', '.join(KINDS)}")
    return selection


@contextlib.contextmanager
def reading_from(db: Place | None) -> Iterator[Connection]:
    """A connection to the database that `--db` names, for reading."""
    from oomdb import databases
    from oomdb.store.places import database_named

    with databases.open_for_reading(database_named(db)) as reader:
        yield reader.connection


def refuse_database_as_output(out: Path | None, db: Place | None, option: str = "--out") -> None:
    """Refuse to replace the database that `--db` names, or a part of it, by a result."""
    from oomdb.output.places import refuse_database
    from oomdb.store.places import database_named

    database = database_named(db)
    if out is not None and isinstance(database, Path):
        refuse_database(out, database, option)
