"""`config`: what is set, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from oomdb.cli.app import app
from oomdb.cli.options import Database, Out, RowFormat, refuse_database_as_output

if TYPE_CHECKING:
    from oomdb.settings.configuration import Configuration

config_app = typer.Typer(no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.callback()
def config() -> None:
    """Say what is set in oomdb.toml and the environment."""


@config_app.command("show")
def show(
    context: typer.Context,
    db: Database = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is not set, and what each setting is for.")
    ] = False,
    row_format: RowFormat = None,
    out: Out = None,
) -> None:
    """List the settings in force and where each comes from; secrets are masked."""
    import pyarrow as pa

    from oomdb.output import terminal, writer
    from oomdb.settings.table import SETTINGS

    refuse_database_as_output(out, db)
    configuration = configured(context)
    columns: dict[str, list[str | None]] = {"setting": [], "value": [], "origin": []}
    if everything:
        columns["meaning"] = []
    for setting in SETTINGS:
        found = configuration.in_force(setting.name)
        value, origin = found.shown, found.origin
        source = context.get_parameter_source(setting.parameter) if setting.parameter else None
        if setting.name == "db" and source is not None and source.name == "COMMANDLINE":
            value, origin = str(db), "option (--db)"
        if value is None and not everything:
            continue
        for column, cell in zip(
            columns.values(), (setting.name, value, origin, setting.meaning), strict=False
        ):
            column.append(cell)
    terminal.note(f"configuration file: {configuration.path or 'none'}")
    schema = pa.schema([(name, pa.string()) for name in columns])
    writer.write(writer.Rows.of(pa.table(columns, schema=schema)), row_format, out)


def configured(context: typer.Context) -> Configuration:
    """The configuration that the program was started with."""
    return cast("Configuration", context.find_root().obj)
