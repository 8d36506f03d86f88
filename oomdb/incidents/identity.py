"""Ids made from content, so that the same report gets the same id everywhere."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oomdb.rows.batch import RowBatch

#: The numbers of a kill line, which every carrier keeps.
_VICTIM = ("pid", "comm", "total_vm_kb", "anon_rss_kb", "file_rss_kb")

Head = tuple[str | None, str | None]

#: Kinds of report that a kill is never a copy of.
_DUMPS = frozenset({"allocation_failure", "memory_dump"})


#: What machines are called that were given no name.
_NAMELESS = re.compile(r"localhost(?:\.localdomain)?\d?|\(none\)|unknown|127\.0\.0\.1|::1", re.I)


def is_nameless(hostname: str) -> bool:
    """Whether a printed name stands for a machine that was given none, so for many."""
    return _NAMELESS.fullmatch(hostname) is not None


def digest(*parts: object) -> str:
    """16 hexadecimal characters for the parts, None standing for nothing."""
    joined = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.blake2b(joined.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def mark_of(text: str) -> int:
    """A number of 60 bits for a text, which `MARK_OF` of a database makes too."""
    encoded = text.encode("utf-8", "surrogateescape")
    return int(hashlib.md5(encoded, usedforsecurity=False).hexdigest()[17:], 16)


def host_id(hostname: str) -> str:
    """16 hexadecimal characters for a host name."""
    return digest("host", hostname.lower())


def source_id(path: str, sha256: str) -> str:
    """16 hexadecimal characters for a file's path and content."""
    return digest("source", path, sha256)


def victim_key(event: dict[str, object], batch: RowBatch) -> str | None:
    """What stands for the first kill of a report; None when nothing was killed.

    A process that outlived its kill line's sizes adds its printed score.
    """
    victims = batch.pick("victims", *_VICTIM)
    if not victims:
        return None
    return digest("victim", *victims[0], event.get("chosen_score"))


def body_key(event: dict[str, object], batch: RowBatch) -> str | None:
    """What stands for the memory dump or the request; None without either.

    Free memory of the zones and the system-wide counters differ in any two reports.
    """
    counters = batch.pick("memory_counters", "name", "pages")
    zones = batch.pick("zones", "node", "zone", "free_kb")
    if counters and zones:
        numbers = sorted(f"{node} {zone} {free_kb}" for node, zone, free_kb in zones)
        numbers += sorted(f"{name} {pages}" for name, pages in counters)
        family = event["kind"] if event["kind"] in _DUMPS else "kill"
        return digest("body", family, *numbers)
    usage = [
        f"{name} {value}"
        for name, value in batch.pick("cgroup_counters", "name", "value")
        if "." in str(name)
    ]
    request = [event.get(name) for name in ("invoker_comm", "gfp_mask", "alloc_order")]
    return digest("request", *request, *usage) if usage else None


def head_keys(event: dict[str, object], uptime_s: float | None, wall_s: float | None) -> Head:
    """What stands for the first line of a report together with its stamps.

    `uptime_s` and `wall_s` are the kernel's and the receiver's; each key is None without its
    stamp, and both are where the first line is lost.
    """
    line = [event.get(name) for name in ("invoker_comm", "gfp_mask", "alloc_order")]
    if None in line or "cut_start" in str(event.get("damage")):
        return None, None
    return (
        None if uptime_s is None else digest("uptime", *line, round(uptime_s * 1_000_000)),
        None if wall_s is None else digest("wall", *line, int(wall_s)),
    )
