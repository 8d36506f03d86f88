"""The times of a log that was read in parts are those of the log read at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from oomdb.carriers.line import KernelLine
from oomdb.dating import Evidence, Timeline
from oomdb.trace import Trace

LINE_BYTES = 10
START = datetime(2023, 11, 4, 23, 0)
#: How far a clock goes on between two lines: seconds, the end of summer time, months.
STEPS_S = st.sampled_from([0, 1, 60, 3000, -3600, -3000, -100, 86400 * 60, 86400 * 200])
EVIDENCE = Evidence(name="kern.log-20240101", zone=ZoneInfo("America/New_York"))


@st.composite
def lines(draw: st.DrawFn) -> list[KernelLine]:
    """Lines of two hosts, whose clocks step, with stamps of several kinds and boots."""
    clocks, uptimes = {"a": START, "b": START}, {"a": 5.0, "b": 900.0}
    found = []
    for number in range(draw(st.integers(1, 25))):
        host = draw(st.sampled_from("ab"))
        clocks[host] += timedelta(seconds=draw(STEPS_S))
        uptimes[host] = draw(st.sampled_from([uptimes[host] + 1, uptimes[host] + 600, 3.0]))
        is_dated = draw(st.integers(0, 5)) == 0
        form = "%Y-%m-%dT%H:%M:%S+01:00" if is_dated else "%b %d %H:%M:%S"
        is_boot = draw(st.integers(0, 7)) == 0
        text = "setting system clock to x (1700000000)" if is_boot else "any"
        line = KernelLine(text, number + 1, number * LINE_BYTES, 0, text, "syslog", prefixed=True)
        stamp = clocks[host].strftime(form)
        found.append(replace(line, host=host, stamp=stamp, uptime_s=uptimes[host]))
    return found


def dates(timeline: Timeline, firsts: list[KernelLine]) -> list[object]:
    return [timeline.date(line, EVIDENCE) for line in firsts]


@settings(deadline=None)
@given(lines(), st.data())
def test_parts_put_together(log: list[KernelLine], data: st.DataObject) -> None:
    cuts = data.draw(st.sets(st.integers(1, len(log)), max_size=3))
    firsts = data.draw(st.sets(st.integers(0, len(log) - 1), min_size=1))
    around = data.draw(st.integers(0, 3))
    at_once = Timeline()
    for line in log:
        at_once.see(line)
    expected = dates(at_once, [log[number] for number in sorted(firsts)])

    together, again = Timeline(), []
    for first, last in pairwise(sorted({0, *cuts, len(log)})):
        trace = Trace(first * LINE_BYTES, last * LINE_BYTES)
        read = [replace(line) for line in log[max(first - around, 0) : last + around]]
        for line in read:
            trace.see(line)
        own = [line for line in read if line.first_byte // LINE_BYTES in firsts]
        for line in trace.lines(own):
            together.see(line)
            again += [line] if line.first_byte // LINE_BYTES in firsts else []
    assert dates(together, again) == expected


def test_a_log_whose_clocks_run_on_is_told_by_few_lines() -> None:
    trace = Trace(0, 10_000)
    for number in range(1000):
        stamp = (START + timedelta(seconds=number)).strftime("%b %d %H:%M:%S")
        line = KernelLine("any", number + 1, number * LINE_BYTES, 0, "any", "syslog")
        trace.see(replace(line, host=f"web{number % 2}", stamp=stamp, uptime_s=5.0 + number))
    assert len(trace.lines([])) < 10


def test_a_line_months_after_the_one_that_was_kept_comes_with_the_one_before_it() -> None:
    """Without the line of May, that of August would look like one that came late."""
    days = ["Dec 01", "Feb 06", "Feb 20", "May 01", "May 20", "Aug 25", "Feb 01"]
    trace, at_once, together = Trace(0, 100), Timeline(), Timeline()
    log = [
        KernelLine(
            "any", number + 1, number * LINE_BYTES, 0, "any", "syslog", stamp=f"{day} 10:00:00"
        )
        for number, day in enumerate(days)
    ]
    for line in log:
        trace.see(line)
        at_once.see(replace(line))
    for line in trace.lines([]):
        together.see(line)
    assert vars(together)["_turn"] == vars(at_once)["_turn"] == 2
