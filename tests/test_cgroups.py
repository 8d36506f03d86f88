"""Numbers of memory cgroups: what has no value, and whose they are."""

from __future__ import annotations

import pytest

from tests.emulated.compare import read, rows
from tests.printed import HEADER_6_1, dmesg

HEAD = f"java {HEADER_6_1}"
TASK_IN = "Task in /a killed as a result of limit of /a"
SUMMARY = (
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
    "oom_memcg={0},task_memcg={0}{1},task={2},pid=124,uid=0"
)
KILLED = "Memory cgroup out of memory: Killed process 124 ({})"


def report(
    *lines: str, comm: str = "java"
) -> tuple[dict[str, object], dict[str, tuple[object, object]]]:
    """The event, and each counter's value and printed text."""
    [batch] = read(dmesg([HEAD, *lines, KILLED.format(comm)]))
    counters = rows(batch, "cgroup_counters")
    return batch.event, {str(row["name"]): (row["value"], row["printed"]) for row in counters}


@pytest.mark.parametrize(
    "limit_kb",
    [
        9007199254740991,
        18014398509481983,
        9007199254740988,
        9007199254740976,
        9007199254740928,
        9007199254740736,
        8589934588,
    ],
)
def test_a_limit_that_is_none_has_no_value(limit_kb: int) -> None:
    event, counters = report(TASK_IN, f"memory: usage 12kB, limit {limit_kb}kB, failcnt 3")
    assert counters["memory.limit"] == (None, str(limit_kb))
    assert counters["memory.usage"] == (12, None)
    assert event["damage"] is None


def test_a_limit_in_bytes_that_is_none_has_no_value() -> None:
    event, counters = report(
        "Memory cgroup stats for /a:",
        "cache 4096",
        "hierarchical_memory_limit 9223372036854771712",
        "hierarchical_memsw_limit 1073741824",
    )
    assert counters["hierarchical_memory_limit"] == (None, "9223372036854771712")
    assert counters["hierarchical_memsw_limit"] == (1073741824, None)
    assert event["damage"] is None


def test_a_number_below_zero_that_was_printed_without_sign_is_nonsense() -> None:
    event, counters = report(
        "memory: usage 18014398509481980kB, limit 1024kB, failcnt 3",
        "Memory cgroup stats for /a: cache:18014398509481980KB rss:4KB",
    )
    assert counters["memory.usage"] == (None, "18014398509481980")
    assert counters["cache"] == (None, "18014398509481980")
    assert counters["rss"] == (4, None)
    assert event["damage"] == "nonsense_value"


@pytest.mark.parametrize("length", [973, 989])
@pytest.mark.parametrize("more", [0, 1])
def test_the_last_number_of_a_cut_record_has_no_value(length: int, more: int) -> None:
    lines = [f"counter_{number} 4096" for number in range(10, 10 + length // 16)]
    lines.append("anon " + "1" * (length - len("\n".join([*lines, "anon "])) + more))
    printed = dmesg([HEAD, "Memory cgroup stats for /a:"])
    [batch] = read([*printed, *(f"[    6.001002] {line}" for line in lines)])
    last = rows(batch, "cgroup_counters")[-1]
    digits = lines[-1].removeprefix("anon ")
    assert (last["value"], last["printed"]) == ((int(digits), None) if more else (None, digits))
    assert ("cut_record" in str(batch.event["damage"])) is not bool(more)


@pytest.mark.parametrize("oom_memcg", ["/", "/a", "/a,task_memcg=/b", "/x=y,oom_memcg=/z", "/a b"])
@pytest.mark.parametrize("below", ["", "/c", "/c,task=d", "/c,task=d,pid=1,uid=0"])
@pytest.mark.parametrize("comm", ["java", "a,pid=1,uid=0", ""])
def test_a_path_ends_where_the_next_key_begins(oom_memcg: str, below: str, comm: str) -> None:
    event, _ = report(SUMMARY.format(oom_memcg, below, comm), comm=comm)
    assert event["oom_memcg"] == oom_memcg
    assert event["task_memcg"] == oom_memcg + below
    assert (event["chosen_comm"], event["chosen_pid"]) == (comm, 124)


def test_statistics_name_their_cgroup_in_readable_text() -> None:
    [batch] = read(dmesg([HEAD, "Memory cgroup stats for /caf\xc3\xa9\xff: cache:4KB"]))
    assert rows(batch, "cgroup_counters")[0]["cgroup"] == "/café\\xff"


def test_a_kill_by_a_limit_that_no_line_names_has_lost_lines() -> None:
    event, _ = report("memory: usage 12kB, limit 12kB, failcnt 3")
    assert event["damage"] == "lost_lines"


def test_usage_is_of_the_cgroup_whose_statistics_come_first() -> None:
    [batch] = read(
        dmesg(
            [
                HEAD,
                "memory: usage 12kB, limit 12kB, failcnt 3",
                "Memory cgroup stats for /a: cache:4KB",
                "Memory cgroup stats for /a/b: cache:8KB",
            ]
        )
    )
    cgroups = [row["cgroup"] for row in rows(batch, "cgroup_counters")]
    assert cgroups == ["/a", "/a", "/a", "/a", "/a/b"]


@pytest.mark.parametrize("caller", [None, "T7"])
def test_statistics_go_on_behind_a_line_of_something_else(caller: str | None) -> None:
    lines = dmesg([HEAD, "Memory cgroup stats for /a:", "anon 4096", "file 8192"], caller="T5")
    lines.insert(3, dmesg(["usb 1-1: reset high-speed USB device"], 6.0025, caller)[0])
    lines.insert(2, dmesg(["anon"], 6.0015, caller)[0])
    [batch] = read(lines)
    counters = rows(batch, "cgroup_counters")
    assert [(row["name"], row["value"]) for row in counters] == [("anon", 4096), ("file", 8192)]
