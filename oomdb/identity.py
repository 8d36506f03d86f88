"""Ids made from content, so that the same report gets the same id everywhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.batch import RowBatch

#: What every carrier keeps of a report: the request and its outcome.
_EVENT = (
    "host_id",
    "uptime_s",
    "printed_time",
    "kind",
    "invoker_comm",
    "gfp_mask",
    "alloc_order",
    "chosen_pid",
    "panic_message",
    "failure_message",
)
_VICTIM = ("pid", "comm", "total_vm_kb", "anon_rss_kb", "file_rss_kb")


def _digest(*parts: object) -> str:
    joined = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.blake2b(joined.encode(), digest_size=8).hexdigest()


def host_id(hostname: str) -> str:
    """16 hexadecimal characters for a host name."""
    return _digest("host", hostname)


def source_id(path: str, sha256: str) -> str:
    """16 hexadecimal characters for a file's path and content."""
    return _digest("source", path, sha256)


def event_id(event: dict[str, object], batch: RowBatch) -> str:
    """16 hexadecimal characters for a report: its host, time, request and victims."""
    facts: list[object] = ["event", *(event.get(name) for name in _EVENT)]
    for victim in batch.rows.get("victims", ()):
        facts.extend(victim.get(name) for name in _VICTIM)
    if event.get("uptime_s") is None or not batch.rows.get("victims"):
        facts.extend(_body(batch))
    return _digest(*facts)


def _body(batch: RowBatch) -> Iterator[object]:
    """What tells two reports apart that name no victim or carry no exact time."""
    for zone in batch.rows.get("zones", ()):
        yield from sorted(f"{name}={value}" for name, value in zone.items())
    for counter in batch.rows.get("memory_counters", ()):
        yield from (counter.get("name"), counter.get("pages"))
    for block in batch.blocks.get("processes", ()):
        yield from zip(block["pid"], block.get("rss_pages", ()), strict=False)
