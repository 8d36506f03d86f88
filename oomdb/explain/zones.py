"""What each zone had and needed, and by how much it refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from oomdb.explain.citations import Citations
    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Fallback:
    """One zone that the request could use; fields as in the view `zone_fallbacks`."""

    fallback_no: int
    node: int
    zone: str
    trigger_kind: str | None
    class_index: int | None
    free_kb: int | None
    order_kb: int | None
    cma_kb: int | None
    highatomic_kb: int | None
    usable_free_kb: int | None
    printed_min_kb: int | None
    min_kb: int | None
    low_kb: int | None
    high_kb: int | None
    reserve_kb: int | None
    needed_min_kb: int | None
    needed_low_kb: int | None
    needed_high_kb: int | None
    short_min_kb: int | None
    short_low_kb: int | None
    short_high_kb: int | None
    verdict: str | None
    usable_reason: str | None


def read(connection: Connection, event: Event) -> tuple[Fallback, ...]:
    """The zones in the order in which the kernel tried them."""
    return reading.typed(connection, "zone_fallbacks", Fallback, event.event_id, "fallback_no")


def tell(page: Page, fallbacks: tuple[Fallback, ...], event: Event, cited: Citations) -> None:
    """Each zone with the kernel's own comparison at min, low and high."""
    page.heading("What each zone had, and by how much it refused")
    if event.kind == "memory_dump":
        page.say("No zone refused anything, as nobody asked for memory.")
        return
    if not fallbacks:
        page.say("Unknown: the report does not show the zones that the request could use.")
        return
    page.say(
        "The kernel keeps memory in zones, by address. A zone gives pages only while its free"
        " memory is more than a watermark (min, low or high: what it holds back for"
        " emergencies) plus its lowmem_reserve (what it holds back for requests that can use"
        " no higher zone). Having exactly as much is a refusal. The killer runs when every"
        " zone keeps refusing at min."
    )
    if fallbacks[0].trigger_kind in _TRIGGERS:
        page.say(_TRIGGERS[fallbacks[0].trigger_kind or ""])
    for fallback in fallbacks:
        page.blank()
        _tell_zone(page, fallback, cited)


_TRIGGERS = {
    "sysrq": "A person ran the killer (SysRq-f), so zones may well have been usable.",
    "page_fault": (
        "The killer ran at the end of a page fault, where the request itself is lost; zones may"
        " well have been usable."
    ),
}


def _tell_zone(page: Page, zone: Fallback, cited: Citations) -> None:
    lines = cited.of("zone", "zone_more", "lowmem_reserve", node=zone.node, zone=zone.zone)
    page.say(f"{zone.fallback_no}. Node {zone.node} {zone.zone}: {_free(zone)}{lines}", hanging=6)
    checks = (
        ("min", zone.min_kb, zone.needed_min_kb, zone.short_min_kb),
        ("low", zone.low_kb, zone.needed_low_kb, zone.short_low_kb),
        ("high", zone.high_kb, zone.needed_high_kb, zone.short_high_kb),
    )
    rows = [_check(zone, *check) for check in checks]
    page.table(rows, "<>>>><", gap=" ", indent=6)
    if zone.min_kb != zone.printed_min_kb:
        page.say(
            f"(min is printed as {words.kb(zone.printed_min_kb)}; urgent requests like this one"
            " may go lower)",
            indent=6,
        )
    page.say(_verdict(zone), indent=6)


def _free(zone: Fallback) -> str:
    """What was free, and what of it does not count for this request."""
    text = f"{words.kb(zone.free_kb)} free"
    if zone.usable_free_kb in (None, zone.free_kb):
        return text
    for size, what in (
        (zone.order_kb, "all pages of the request but one"),
        (zone.cma_kb, "contiguous areas that it may not use"),
        (zone.highatomic_kb, "blocks kept for atomic requests"),
    ):
        if size:
            text += f" - {size:,} ({what})"
    return f"{text} = {words.kb(zone.usable_free_kb)} that count"


def _check(
    zone: Fallback, mark: str, mark_kb: int | None, needed_kb: int | None, short_kb: int | None
) -> tuple[str, ...]:
    """One comparison: watermark + reserve = needed, and what is missing to it."""
    if mark_kb is None or zone.reserve_kb is None or needed_kb is None:
        return (mark, "", "", "", "", "unknown")
    if short_kb is not None:
        outcome = f"refused, short {words.kb(short_kb)}"
    elif zone.usable_free_kb is not None:
        outcome = f"granted, {words.kb(zone.usable_free_kb - needed_kb)} over"
    else:
        outcome = "unknown"
    mark_text, reserve_text = words.number(mark_kb), f"+ {words.number(zone.reserve_kb)}"
    return (mark, mark_text, reserve_text, f"= {words.number(needed_kb)}", "kB needed:", outcome)


_USABLE = {
    "sysrq": "but nothing was asked for",
    "page_fault": "but what was asked for is lost",
    "address_space": "but the kernel ran out of addresses, or refused the size, not of memory",
    "one_node_only": "but only one node was allowed, which is not printed",
    "refused_at_high": "but not at high, which the last attempt before a kill must reach",
    "highatomic_not_printed": "but blocks kept for atomic requests do not count, and their size"
    " is not printed",
    "nodemask_not_printed": "but which of the nodes were allowed is not printed",
    "memory_moved": "memory came free between the decision and the print",
}


def _verdict(zone: Fallback) -> str:
    counting, least = words.kb(zone.usable_free_kb), words.kb(zone.min_kb)
    match zone.verdict:
        case "below_watermark":
            return f"below_watermark: {counting} is not above its own min of {least}."
        case "reserve_blocked":
            return (
                f"reserve_blocked: its own watermark held ({counting}, above min {least}); its"
                f" lowmem_reserve of {words.kb(zone.reserve_kb)} refused the request."
            )
        case "no_block_of_order":
            return (
                "no_block_of_order: it had memory enough, but no free block as large as the"
                " request (fragmentation)."
            )
        case "usable":
            reason = _USABLE.get(zone.usable_reason or "", "nothing in the report tells why not")
            return f"usable: by these numbers it could have served the request at min; {reason}."
        case None:
            return "Verdict unknown: a number is missing from the report."
        case other:
            return f"{other}."
