"""What kind of event it was, where and when: the head of the story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from datetime import datetime

    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """The event's row, as far as every section needs it; fields as in `events`."""

    event_id: str
    kind: str
    hostname: str | None
    occurred_at: datetime | None
    time_basis: str | None
    printed_time: str | None
    uptime_s: float | None
    kernel_release: str | None
    page_size_kb: int | None
    page_size_basis: str | None
    constraint_kind: str | None
    constraint_basis: str | None
    oom_memcg: str | None
    oom_group_memcg: str | None
    kill_message: str | None
    panic_message: str | None
    failure_message: str | None
    suppressed_callbacks: int | None
    damage: str | None

    @property
    def is_memcg(self) -> bool:
        """Whether a cgroup's limit was hit, not the machine's memory."""
        return self.constraint_kind == "memcg"


def read(connection: Connection, event_id: str) -> Event:
    """The event; its id must be in the database."""
    names = [name for name in Event.__slots__ if name != "hostname"]
    columns = ", ".join(f"events.{name}" for name in names)
    sql = f"SELECT {columns}, hosts.hostname FROM events"
    sql += " LEFT JOIN hosts ON hosts.host_id = events.host_id WHERE events.event_id = ?"
    return Event(**reading.records(connection, sql, [event_id])[0])


_HEADLINES = {
    "oom_kill": "Out of memory, {place}: {victims} killed.",
    "no_victim": "Out of memory, {place}: the kernel found no process that it could kill.",
    "panic": "Kernel panic, {place}: the kernel stopped the machine instead of killing a process.",
    "allocation_failure": "Not an OOM kill, {place}: one request for memory failed.",
    "memory_dump": "Not an OOM kill, {place}: somebody asked the kernel to print its memory state.",
}

_TIME_UNKNOWN = {
    "stamp_hour_unknown": "that hour came twice as summer time ended, and nothing tells which",
    "stamp_zone_unknown": "the log does not say its time zone, so the UTC time is unknown",
    "stamp_year_unknown": "the log does not print the year, so the UTC time is unknown",
    "none": "the log carries no wall-clock time",
}

#: Where parts of a time come from, by the parts of `time_basis`.
_TIME_PARTS = {
    "boot_clock": "time of the boot plus the seconds since",
    "boot_clock:shared": "time of the boot, by another log of it, plus the seconds since",
    "dmesg_clock": "computed by dmesg, which is off after a suspend",
    "year:line": "year from other lines of the log",
    "year:name": "year from the file's name",
    "year:machine": "year from when the machine was looked at",
    "year:mtime": "year from the file's last change",
    "zone:option": "time zone from --timezone",
    "zone:machine": "time zone from the machine's settings",
    "zone:line": "time zone from other lines of the log",
    "zone:mtime": "time zone from the file's last change",
}

_PAGE_SIZE_BASES = {
    "buddy": "from the free lists",
    "victim": "from the victim's size in pages and in kB",
    "present": "from the sizes of the zones",
}


def tell(page: Page, event: Event, victims: list[str]) -> None:
    """The headline, then when, where and on what kernel."""
    place = f"host {event.hostname}" if event.hostname is not None else "host unknown"
    if victims:
        killed = victims[0] if len(victims) == 1 else f"{victims[0]} and {len(victims) - 1} more"
        killed += " was" if len(victims) == 1 else " were"
    else:
        killed = "the report does not show who was"
    headline = _HEADLINES.get(event.kind, event.kind + ", {place}.")
    page.say(headline.format(place=place, victims=killed), indent=0)
    for message in (event.panic_message, event.failure_message):
        if message is not None:
            page.say(f'The kernel said: "{message}"', indent=0)
    page.field("event", event.event_id)
    page.field("when", _when(event))
    page.field("kernel", _kernel(event))
    if event.suppressed_callbacks:
        page.say(
            f"The kernel's rate limit kept back {words.plural(event.suppressed_callbacks, 'line')}"
            " or reports before this one.",
            indent=0,
        )


def _when(event: Event) -> str:
    parts = []
    if event.occurred_at is not None:
        told = [_TIME_PARTS.get(part, part) for part in (event.time_basis or "").split("+")]
        inferred = [part for part in told if part not in ("", "stamp")]
        basis = f" ({', '.join(inferred)})" if inferred else ""
        parts.append(event.occurred_at.isoformat(timespec="seconds") + "Z" + basis)
    else:
        reason = _TIME_UNKNOWN.get(event.time_basis or "none", f"unknown: {event.time_basis}")
        if event.printed_time is not None:
            parts.append(f"{event.printed_time} as printed; {reason}")
        else:
            parts.append(f"unknown: {reason}")
    if event.uptime_s is not None:
        parts.append(f"{event.uptime_s:,.3f} s after boot")
    return "; ".join(parts)


def _kernel(event: Event) -> str:
    release = event.kernel_release or "release not printed"
    if event.page_size_kb is None:
        return f"{release}; page size unknown"
    basis = _PAGE_SIZE_BASES.get(event.page_size_basis or "", event.page_size_basis)
    told = f" ({basis})" if basis is not None else ""
    return f"{release}; memory pages of {words.kb(event.page_size_kb)}{told}"
