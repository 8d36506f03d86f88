"""Where the memory was: every page in one part, and what remains unaccounted."""

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

#: What each part of the view `memory_balance` is, in words.
MEANINGS = {
    "anon": "heaps and stacks of processes",
    "shmem": "shared memory and tmpfs",
    "file": "cache of files",
    "anon_and_file": "heaps, stacks and cache of files",
    "file_and_shmem": "cache of files, shared memory and tmpfs",
    "mlocked": "locked by mlock()",
    "unevictable": "cannot be reclaimed for other reasons",
    "slab": "kernel objects",
    "slab_reclaimable": "kernel objects that can be reclaimed",
    "slab_unreclaimable": "kernel objects that cannot be reclaimed",
    "page_tables": "maps of processes' addresses",
    "kernel_stacks": "one for each thread",
    "kernel_other": "other kernel memory that is counted",
    "percpu": "kernel data of each processor",
    "vmalloc": "kernel memory without one piece",
    "sock": "network buffers",
    "hugetlb": "pools of huge pages, set aside",
    "zspages": "compressed swap",
    "zswap": "compressed swap",
    "balloon": "given back to the hypervisor",
    "gpu": "graphics drivers",
    "hwpoisoned": "broken, taken out of use",
    "free_per_cpu": "free, held ready by the processors",
    "free_cma": "free, in areas kept for large blocks",
    "free": "free",
    "reserved": "never given out: kernel image, firmware",
    "unaccounted": "in no counter: drivers, vmalloc",
}
_LARGEST_OF_NODE = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the memory; fields as in the view `memory_balance`."""

    scope: str
    node: int | None
    part: str
    size_kb: int
    share_thousandths: int | None
    total_kb: int | None
    limit_kb: int | None
    basis: str
    is_whole: bool


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
    """The balance of the machine, its nodes and the cgroup, the largest part first."""

    page_size_kb: int | None
    totals: Totals
    parts: tuple[Part, ...]
    hugepages: tuple[HugePool, ...]

    def of(self, scope: str, node: int | None = None) -> list[Part]:
        """The parts of one scope."""
        return [part for part in self.parts if (part.scope, part.node) == (scope, node)]


def read(connection: Connection, event: Event) -> Memory:
    """Where the report's counters say that the memory was."""
    (totals,) = reading.typed(connection, "events", Totals, event.event_id)
    order = "scope, node NULLS FIRST, part_no"
    return Memory(
        event.page_size_kb,
        totals,
        reading.typed(connection, "memory_balance", Part, event.event_id, order),
        reading.typed(connection, "hugepages", HugePool, event.event_id, "node, size_kb"),
    )


def tell(page: Page, memory: Memory, cited: Citations, *, of_cgroup: bool) -> None:
    """RAM, every part of it by size, nodes, huge pages, swap."""
    page.heading("Where the memory was")
    machine = memory.of("machine")
    if not machine and memory.totals.ram_pages is None:
        page.say(
            "A report of a cgroup's limit does not print the machine's memory."
            if of_cgroup
            else "Unknown: the report's memory counters are missing."
        )
        return
    _tell_ram(page, memory, cited)
    if machine:
        tell_parts(page, machine, cited.of("memory_counters", "memory_counters_more"))
    _tell_nodes(page, memory)
    _tell_hugepages(page, memory, cited)
    _tell_swap(page, memory.totals, cited)


def tell_parts(page: Page, parts: list[Part], cited: str) -> None:
    """A scope's parts by size, and that they add up."""
    first, shown = parts[0], [part for part in parts if part.size_kb]
    if first.is_whole:
        page.say(
            "Every page in one place; the sizes add up to the"
            f" {'usage' if first.scope == 'cgroup' else 'whole'} of"
            f" {words.kb(first.total_kb)}{cited}:"
        )
    else:
        page.say(f"As far as it is printed; counters are missing{cited}:")
    rows = [
        (
            part.part,
            words.kb(part.size_kb),
            "" if part.share_thousandths is None else words.percent(part.share_thousandths),
            MEANINGS.get(part.part, ""),
        )
        for part in shown
    ]
    if rows:
        page.table(rows, "<>><", view="memory_balance")


def _tell_ram(page: Page, memory: Memory, cited: Citations) -> None:
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
    page.say(text + "." + cited.of("pages_ram", "pages_reserved"))


def _tell_nodes(page: Page, memory: Memory) -> None:
    """Where there are several nodes, what each held most of, and what it had free."""
    nodes = sorted({part.node for part in memory.parts if part.node is not None})
    if len(nodes) < 2:
        return
    page.say("By NUMA node (memory that is near one group of processors):")
    rows = []
    for node in nodes:
        parts = memory.of("node", node)
        free = sum(part.size_kb for part in parts if part.part in ("free", "free_cma"))
        largest = [part for part in parts if not part.part.startswith("free") and part.size_kb > 0]
        most = ", ".join(
            f"{part.part} {words.number(part.size_kb)}" for part in largest[:_LARGEST_OF_NODE]
        )
        rows.append(
            (f"node {node}", words.kb(parts[0].total_kb), f"{free:,} kB free; most: {most}")
        )
    page.table(rows, "<><")


def _tell_hugepages(page: Page, memory: Memory, cited: Citations) -> None:
    for pool in memory.hugepages:
        if pool.total_count and pool.size_kb is not None:
            total = pool.total_count * pool.size_kb
            page.say(
                f"Huge pages on node {pool.node}, set aside for programs that ask for them:"
                f" {pool.total_count:,} x {words.kb(pool.size_kb)} = {words.kb_and_gib(total)},"
                f" {words.number(pool.free_count or 0)} of them free."
                + cited.of("hugepages", node=pool.node)
            )


def _tell_swap(page: Page, totals: Totals, cited: Citations) -> None:
    lines = cited.of("free_swap", "total_swap")
    if totals.swap_total_kb is None:
        page.say("Swap: not printed.")
    elif totals.swap_total_kb == 0:
        page.say(f"Swap: none (0 kB), so anonymous memory had nowhere to go.{lines}")
    else:
        text = f"Swap: {words.kb_and_gib(totals.swap_total_kb)}"
        if totals.swap_free_kb is not None:
            text += f", {words.kb(totals.swap_free_kb)} free"
        page.say(f"{text}.{lines}")
