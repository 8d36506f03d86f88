"""What explains the shortage, most telling first: the answer before the details."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from oomdb.explain.cgroup import Cgroup
    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.explain.request import Request
    from oomdb.store.connection import Connection

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Suspect:
    """One thing that explains the shortage; fields as in the view `memory_suspects`."""

    suspect_no: int
    suspect: str
    scope: str
    node: int | None
    subject: str | None
    pid: int | None
    figure_kb: int
    threshold_kb: int
    share_thousandths: int | None


def read(connection: Connection, event: Event) -> tuple[Suspect, ...]:
    """The suspects by rank."""
    return reading.typed(connection, "memory_suspects", Suspect, event.event_id, "suspect_no")


def tell(
    page: Page,
    suspects: tuple[Suspect, ...],
    event: Event,
    request: Request,
    cgroup: Cgroup | None,
) -> None:
    """A line for each of the first, under the head of the story."""
    if event.kind == "memory_dump":
        return
    if request.trigger_kind == "sysrq":
        page.field("why", "a person ran the killer (SysRq-f); memory need not have been short")
    elif not suspects:
        page.field("why", "unknown: nothing that the report shows passes a threshold")
    for number, suspect in enumerate(suspects[:_SHOWN]):
        page.field("why" if number == 0 else "", _sentence(suspect, cgroup))
    if len(suspects) > _SHOWN:
        page.field("", f"and {len(suspects) - _SHOWN} more (view memory_suspects)")


_SENTENCES = {
    "cgroup_limit": "{subject} reached its limit: {figure} of {threshold}",
    "cgroup_swap_limit": (
        "{subject} reached its limit of memory and swap together: {figure} of {threshold}"
    ),
    "cgroup_kernel_limit": (
        "{subject} reached its limit of kernel memory: {figure} of {threshold}"
    ),
    "numa_node_full": (
        "the memory nodes that it may use are full, while {figure} are free on others"
    ),
    "lowmem_full": (
        "the low zones, the only ones it may use, are full, while {figure} are free in higher ones"
    ),
    "fragmentation": (
        "{place} has {figure} free, but in pieces too small for the request (fragmentation)"
    ),
    "free_only_in_cma": (
        "{place} has {figure} free in contiguous areas (CMA) that this request may not use"
    ),
    "free_only_in_highatomic": (
        "{place} keeps {figure} for atomic requests of several pages (highatomic)"
    ),
    "large_process": "one process, {process}, held {figure}{share}, over half",
    "large_program": "all {subject} together held {figure}{share}, over half",
    "many_processes": "many processes together held {figure}{share}, none of them over half",
    "shmem": "shared memory and tmpfs held {figure}{share}, over 10 %",
    "unreclaimable_slab": (
        "kernel objects that cannot be reclaimed (slab) held {figure}{share}, over 10 %"
    ),
    "unevictable": "locked memory (mlock and the like) held {figure}{share}, over 10 %",
    "hugetlb": "pools of huge pages held {figure}{share}, over 10 %",
    "balloon": "the hypervisor had taken {figure}{share} (balloon), over 10 %",
    "gpu": "graphics drivers held {figure}{share}, over 10 %",
    "unaccounted": "{figure}{share} are in no counter (drivers, vmalloc), over 10 %",
    "page_tables": "page tables held {figure}{share}, over 2 %",
    "kernel_stacks": "kernel stacks, one for each thread, held {figure}{share}, over 2 %",
    "anon_outside_processes": (
        "{figure}{share} of anonymous and shared memory are in no listed process's rss, over 10 %"
    ),
    "swap_full": "swap is full: {figure} used, {threshold} is 95 % of it",
    "reserve_blocked": "{place} has {figure} free that its lowmem_reserve kept from the request",
}


def _sentence(suspect: Suspect, cgroup: Cgroup | None) -> str:
    """The suspect in words, with its figure; a cgroup by the name that people know it by."""
    subject = suspect.subject or "(name not printed)"
    if cgroup is not None and suspect.subject == cgroup.oom_memcg:
        subject = cgroup.short_name
    share = ""
    if suspect.share_thousandths is not None:
        whole = "the limit" if suspect.scope == "cgroup" else "usable RAM"
        share = f" ({words.percent(suspect.share_thousandths)} of {whole})"
    return _SENTENCES.get(suspect.suspect, "{suspect}: {figure}, against {threshold}").format(
        suspect=suspect.suspect,
        subject=subject,
        process=words.named(suspect.subject, suspect.pid),
        place=f"node {suspect.node} {suspect.subject}",
        figure=words.kb(suspect.figure_kb),
        threshold=words.kb(suspect.threshold_kb),
        share=share,
    )
