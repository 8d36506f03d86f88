"""score_audit against oom_badness() written a second time, over drawn process tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import plain_database
from tests.arithmetic import differences
from tests.corpus.found import events_of
from tests.plain_database import insert

if TYPE_CHECKING:
    from tests.corpus.found import Row

#: The columns that each form of the table has beside rss.
TABLES: tuple[tuple[str, ...], ...] = (
    (),
    ("nr_ptes", "swapents"),
    ("nr_ptes", "nr_pmds", "swapents"),
    ("pgtables_bytes", "swapents"),
)


@st.composite
def cgroup_limits(draw: st.DrawFn) -> dict[str, int | None]:
    """Usage and limit of memory, and of swap: version 1 counts it with memory, 2 alone."""
    limit = draw(st.sampled_from((None, 4000, 400000, 400099)))
    found = {"memory.limit": limit, "memory.usage": 4000}
    swap = draw(st.sampled_from((None, 0, 8000)))
    if draw(st.booleans()):
        both = None if limit is None or swap is None else limit + swap
        return found | {"memory+swap.limit": both, "memory+swap.usage": 4040}
    return found | {"swap.limit": swap, "swap.usage": draw(st.sampled_from((0, 40)))}


@st.composite
def reports(draw: st.DrawFn) -> dict[str, list[Row]]:
    """The rows of one report, as some kernel might print it."""
    page = draw(st.sampled_from((4, 64)))
    columns = draw(st.sampled_from(TABLES))
    sizes = draw(st.lists(st.integers(1, 300000), min_size=1, max_size=3))
    ram = sum(sizes) + draw(st.sampled_from((0, 0, 50, 200000)))
    printed = draw(st.sampled_from((None, 0, 1, 97, 800, 1000)))
    event: Row = {
        "kind": "oom_kill",
        "page_size_kb": page,
        "ram_pages": draw(st.sampled_from((ram, ram, None))),
        "reserved_pages": draw(st.sampled_from((0, 7, None))),
        "swap_total_kb": draw(st.sampled_from((None, 0, 99999))),
        "swap_free_kb": 0,
        "constraint_kind": draw(st.sampled_from((None, "none", "memcg", "cpuset"))),
        "chosen_pid": draw(st.sampled_from((None, 1, 2))),
        "chosen_score": printed,
        "task_table_header": draw(st.sampled_from(("[ pid ]   uid", "[  pid  ]   uid"))),
    }
    stacks, managed = draw(st.sampled_from((None, 0))), draw(st.booleans())
    zones: list[Row] = [
        {"node": 0, "zone": f"zone {number}", "present_kb": size * page}
        | {"managed_kb": (size - size // 9) * page if managed else None}
        | {"kernel_stack_kb": stacks}
        for number, size in enumerate(sizes)
    ]
    limits = draw(cgroup_limits())
    counters: list[Row] = [{"name": n, "value": v, "unit": "kB"} for n, v in limits.items()]
    processes: list[Row] = [
        {"row_no": pid, "pid": pid, "uid": draw(st.sampled_from((0, 1000)))}
        | {"rss_pages": draw(st.integers(0, 200000))}
        | {"oom_score_adj": draw(st.sampled_from((0, 0, -1000, -998, 300, 1000)))}
        | {name: draw(st.integers(0, 900000)) for name in columns}
        for pid in (1, 2, 3)
    ]
    return {
        "events": [event],
        "zones": zones,
        "cgroup_counters": counters,
        "processes": processes,
        "victims": [{"victim_no": 1, "role": "victim", "pid": draw(st.sampled_from((1, 3)))}],
    }


# What takes time is to plan a view, so an example is of several reports.
@settings(
    max_examples=settings().max_examples // 12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=st.lists(reports(), min_size=4, max_size=12))
def test_the_view_agrees_with_the_kernel_s_formula(drawn: list[dict[str, list[Row]]]) -> None:
    with plain_database.with_views() as database:
        for number, rows in enumerate(drawn):
            for name, lines in rows.items():
                for line in lines:
                    insert(database, name, event_id=str(number), **line)
        with plain_database.worked_out(database, "score_audit"):
            for event in events_of(database, ["score_audit"]):
                assert list(differences.of_scores(event, event.rows("score_audit"))) == []
