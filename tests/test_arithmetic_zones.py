"""The zone views against the kernel's walk written a second time, over drawn reports."""

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

#: Masks of each layout: kernel, atomic, user and movable, of one node, lowest zones.
MASKS = {
    "linux-2.6.32": (0xD0, 0x20, 0x0, 0x201DA, 0x280DA, 0x4020, 0xD1, 0xD4, 0x10020, 0x452D0),
    "linux-3.10-el7": (0x1000D0, 0x1000DA),
    "linux-4.4": (0x24000C0, 0x2080020, 0x24201CA, 0x2400041, 0x2088020, 0x2000000),
    "linux-4.13": (0x14000C0, 0x1080020, 0x14280CA, 0x1480020, 0x14002C4),
    "linux-4.18": (0x6000C0, 0x480020, 0x6280CA, 0x6000C1, 0x480220),
    "linux-5.1": (0xCC0, 0xA20, 0x100CCA, 0x100DCA, 0xCC1, 0xCC4, 0xC20, 0x200CC0, 0x40CC0),
    "linux-6.4": (0xCC0, 0x820, 0x140DCA, 0xCE0, 0x2800, 0x80820, 0xCD8),
    None: (0xCC0, 0x100CCA, 0x3),
}
CONFIGURATIONS = (
    ("DMA", "DMA32", "Normal", "Movable"),
    ("DMA", "DMA32", "Normal", "Movable", "Device"),
    ("DMA", "Normal", "HighMem", "Movable"),
    ("DMA32", "Normal", "Movable"),
    ("DMA", "Normal", "Movable"),
    ("Normal", "Movable"),
    ("Normal", "HighMem", "Movable"),
)
LETTERS = ("U", "M", "E", "UME", "C", "H", "UH", "I", "R", "CH", None)
kb = st.integers(0, 4000)


@st.composite
def reports(draw: st.DrawFn) -> dict[str, list[Row]]:
    """The rows of one report, as some kernel might print it."""
    layout = draw(st.sampled_from(tuple(MASKS)))
    page = draw(st.sampled_from((4, 16, 64)))
    types = draw(st.sampled_from(CONFIGURATIONS))
    event: Row = {
        "kind": draw(st.sampled_from(("oom_kill", "allocation_failure", "panic"))),
        "page_size_kb": page,
        "gfp_layout": layout,
        "gfp_mask": draw(st.sampled_from(MASKS[layout])),
        "alloc_order": draw(st.sampled_from((0, 0, 0, 1, 2, 3, 5, -1))),
        "nodemask": draw(st.sampled_from((None, "(null)", "0", "0-1", "1", "0,2"))),
        "mems_allowed": draw(st.sampled_from((None, "0", "0-3", "1", "0,1"))),
        "constraint_kind": draw(st.sampled_from((None, "none", "cpuset", "memcg"))),
        "invoker_uid": draw(st.sampled_from((None, 0))),
    }
    rows: dict[str, list[Row]] = {"events": [event]}
    if draw(st.booleans()) and layout == "linux-2.6.32":
        event |= {"invoker_oom_adj": 0, "invoker_oom_score_adj": 0}
        rows["victims"] = [{"role": "victim", "uid": draw(st.sampled_from((None, 0)))}]
    counters = draw(st.sampled_from(((), ("unevictable",), ("unevictable", "unstable"))))
    rows["memory_counters"] = [{"name": name, "pages": 0} for name in counters]
    stacks = draw(st.booleans())
    for node in range(draw(st.integers(1, 2))):
        populated = [name for name in types if name != "Device" and draw(st.booleans())]
        sizes = {name: draw(st.integers(300, 9000)) for name in populated}
        for name in populated:
            _zone(draw, rows, (node, name), types, sizes, page, stacks=stacks)
    return rows


def _zone(
    draw: st.DrawFn,
    rows: dict[str, list[Row]],
    place: tuple[int, str],
    types: tuple[str, ...],
    sizes: dict[str, int],
    page: int,
    *,
    stacks: bool,
) -> None:
    where = dict(zip(("node", "zone"), place, strict=True))
    optional = {
        "free_cma_kb": st.sampled_from((None, 0, 8 * page)),
        "reserved_highatomic_kb": st.sampled_from((None, 0, 8 * page, 600 * page)),
        "free_highatomic_kb": st.sampled_from((None, 0, 2 * page)),
    }
    zone = {name: draw(values) for name, values in optional.items()}
    marks = sorted(draw(st.tuples(kb, kb, kb)))
    rows.setdefault("zones", []).append(
        where
        | {"free_kb": draw(kb) * page, "managed_kb": sizes[place[1]] * page, "present_kb": 1}
        | {"kernel_stack_kb": 0 if stacks else None}
        | zone
    )
    boost = draw(st.sampled_from((None, 0, marks[0] // 2)))
    rows.setdefault("watermarks", []).append(
        where
        | {"min_kb": marks[0] * page, "low_kb": marks[1] * page, "high_kb": marks[2] * page}
        | {"boost_kb": None if boost is None else boost * page}
    )
    own, above = types.index(place[1]), 0
    for index, name in enumerate(types):
        above += sizes.get(name, 0) if index > own else 0
        # Linux 6.10 to 6.13 print 0 for a type without memory.
        rows.setdefault("lowmem_reserves", []).append(
            where | {"class_index": index, "reserve_pages": above // 3 if index > own else 0}
        )
    for order in range(draw(st.sampled_from((0, 2, 7)))):
        blocks = draw(st.sampled_from((0, 0, 1, 30)))
        letters = draw(st.sampled_from(LETTERS)) if blocks else None
        rows.setdefault("buddy_orders", []).append(
            where
            | {"alloc_order": order, "block_kb": page << order}
            | {"free_blocks": blocks, "migratetypes": letters}
        )
    if draw(st.booleans()):
        rows.setdefault("buddy_totals", []).append(where | {"total_kb": 0})


# What takes time is to plan a view, so an example is of several reports.
@settings(
    max_examples=settings().max_examples // 12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=st.lists(reports(), min_size=4, max_size=12))
def test_the_views_agree_with_the_kernel_s_walk(drawn: list[dict[str, list[Row]]]) -> None:
    with plain_database.with_views() as database:
        for number, rows in enumerate(drawn):
            for name, lines in rows.items():
                for line in lines:
                    insert(database, name, event_id=str(number), **line)
        for event in events_of(database, ["zone_fallbacks"]):
            assert list(differences.of_zones(event, event.rows("zone_fallbacks"))) == []
