"""Where the memory was: the machine's own counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    import duckdb

    from oomdb.explain.event import Event
    from oomdb.explain.page import Page

#: Counters that answer "who holds it", with their meaning; the others stay in the table.
_MEANINGS = {
    "active_anon": "heaps, stacks, shared memory; used lately",
    "inactive_anon": "heaps, stacks, shared memory; idle lately",
    "active_file": "file cache, used lately",
    "inactive_file": "file cache, idle lately",
    "unevictable": "locked memory, cannot be reclaimed",
    "slab_reclaimable": "kernel objects, can be reclaimed",
    "slab_unreclaimable": "kernel objects, cannot be reclaimed",
    "kernel_stack": "kernel stacks, one for each thread",
    "pagetables": "page tables: maps of processes' addresses",
    "sec_pagetables": "page tables of virtual machines and devices",
    "free": "free, in all zones together",
    "free_pcp": "free, held ready by the processors",
    "free_cma": "free, in areas kept for large blocks",
    "shmem": "shared memory and tmpfs, in the anon lines",
    "mapped": "file cache and shared memory mapped into processes",
}
_PARTS = ("shmem", "mapped", "free_cma")


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter; fields as in `memory_counters`."""

    name: str
    pages: int | None


@dataclass(frozen=True, slots=True)
class HugePool:
    """One pool of huge pages; fields as in `hugepages`."""

    node: int | None
    size_kb: int | None
    total_count: int | None
    free_count: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The machine's memory and swap; fields as in `events`."""

    ram_pages: int | None
    reserved_pages: int | None
    swap_free_kb: int | None
    swap_total_kb: int | None


@dataclass(frozen=True, slots=True)
class Memory:
    """The counters as printed, in pages, and the page size that turns them into kB."""

    page_size_kb: int | None
    totals: Totals
    counters: tuple[Counter, ...]
    hugepages: tuple[HugePool, ...]


def read(connection: duckdb.DuckDBPyConnection, event: Event) -> Memory:
    """The machine's counters that the report printed."""
    (totals,) = reading.typed(connection, "events", Totals, event.event_id)
    return Memory(
        event.page_size_kb,
        totals,
        reading.typed(connection, "memory_counters", Counter, event.event_id, "name"),
        reading.typed(connection, "hugepages", HugePool, event.event_id, "node, size_kb"),
    )


def tell(page: Page, memory: Memory, *, of_cgroup: bool) -> None:
    """RAM, its uses by size, huge pages, swap."""
    page.heading("Where the memory was")
    if not memory.counters and memory.totals.ram_pages is None:
        page.say(
            "A report of a cgroup's limit does not print the machine's memory."
            if of_cgroup
            else "Unknown: the report's memory counters are missing."
        )
        return
    _tell_ram(page, memory)
    pages = {c.name: c.pages for c in memory.counters if c.pages is not None}
    known = sorted((name for name in _MEANINGS if name in pages), key=lambda n: -pages[n])
    whole = [name for name in known if name not in _PARTS and pages[name]]
    parts = [name for name in known if name in _PARTS and pages[name]]
    for title, names in (("By size:", whole), ("Parts of those, not to be added:", parts)):
        if names:
            page.say(title)
            rows = [(name, _size(pages[name], memory), _MEANINGS[name]) for name in names]
            page.table(rows, "<><")
    _tell_hugepages(page, memory)
    _tell_swap(page, memory.totals)


def _size(pages: int, memory: Memory) -> str:
    if memory.page_size_kb is None:
        return words.plural(pages, "page")
    return words.kb(pages * memory.page_size_kb)


def _tell_ram(page: Page, memory: Memory) -> None:
    ram, reserved = memory.totals.ram_pages, memory.totals.reserved_pages
    if ram is None:
        page.say("How much RAM the machine has is not printed.")
        return
    text = f"RAM: {words.plural(ram, 'page')}"
    left = ram
    if reserved is not None:
        left = ram - reserved
        text += f" - {reserved:,} the kernel reserves for itself = {words.plural(left, 'page')}"
    if memory.page_size_kb is not None:
        size = words.kb_and_gib(left * memory.page_size_kb)
        text += f" x {words.kb(memory.page_size_kb)} = {size}"
    page.say(text + ".")


def _tell_hugepages(page: Page, memory: Memory) -> None:
    for pool in memory.hugepages:
        if pool.total_count and pool.size_kb is not None:
            total = pool.total_count * pool.size_kb
            page.say(
                f"Huge pages on node {pool.node}, set aside for programs that ask for them:"
                f" {pool.total_count:,} x {words.kb(pool.size_kb)} = {words.kb_and_gib(total)},"
                f" {words.number(pool.free_count or 0)} of them free."
            )


def _tell_swap(page: Page, totals: Totals) -> None:
    if totals.swap_total_kb is None:
        page.say("Swap: not printed.")
    elif totals.swap_total_kb == 0:
        page.say("Swap: none (0 kB), so anonymous memory had nowhere to go.")
    else:
        text = f"Swap: {words.kb_and_gib(totals.swap_total_kb)}"
        if totals.swap_free_kb is not None:
            text += f", {words.kb(totals.swap_free_kb)} free"
        page.say(text + ".")
