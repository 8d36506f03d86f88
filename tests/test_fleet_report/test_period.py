from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from oomdb.errors import OomdbError, UsageError
from oomdb.fleet_report import Period, period_of
from tests import fleets
from tests.queries.kills import at, insert_host, insert_kill

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

NOW = datetime(2026, 5, 31, 14, 20, 5, tzinfo=UTC)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with fleets.with_kept_views() as connection:
        yield connection


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        (None, None, "2026-05-24T15:00", "2026-05-31T15:00"),
        ("7d", "2026-05-31", "2026-05-24T00:00", "2026-05-31T00:00"),
        ("24h", None, "2026-05-30T15:00", "2026-05-31T15:00"),
        ("90m", None, "2026-05-31T12:51", "2026-05-31T14:21"),
        ("2026-05-01", None, "2026-05-01T00:00", "2026-05-31T15:00"),
        ("2026-05-31T10:00Z", None, "2026-05-31T10:00", "2026-05-31T14:21"),
        ("7d", "1d", "2026-05-23T14:20:05", "2026-05-30T14:20:05"),
    ],
)
def test_the_period_of_the_options(
    connection: duckdb.DuckDBPyConnection,
    since: str | None,
    until: str | None,
    begin: str,
    end: str,
) -> None:
    period = period_of(connection, since, until, (), NOW)
    assert period == Period(datetime.fromisoformat(begin), datetime.fromisoformat(end))
    assert period.before.until == period.since
    assert period.before.length_s == period.length_s


def test_latest_ends_with_the_hour_of_the_newest_event_of_the_hosts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for host, after_s in (("db1", 60), ("web1", 7200)):
        insert_host(connection, host)
        insert_kill(connection, host, host, after_s, "java")
    # The newest is at 14:00:00, which the period must hold.
    assert period_of(connection, "1d", "latest", (), NOW).until == at(7200) + timedelta(hours=1)
    assert period_of(connection, "1d", "LATEST", ("db*",), NOW).until == at(3600)


def test_latest_of_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OomdbError, match="no event has a known time"):
        period_of(connection, None, "latest", (), NOW)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-06-01", "2026-05-01"), ("0d", None), ("soon", None), ("7d", "never"), ("1000y", None)],
)
def test_what_is_no_period(
    connection: duckdb.DuckDBPyConnection, since: str, until: str | None
) -> None:
    with pytest.raises(UsageError):
        period_of(connection, since, until, (), NOW)


@pytest.mark.parametrize("since", ["0001-01-02", "700000d", "99999999999d"])
def test_no_time_for_a_period_before(connection: duckdb.DuckDBPyConnection, since: str) -> None:
    with pytest.raises(UsageError):
        period_of(connection, since, None, (), NOW)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2030-01-01", None, "begins 2030-01-01 00:00Z, not before its end, 2026-05-31 14:21Z"),
        ("7d", "0001-01-01", "not a time: '7d' before 0001-01-01 00:00Z"),
        ("99999999999d", None, "not a time: '99999999999d' before 2026-05-31"),
        (None, "9999-12-31T23:59-05:00", "not a time: '9999-12-31T23:59-05:00' is in no year"),
    ],
)
def test_what_is_wrong_with_a_period_is_named(
    connection: duckdb.DuckDBPyConnection, since: str | None, until: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        period_of(connection, since, until, (), NOW)


def test_slots_are_days_or_hours_that_the_period_touches() -> None:
    days = Period(datetime(2026, 5, 30, 12), datetime(2026, 6, 2))
    assert days.slots == ["2026-05-30", "2026-05-31", "2026-06-01"]
    hours = Period(datetime(2026, 5, 30, 22, 30), datetime(2026, 5, 31, 1))
    assert hours.slots == ["2026-05-30 22", "2026-05-30 23", "2026-05-31 00"]
