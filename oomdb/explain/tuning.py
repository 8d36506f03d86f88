"""What the printed watermarks and free lists say of the machine's settings and of its pieces."""

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
class ZoneSettings:
    """What one zone's watermarks imply; fields as in the view `watermark_tuning`."""

    node: int
    zone: str
    boost_kb: int | None
    gap_rule: str | None
    scale_factor: int | None
    extra_kb: int | None
    locked_kb: int | None
    min_free_kb: int | None
    min_free_most_kb: int | None


@dataclass(frozen=True, slots=True)
class Pieces:
    """How a zone's free memory was cut up; fields as in the view `fragmentation`."""

    node: int
    zone: str
    zone_free_kb: int | None
    largest_block_kb: int | None
    request_order: int | None
    request_kb: int | None
    too_small_kb: int | None
    too_small_thousandths: int | None


@dataclass(frozen=True, slots=True)
class Tuning:
    """Settings and pieces, zone by zone."""

    settings: tuple[ZoneSettings, ...]
    pieces: tuple[Pieces, ...]


def read(connection: Connection, event: Event) -> Tuning:
    """What the report implies; empty where it shows no zones."""
    order = "node, zone"
    pieces = reading.typed(connection, "fragmentation", Pieces, event.event_id, order)
    return Tuning(
        reading.typed(connection, "watermark_tuning", ZoneSettings, event.event_id, order),
        # The view has a row for each order; what is read of it holds for the whole zone.
        tuple(dict.fromkeys(pieces)),
    )


def tell(page: Page, tuning: Tuning, cited: Citations) -> None:
    """Below the zones: the largest pieces for a large request, then the settings."""
    for piece in tuning.pieces:
        if piece.request_order and piece.largest_block_kb is not None:
            _tell_pieces(page, piece, cited)
    _tell_settings(page, tuning.settings)


def _tell_pieces(page: Page, piece: Pieces, cited: Citations) -> None:
    text = (
        f"Node {piece.node} {piece.zone}: its largest free block has"
        f" {words.kb(piece.largest_block_kb)}, the request needs one of"
        f" {words.kb(piece.request_kb)}"
    )
    if piece.too_small_kb is not None and piece.too_small_thousandths is not None:
        text += (
            f"; {words.kb(piece.too_small_kb)} of its free {words.kb(piece.zone_free_kb)}"
            f" ({words.percent(piece.too_small_thousandths)}) are in smaller ones"
        )
    page.say(f"{text}.{cited.of('buddy', node=piece.node, zone=piece.zone)}", hanging=5)


def _tell_settings(page: Page, settings: tuple[ZoneSettings, ...]) -> None:
    facts = []
    least = next((zone.min_free_kb for zone in settings if zone.min_free_kb is not None), None)
    if least is not None:
        facts.append(f"vm.min_free_kbytes is {words.kb(least)} (the zones' min together)")
    rules = {_RULES[zone.gap_rule] for zone in settings if zone.gap_rule in _RULES}
    facts += sorted(rules)
    boosted = sum(zone.boost_kb or 0 for zone in settings)
    if boosted:
        facts.append(f"{words.kb(boosted)} of min are a boost after fragmentation")
    locked = sum(zone.locked_kb or 0 for zone in settings)
    if locked:
        facts.append(f"lowmem_reserve locks {words.kb(locked)} of free memory away from it")
    if facts:
        page.blank()
        page.say(f"What these numbers say of the settings: {'; '.join(facts)}.")


_RULES = {
    "quarter": "low and high are 5/4 and 3/2 of min, as by default",
    "scale_factor": "watermark_scale_factor sets low and high further above min",
    "extra": "low and high are raised by more than min (extra_free_kbytes)",
}
