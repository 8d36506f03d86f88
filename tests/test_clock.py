"""Every form of stamp that carriers print, and what it tells."""

from __future__ import annotations

import pytest

from oomdb.clock import iso_utc, moment, utc


@pytest.mark.parametrize(
    ("stamp", "read"),
    [
        ("2026-11-23T06:34:26.930920Z", "2026-11-23T06:34:26.930920Z"),
        ("2026-11-23T06:34:26,930920+00:00", "2026-11-23T06:34:26.930920Z"),
        ("2024-06-04T17:19:10+0530", "2024-06-04T11:49:10.000000Z"),
        ("2024-06-04 17:19:10-04", "2024-06-04T21:19:10.000000Z"),
        ("Mon 2026-11-23 06:34:27 UTC", "2026-11-23T06:34:27.000000Z"),
        ("Mon 2026-06-22 06:34:27 CEST", "2026-06-22T04:34:27.000000Z"),
    ],
)
def test_a_stamp_with_date_and_zone(stamp: str, read: str) -> None:
    found = moment(stamp)
    assert found is not None
    assert (found.has_year, found.has_zone) == (True, True)
    assert iso_utc(found.seconds) == read


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-23 06:27:01",
        "2026 Nov 23 06:27:01",
        "Nov 23 2026 06:27:01",
        "Nov 23 06:27:01 2026",
        "Mon Nov 23 06:27:01 2026",
        "Mo Nov 23 06:27:01 2026",
        "lun. nov. 23 06:27:01 2026",
        "Пн ноя 23 06:27:01 2026",
        "月 11月 23 06:27:01 2026",
        "Mon 2026-11-23 06:27:01 IST",
    ],
)
def test_a_stamp_without_a_zone(stamp: str) -> None:
    found = moment(stamp.encode().decode("latin-1"))
    assert found is not None
    assert (found.has_year, found.has_zone) == (True, False)
    assert iso_utc(found.seconds) == "2026-11-23T06:27:01.000000Z"


@pytest.mark.parametrize(
    ("stamp", "read"),
    [
        ("Jun  4 17:19:10", "2024-06-04T17:19:10.000000Z"),
        ("Jun 14 17:19:10.25", "2024-06-14T17:19:10.250000Z"),
        ("Nov23 06:27", "2024-11-23T06:27:00.000000Z"),
        ("Feb 29 23:59:59", "2024-02-29T23:59:59.000000Z"),
        ("06-04 17:19:10.123", "2024-06-04T17:19:10.123000Z"),
        ("02-29 23:59:59.000", "2024-02-29T23:59:59.000000Z"),
    ],
)
def test_a_stamp_without_a_year_takes_a_known_one(stamp: str, read: str) -> None:
    bare, dated = moment(stamp), moment(stamp, 2024)
    assert bare is not None
    assert dated is not None
    assert (bare.has_year, dated.has_year) == (False, True)
    assert iso_utc(dated.seconds) == read


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        "",
        "x",
        "Foo 12 10:00:00",
        "Jun 31 10:00:00",
        "2024-13-01 10:00:00",
        "13-01 10:00:00.0",
        "1.5",
    ],
)
def test_what_is_no_stamp(stamp: str | None) -> None:
    assert moment(stamp) is None


@pytest.mark.parametrize(
    "seconds", [253402300800.0, -62135596800.0, 1e300, float("inf"), float("nan")]
)
def test_a_number_outside_the_calendar_is_no_time(seconds: float) -> None:
    assert (utc(seconds), iso_utc(seconds)) == (None, None)
