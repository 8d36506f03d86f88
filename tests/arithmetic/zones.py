"""__zone_watermark_ok() and the walk over the zonelist (mm/page_alloc.c), in pages.

`zonelist()` gives, for one event, each zone that the request may use with what the
kernel's comparison comes to. None stands for what the report does not tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from oomdb.gfp import LAYOUTS, flags
from tests.arithmetic import blocks
from tests.arithmetic.blocks import is_rhel6, row_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.found import Event, Row

TYPES = ("DMA", "DMA32", "Normal", "HighMem", "Movable", "Device")


@dataclass(frozen=True)
class Request:
    """What the mask asks for; `can_sleep` is None when the layout is not known."""

    trigger: str
    order: int | None
    names: frozenset[str]
    layout: str | None
    highest: str | None

    @property
    def is_4_3(self) -> bool:
        """Whether the mask is of Linux 4.3 or older."""
        return self.layout is not None and "WAIT" in LAYOUTS[self.layout].values()

    @property
    def is_6_3(self) -> bool:
        """Whether the mask is of Linux 6.3 or later."""
        return (
            self.layout is not None
            and not self.is_4_3
            and "ATOMIC" not in LAYOUTS[self.layout].values()
        )

    @property
    def sleeps(self) -> bool:
        """Whether the request may wait for reclaim; taken for granted where unknown."""
        if self.layout is None or self.trigger != "request":
            return True
        if self.is_4_3:
            return bool(self.names & {"WAIT", "NO_KSWAPD"})
        return "DIRECT_RECLAIM" in self.names

    @property
    def alloc_flags(self) -> frozenset[str]:
        """The ALLOC_ flags that gfp_to_alloc_flags() derives."""
        found = set()
        reserves = self.trigger == "request" and "NOMEMALLOC" not in self.names
        if "HIGH" in self.names:
            found.add("HIGH")
        if self.is_6_3:
            if not self.sleeps and reserves:
                found.add("NON_BLOCK")
                if "HIGH" in self.names:
                    found.add("HARDER")
        elif self.layout is not None and reserves:
            cannot_wait = not self.sleeps if self.is_4_3 else "ATOMIC" in self.names
            if cannot_wait:
                found.add("HARDER")
        if "MOVABLE" in self.names and "RECLAIMABLE" not in self.names:
            found.add("CMA")
        return frozenset(found)


@dataclass(frozen=True)
class Judged:
    """One zone as the kernel judges it; sizes in kB as the report would print them.

    `reserves_kb` are all values that fit what the report shows.
    """

    node: int
    zone: str
    usable_kb: int | None
    min_kb: int | None
    reserves_kb: frozenset[int]
    has_block: bool | None
    verdicts: frozenset[str | None]
    passes_high: bool | None


def request(event: Event) -> Request | None:
    """The request of an event; None when there is none or its mask is invalid."""
    mask, kind = event.row["gfp_mask"], event.row["kind"]
    if mask is None or kind == "memory_dump":
        return None
    layout, order = event.row["gfp_layout"], event.row["alloc_order"]
    names = {"MOVABLE"} if mask & 8 else set()
    if layout is not None:
        names = set(flags(mask, layout))
    symbols = {frame["symbol"] for frame in event.rows("stack_frames")}
    if order == -1 or "moom_callback" in symbols:
        trigger = "sysrq"
    elif mask == 0 and order == 0 and kind != "allocation_failure":
        trigger = "page_fault"
    else:
        trigger = "request"
    return Request(
        trigger,
        None if order is None else max(order, 0),
        frozenset(names),
        layout,
        _gfp_zone(mask, "MOVABLE" in names),
    )


def _gfp_zone(mask: int, movable: bool) -> str | None:
    """gfp_zone() (include/linux/gfp.h)."""
    match mask & 1, mask & 2, mask & 4, movable:
        case 0, 0, 0, _:
            return "Normal"
        case 1, 0, 0, _:
            return "DMA"
        case 0, 0, 4, _:
            return "DMA32"
        case 0, 2, 0, False:
            return "HighMem"
        case 0, 2, 0, True:
            return "Movable"
    return None


def zonelist(event: Event) -> list[Judged]:
    """Each zone that the request may use, in the order of trial."""
    asked = request(event)
    if asked is None or asked.highest is None or event.row["constraint_kind"] == "memcg":
        return []
    configurations = _configurations(event, asked.highest)
    highest = _collapsed(asked.highest, event, configurations)
    zones = [
        zone
        for zone in event.rows("zones")
        if zone["zone"] in TYPES[:5]
        and _managed(zone) != 0
        and TYPES.index(zone["zone"]) <= TYPES.index(highest)
        and _allowed(zone["node"], event, asked)
    ]
    zones.sort(key=lambda zone: (zone["node"], -TYPES.index(zone["zone"])))
    if not zones:
        return []
    class_type = highest if _class_is_gfp_zone(event) else max(
        (zone["zone"] for zone in zones), key=TYPES.index
    )  # fmt: skip
    return [_judge(zone, event, asked, class_type, configurations) for zone in zones]


def _managed(zone: Row) -> int | None:
    managed: int | None = zone["managed_kb"]
    return managed if managed is not None else zone.get("present_kb")


def _class_is_gfp_zone(event: Event) -> bool:
    """Since 5.8; the same change took `unstable` away."""
    counters = {row["name"] for row in event.rows("memory_counters")}
    lines = [*event.rows("nodes"), *event.rows("zones")]
    if "unstable" in counters or any(line.get("unstable_kb") is not None for line in lines):
        return False
    return "unevictable" in counters or bool(event.rows("nodes"))


def _allowed(node: int, event: Event, asked: Request) -> bool:
    nodemask, cpuset = _nodes(event.row["nodemask"]), _nodes(event.row["mems_allowed"])
    if nodemask is not None and node not in nodemask:
        return False
    return cpuset is None or node in cpuset or "HARDER" in asked.alloc_flags


def _nodes(text: str | None) -> set[int] | None:
    """A printed list of nodes; None when it is none."""
    found: set[int] = set()
    for part in (text or "").split(","):
        ends = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)
        if ends:
            found.update(range(int(ends[1]), min(int(ends[2] or ends[1]), 4096) + 1))
    return found or None


def _configurations(event: Event, highest: str | None) -> list[tuple[str, ...]]:
    """The lists of zone types that a kernel may have, given its lowmem_reserve[] lines."""
    lines: dict[tuple[int, str], list[int]] = {}
    for row in event.rows("lowmem_reserves"):
        lines.setdefault((row["node"], row["zone"]), []).append(row["reserve_pages"])
    shown: dict[int, set[str]] = {}
    for zone in event.rows("zones"):
        if zone["zone"] in TYPES:
            shown.setdefault(zone["node"], set()).add(zone["zone"])
    lengths = {len(entries) for entries in lines.values()}
    kinds = {zone for zones in shown.values() for zone in zones}
    return [
        types
        for types in _possible()
        if len(types) == max(lengths, default=0) and kinds <= set(types)
        if all(_fits(types, *key, entries, shown, highest) for key, entries in lines.items())
    ]


def _possible() -> Iterator[tuple[str, ...]]:
    for kept in product((True, False), repeat=4):
        optional = dict(zip(("DMA", "DMA32", "HighMem", "Device"), kept, strict=True))
        if not (optional["DMA32"] and optional["HighMem"]):
            yield tuple(name for name in TYPES if optional.get(name, True))


def _fits(
    types: tuple[str, ...],
    node: int,
    zone: str,
    entries: list[int],
    shown: dict[int, set[str]],
    highest: str | None,
) -> bool:
    """Whether the first entry that is not 0 belongs to the next zone of the node."""
    if zone not in types:
        return True
    own = types.index(zone)
    first = next((index for index, pages in enumerate(entries) if pages and pages > 0), None)
    above = [types.index(name) for name in shown.get(node, ()) if name in types]
    following = min((index for index in above if index > own), default=None)
    if first is None:
        return True
    if following is not None:
        return first == following
    # Since 6.1 zones above the mask's are left out; no other populated one is.
    return first > own and (highest is None or TYPES.index(types[first]) > TYPES.index(highest))


def _collapsed(highest: str, event: Event, configurations: list[tuple[str, ...]]) -> str:
    """A type that no kernel of this report has stands for Normal."""
    shown = {zone["zone"] for zone in event.rows("zones")}
    if highest in ("DMA", "DMA32") and highest not in shown and configurations:
        lowest = min(types.index("Normal") for types in configurations)
        if all(highest not in types for types in configurations) or lowest == 0:
            return "Normal"
    return highest


def _judge(
    zone: Row,
    event: Event,
    asked: Request,
    class_type: str,
    configurations: list[tuple[str, ...]],
) -> Judged:
    page = event.row["page_size_kb"]
    marks = row_of(event, "watermarks", zone)
    entries = [row["reserve_pages"] for row in rows_of(event, "lowmem_reserves", zone)]
    kept = {
        entries[types.index(class_type if class_type in types else "Normal")]
        for types in configurations
        if page and len(entries) == len(types)
    }
    reserves = set() if None in kept else {pages * page for pages in kept}
    withheld, last = _withheld(zone, event, asked)
    free = zone["free_kb"]
    usable = None if free is None or withheld is None else free - withheld
    least = _min(marks, asked, page)
    has_block = blocks.has_block(zone, event, asked, marks, least, at_high=False)
    verdicts = {
        _verdict(usable, least, reserve, asked.order, has_block) for reserve in (reserves or {None})
    }
    high = marks.get("high_kb")
    passes_high: bool | None = None
    if None not in (free, last, high) and reserves:
        block = blocks.has_block(zone, event, asked, marks, least, at_high=True)
        passes_high = block is not False and all(free - last > high + r for r in reserves)
    return Judged(
        zone["node"],
        zone["zone"],
        usable,
        least,
        frozenset(reserves),
        has_block,
        frozenset(verdicts),
        passes_high,
    )


def _verdict(
    usable: int | None,
    least: int | None,
    reserve: int | None,
    order: int | None,
    block: bool | None,
) -> str | None:
    if usable is None or least is None:
        return None
    if not usable > least:
        return "below_watermark"
    if reserve is None:
        return None
    if not usable > least + reserve:
        return "reserve_blocked"
    if order == 0 or block:
        return "usable"
    return None if block is None else "no_block_of_order"


def _withheld(zone: Row, event: Event, asked: Request) -> tuple[int | None, int | None]:
    """The kB that do not count, at min and in the last attempt at high."""
    page, order = event.row["page_size_kb"], asked.order
    if order is None or (page is None and (order or is_rhel6(event))):
        return None, None
    pages = (1 << order) + (1 if is_rhel6(event) else -1)
    base = pages * page if pages else 0
    cma = zone["free_cma_kb"] or 0
    atomic = _highatomic(zone, event, asked)
    return base + atomic + (0 if "CMA" in asked.alloc_flags else cma), base + atomic + cma


def _highatomic(zone: Row, event: Event, asked: Request) -> int:
    reserved, free = zone["reserved_highatomic_kb"], zone["free_highatomic_kb"]
    allowed = asked.alloc_flags
    if "HARDER" in allowed or (asked.is_6_3 and allowed & {"HIGH", "NON_BLOCK"}):
        return 0
    # zone_watermark_fast() of 4.7 to 5.8, which print kernel stacks by zone.
    stacks = any(one["kernel_stack_kb"] is not None for one in event.rows("zones"))
    if asked.order == 0 and stacks:
        return 0
    if free is not None:
        return int(free)
    if reserved and event.row["invoker_uid"] is not None:
        lists = rows_of(event, "buddy_orders", zone)
        if lists:
            held = sum(
                row["free_blocks"] * row["block_kb"]
                for row in lists
                if "H" in (row["migratetypes"] or "")
            )
            return int(min(reserved, held))
    return int(reserved or 0)


def _min(marks: Row, asked: Request, page: int | None) -> int | None:
    """The mark of the min check after ALLOC_HIGH and ALLOC_HARDER, in kB."""
    least = marks.get("min_kb")
    if least is None:
        return None
    urgent = "HIGH" in asked.names if asked.is_6_3 else "ATOMIC" in asked.names
    if asked.order == 0 and urgent and asked.layout is not None and not asked.is_4_3:
        least -= marks.get("boost_kb") or 0
    if not asked.alloc_flags & {"HIGH", "HARDER"}:
        return int(least)
    if page is None:
        return None
    pages = least // page
    if "HIGH" in asked.alloc_flags:
        pages -= pages // 2
    if "HARDER" in asked.alloc_flags:
        pages -= pages // 4
    return int(pages * page)
