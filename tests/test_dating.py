"""Dates come from evidence, and each says from which; without evidence there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oomdb.carriers.line import KernelLine
from oomdb.dating import Evidence, Timeline, trust

BERLIN = ZoneInfo("Europe/Berlin")


def line(
    stamp: str | None = None, uptime_s: float | None = None, text: str = "", carrier: str = "syslog"
) -> KernelLine:
    return KernelLine(text, 1, 0, 1, "", carrier, stamp=stamp, uptime_s=uptime_s)


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def dated(lines: list[KernelLine], evidence: Evidence, which: int = 0) -> tuple[str | None, str]:
    timeline = Timeline()
    for each in lines:
        timeline.see(each)
    moment, basis = timeline.date(lines[which], evidence)
    return moment.isoformat() if moment else None, basis


def test_a_whole_stamp_needs_no_evidence() -> None:
    assert dated([line("2024-06-04T17:19:10+02:00")], Evidence()) == (
        "2024-06-04T15:19:10",
        "stamp",
    )


def test_without_evidence_nothing_is_invented() -> None:
    assert dated([line("Jun  4 17:19:10")], Evidence()) == (None, "stamp_year_unknown")
    assert dated([line("Tue Jun  4 17:19:10 2024")], Evidence()) == (None, "stamp_zone_unknown")
    assert dated([line(uptime_s=12.5)], Evidence()) == (None, "none")


def test_the_zone_that_the_user_named_knows_summer_time() -> None:
    evidence = Evidence(zone=BERLIN)
    assert dated([line("Tue Jun  4 17:19:10 2024")], evidence) == (
        "2024-06-04T15:19:10",
        "stamp+zone:option",
    )
    assert dated([line("Thu Jan  4 17:19:10 2024")], evidence)[0] == "2024-01-04T16:19:10"


def test_the_option_comes_before_the_machine() -> None:
    tokyo = timezone(timedelta(hours=9))
    evidence = Evidence(zone=UTC, machine_zone=tokyo)
    assert dated([line("Tue Jun  4 17:19:10 2024")], evidence)[1] == "stamp+zone:option"
    assert dated([line("Tue Jun  4 17:19:10 2024")], Evidence(machine_zone=tokyo)) == (
        "2024-06-04T08:19:10",
        "stamp+zone:machine",
    )


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("/var/log/messages-20240610", 2024),
        ("/var/log/messages-20250101.gz", 2024),
        ("/logs/web1/kern.log.2023-06-05.xz", 2023),
    ],
)
def test_the_year_of_a_rotated_name(name: str, year: int) -> None:
    evidence = Evidence(name=name, zone=UTC)
    assert dated([line("Jun  4 17:19:10")], evidence) == (
        f"{year}-06-04T17:19:10",
        "stamp+year:name+zone:option",
    )


def test_december_comes_before_january() -> None:
    lines = [line("Dec 31 23:59:58"), line("Jan  1 00:00:03"), line("Jan  5 10:00:00")]
    evidence = Evidence(zone=UTC, modified_s=epoch("2025-01-05T10:00:04"))
    assert dated(lines, evidence, 0)[0] == "2024-12-31T23:59:58"
    assert dated(lines, evidence, 1) == ("2025-01-01T00:00:03", "stamp+year:mtime+zone:option")


def test_a_file_changed_long_after_its_last_line_tells_no_year() -> None:
    evidence = Evidence(zone=UTC, modified_s=epoch("2026-11-24T00:00:00"))
    assert dated([line("Jun  4 17:19:10")], evidence) == (None, "stamp_year_unknown")


def test_the_last_change_tells_the_zone_when_it_fits_one() -> None:
    lines = [line("Jun  4 17:19:10"), line("Jun  4 19:30:00")]
    evidence = Evidence(modified_s=epoch("2024-06-04T17:30:01"))
    assert dated(lines, evidence) == ("2024-06-04T15:19:10", "stamp+year:mtime+zone:mtime")
    off = Evidence(modified_s=epoch("2024-06-04T17:37:01"))
    assert dated(lines, off) == (None, "stamp_zone_unknown")


def test_a_copy_whose_change_fits_no_zone_closely_tells_none() -> None:
    """Sixty seconds after the last line is more likely a copy than a slow writer."""
    late = Evidence(modified_s=epoch("2024-06-04T15:20:10"))
    assert dated([line("Jun  4 17:19:10")], late) == (None, "stamp_zone_unknown")
    quarter = Evidence(modified_s=epoch("2024-06-04T15:04:11"))
    assert dated([line("Jun  4 17:19:10")], quarter) == (None, "stamp_zone_unknown")


def test_the_last_change_tells_no_zone_of_what_dmesg_printed() -> None:
    evidence = Evidence(modified_s=epoch("2024-06-04T15:19:11"))
    printed = [line("Tue Jun  4 17:19:10 2024", carrier="dmesg")]
    assert dated(printed, evidence) == (None, "stamp_zone_unknown")


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2024-06-04T15:19:12Z", ("2024-06-04T15:19:10", "stamp+year:receipt+zone:receipt")),
        ("2025-01-01T00:00:02Z", ("2024-12-31T23:59:59", "stamp+year:receipt+zone:receipt")),
        ("2024-06-04T16:00:00Z", (None, "stamp_zone_unknown")),
    ],
)
def test_the_receipt_of_a_line_tells_what_its_stamp_lacks(
    received: str, expected: tuple[str | None, str]
) -> None:
    stamp = "Dec 31 23:59:59" if "2025" in received else "Jun  4 17:19:10"
    passed_on = line(stamp)
    passed_on.received = received
    assert dated([passed_on], Evidence()) == expected


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("/logs/web1/2023/06/05/messages", 2023),
        ("/logs/2023-06-04/web1.log", 2023),
        ("/logs/web1/2023/06/messages.log", 2023),
        ("/cases/2024-01-20/kern.log", None),
        ("/backup/20230606/host/var/log/kern.log", 2023),
    ],
)
def test_the_year_of_a_folder_that_is_kept_by_days(name: str, year: int | None) -> None:
    expected = (f"{year}-06-04T17:19:10", "stamp+year:name+zone:option") if year else None
    found = dated([line("Jun  4 17:19:10")], Evidence(name=name, zone=UTC))
    assert found == (expected or (None, "stamp_year_unknown"))


def test_a_dated_line_of_the_same_log_tells_year_and_zone() -> None:
    lines = [line("Jun  4 17:19:10"), line("2024-06-04T17:20:00+02:00")]
    assert dated(lines, Evidence()) == ("2024-06-04T15:19:10", "stamp+year:line+zone:line")


def test_the_hardware_clock_dates_what_comes_after_it_in_that_boot() -> None:
    rtc = "rtc_cmos 00:00: setting system clock to 2024-06-04T15:00:00 UTC (1717513200)"
    lines = [line(uptime_s=2.0, text=rtc), line(uptime_s=62.0), line(uptime_s=1.0)]
    assert dated(lines, Evidence(), 1) == ("2024-06-04T15:01:00", "boot_clock")
    assert dated(lines, Evidence(), 2) == (None, "none")


def test_the_boot_dates_a_stamp_that_cannot_be_dated() -> None:
    evidence = Evidence(boot_s=epoch("2024-06-04T15:00:00"))
    assert dated([line("Jun  4 17:01:02", uptime_s=62.5)], evidence) == (
        "2024-06-04T15:01:02.500000",
        "boot_clock",
    )


def test_the_time_of_the_boot_from_the_machine() -> None:
    evidence = Evidence(boot_s=epoch("2024-06-04T15:00:00"))
    assert dated([line(uptime_s=62.5)], evidence) == ("2024-06-04T15:01:02.500000", "boot_clock")


def test_what_dmesg_computed_is_less_trusted_than_what_was_received() -> None:
    computed = dated([line("2024-06-04T17:19:10,5+02:00", carrier="dmesg")], Evidence())
    assert computed == ("2024-06-04T15:19:10.500000", "dmesg_clock")
    bases = ["stamp", "stamp+zone:option", "boot_clock", "dmesg_clock", "stamp+year:mtime", "none"]
    assert sorted(bases, key=trust) == bases


_PARTS = [
    *("2024-06-04", "0001-01-01", "9999-12-31", "Jun  4", "Feb 29", "06-04"),
    *(
        "T",
        " ",
        "17:19:10",
        "00:00:00",
        "24:00:00",
        ".5",
        ",123456",
        "+99:99",
        "-23:59",
        "CET",
        "2024",
    ),
]


@given(
    st.lists(st.lists(st.sampled_from(_PARTS), max_size=5).map("".join), min_size=1, max_size=4),
    st.none() | st.floats(),
    st.sampled_from([None, BERLIN, timezone(timedelta(hours=-23))]),
)
@settings(deadline=None)
def test_any_stamps_and_any_evidence_are_read(
    stamps: list[str], told_s: float | None, zone: tzinfo | None
) -> None:
    evidence = Evidence(zone=zone, collected_s=told_s, boot_s=told_s, modified_s=told_s)
    for beside in (evidence, Evidence(modified_s=told_s), Evidence(name="messages-20240604")):
        dated([line(stamp, uptime_s=told_s) for stamp in stamps], beside)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["01:50:00", "02:30:00", "02:10:00"], ["23:50", "00:30", "01:10"]),
        (["02:50:00", "02:49:30", "03:10:00"], [None, None, "02:10"]),
        (["02:10:00", "02:50:00", "02:05:00", "02:55:00"], ["00:10", "00:50", "01:05", "01:55"]),
    ],
)
def test_the_hour_that_comes_twice(stamps: list[str], expected: list[str | None]) -> None:
    """A log that shows its clock being put back tells which one is meant."""
    evidence = Evidence(zone=BERLIN, name="messages-20241028")
    lines = [line(f"Oct 27 {stamp}") for stamp in stamps]
    found = [dated(lines, evidence, number) for number in range(len(lines))]
    assert [when and when[11:16] for when, _ in found] == expected
    assert {basis for when, basis in found if when is None} <= {"stamp_hour_unknown"}


def test_the_boot_tells_which_hour_of_two() -> None:
    evidence = Evidence(zone=BERLIN, boot_s=epoch("2024-10-27T00:30:00"))
    stamp = "Sun Oct 27 02:31:00 2024"
    for uptime_s, expected in ((60.0, "00:31"), (3660.0, "01:31")):
        found, basis = dated([line(stamp, uptime_s=uptime_s)], evidence)
        assert (found and found[11:16], basis) == (expected, "stamp+zone:option")
