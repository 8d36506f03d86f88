"""`spark`: an ingest into a lake, and questions to one, on a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from oomdb.cli.app import app
from oomdb.cli.logs import (
    HostFromPath,
    HostName,
    JsonField,
    Logs,
    SummaryForm,
    TimeZone,
    options_of,
    show,
)
from oomdb.cli.options import Limit, Out, RowFormat, Wait
from oomdb.cli.query import known_view
from oomdb.output.formats import SummaryFormat

spark_app = typer.Typer(no_args_is_help=True)
app.add_typer(spark_app, name="spark")

LakeName = Annotated[
    str,
    typer.Option(
        metavar="FOLDER|URL", help="The lake, under a name that driver and executors reach."
    ),
]
Master = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="Where Spark runs: local[*], spark://HOST:PORT, yarn or k8s://https://HOST:PORT.",
    ),
]
Conf = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="A setting of Spark; may be repeated."),
]


@spark_app.callback()
def spark() -> None:
    """Read logs into a lake, and ask it, on a cluster that runs Apache Spark.

    oomdb must be installed on its machines, with the extra `spark`.
    """


@spark_app.command("ingest")
def spark_ingest(
    paths: Logs,
    lake: LakeName,
    master: Master = "local[*]",
    conf: Conf = None,
    host: HostName = None,
    host_from_path: HostFromPath = None,
    timezone: TimeZone = None,
    json_field: JsonField = None,
    limit: Limit = None,
    wait: Wait = 0,
    summary_format: SummaryForm = SummaryFormat.TEXT,
) -> None:
    """Read logs into a lake on a cluster, and say what was found.

    The lake holds the same as after `oomdb ingest --lake`. The executors read the files under
    the names that they have here. A file whose reading ends its process is set aside.
    """
    from oomdb.spark.ingest import spark_ingest as read_logs
    from oomdb.spark.session import settings
    from oomdb.store.places import lake_named
    from oomdb.summary import progress_bar

    options = options_of(host, host_from_path, timezone, json_field, limit)
    with progress_bar() as progress:
        summary = read_logs(
            paths,
            lake_named(lake),
            options,
            master=master,
            conf=settings(conf or ()),
            wait_s=wait,
            progress=progress,
        )
    show(summary, summary_format)


@spark_app.command("query")
def spark_query(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="A saved view; see `oomdb views`.")],
    db: LakeName,
    master: Master = "local[*]",
    conf: Conf = None,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """Write the rows of a saved view of a lake, which a cluster finds."""
    from oomdb.output import writer
    from oomdb.spark.query import spark_query as ask
    from oomdb.spark.session import settings
    from oomdb.store.places import lake_named

    known = known_view(view)
    writer.style_for(row_format, out)
    rows = ask(known, lake_named(db), master=master, conf=settings(conf or ()))
    writer.write(writer.Rows.of(rows), row_format, out)
