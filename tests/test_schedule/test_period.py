"""Days and weeks by the machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.errors import UsageError
from oomdb.schedule.period import clock_time, last_period

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVEN = clock(7, 0)


@pytest.fixture(params=["Europe/Berlin"])
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine's time zone, as the C library has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


def ended(length: str, starts: clock, now: str) -> list[str]:
    period = last_period(length, starts, datetime.fromisoformat(now))
    return [moment.isoformat(timespec="minutes") for moment in period]


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        ("2026-11-27T07:03+01:00", "2026-11-26T06:00", "2026-11-27T06:00"),
        ("2026-11-27T07:00+01:00", "2026-11-26T06:00", "2026-11-27T06:00"),
        ("2026-11-27T06:59+01:00", "2026-11-25T06:00", "2026-11-26T06:00"),
        ("2026-11-27T23:30Z", "2026-11-26T06:00", "2026-11-27T06:00"),
        # Clocks go back: 25 hours. They go forward: 23.
        ("2026-10-25T07:00+01:00", "2026-10-24T05:00", "2026-10-25T06:00"),
        ("2026-03-29T07:00+02:00", "2026-03-28T06:00", "2026-03-29T05:00"),
    ],
)
def test_the_last_day(now: str, since: str, until: str) -> None:
    assert ended("day", SEVEN, now) == [since, until]


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        ("2026-11-23T07:00+01:00", "2026-11-16T06:00", "2026-11-23T06:00"),
        ("2026-11-23T06:59+01:00", "2026-11-09T06:00", "2026-11-16T06:00"),
        ("2026-11-27T12:00+01:00", "2026-11-16T06:00", "2026-11-23T06:00"),
        ("2026-11-29T23:59+01:00", "2026-11-16T06:00", "2026-11-23T06:00"),
    ],
)
def test_the_last_week_begins_on_a_monday(now: str, since: str, until: str) -> None:
    assert ended("week", SEVEN, now) == [since, until]


@given(
    st.sampled_from(["day", "week"]),
    st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None)),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
)
def test_each_period_begins_where_the_one_before_ended(
    length: str, starts: clock, now: datetime
) -> None:
    since, until = last_period(length, starts, now.replace(tzinfo=UTC))
    assert since < until <= now
    assert now - until <= timedelta(days=7 if length == "week" else 1, hours=1)
    _, before = last_period(length, starts, until.replace(tzinfo=UTC) - timedelta(seconds=1))
    assert before == since


@pytest.mark.parametrize("text", ["7:00", "07:00", " 23:59 "])
def test_a_time_of_day(text: str) -> None:
    assert f"{clock_time(text):%H:%M}" == text.strip().rjust(5, "0")


@pytest.mark.parametrize(
    "text", ["", "7", "24:00", "07:60", "7 am", "07:00:00", "0\N{FULLWIDTH DIGIT SEVEN}:00"]
)
def test_no_time_of_day(text: str) -> None:
    with pytest.raises(UsageError, match=r"give 07:00"):
        clock_time(text)
