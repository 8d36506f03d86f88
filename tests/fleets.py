"""A small fleet's database, made once for all tests, and questions to it as a user asks them."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import databases
from oomdb.fleet_report import fleet_report, period_of
from oomdb.gfp import reference_rows
from oomdb.store import facts
from tests import plain_database
from tests.plain_database import insert
from tools import fleet_of_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from oomdb.fleet_report import FleetReport

NOW = datetime(2026, 6, 7, 23, 20, tzinfo=UTC)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="oomdb-fleet-")


@cache
def of_samples() -> Path:
    """The database of `tools.fleet_of_samples`, with labels and a budget; it is only read."""
    database = Path(_folder().name, "oomdb.duckdb")
    fleet_of_samples.read_into(database)
    return database


@contextmanager
def with_kept_views() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that keeps rows of views as files do, once `facts.derive` is called.

    What is written to it is gone at the end of the block.
    """
    with plain_database.rolled_back(_made()) as connection:
        yield connection


@cache
def _made() -> duckdb.DuckDBPyConnection:
    connection = plain_database.empty()
    facts.make(connection)
    for row in reference_rows():
        insert(connection, "gfp_bits", **row)
    return connection


@cache
def report_of(
    since: str = "7d",
    until: str | None = fleet_of_samples.UNTIL,
    hosts: tuple[str, ...] = (),
) -> FleetReport:
    """The report of it that these options ask for."""
    with databases.open_for_reading(of_samples()) as reader:
        period = period_of(reader.connection, since, until, hosts, NOW)
        return fleet_report(reader.connection, period, hosts)
