"""What to do about the shortage: first steps that follow from the suspects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.explain import page as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.explain.event import Event
    from oomdb.explain.page import Page
    from oomdb.explain.request import Request
    from oomdb.explain.suspects import Suspect

_SHOWN = 3

_STEPS = {
    "cgroup_limit": (
        "see below what it held; make it need less, or raise its limit (MemoryMax= of a unit,"
        " limits.memory of a container)"
    ),
    "cgroup_swap_limit": (
        "raise its limit of memory and swap (memory.memsw.limit_in_bytes), or make it need less"
    ),
    "cgroup_kernel_limit": (
        "lift its limit of kernel memory (memory.kmem.limit_in_bytes): newer kernels have given"
        " it up"
    ),
    "numa_node_full": (
        "let what asked use more memory nodes: widen its cpuset or NUMA policy"
        " (AllowedMemoryNodes=, numactl)"
    ),
    "lowmem_full": (
        "move to a 64-bit kernel, which has no low memory that runs out; until then have fewer"
        " processes, sockets and files at once"
    ),
    "fragmentation": (
        "have memory compacted (echo 1 > /proc/sys/vm/compact_memory) and raise"
        " vm.min_free_kbytes; find what asks for pieces so large (call trace in the report)"
    ),
    "free_only_in_cma": "make the contiguous areas smaller (cma= on the kernel's command line)",
    "free_only_in_highatomic": "raise vm.min_free_kbytes, so that bursts leave more for others",
    "large_process": (
        "find out why {process} grew; give it a limit of its own (its heap setting, or MemoryMax="
        " of its unit), or the machine more memory"
    ),
    "large_program": "run fewer of {subject} at once, or give them a limit together (MemoryMax=)",
    "many_processes": (
        "the machine is too small for all that runs on it: move something away, limit the"
        " largest units, or add memory"
    ),
    "shmem": "look for what fills tmpfs and shared memory: df -t tmpfs; ipcs -m",
    "unreclaimable_slab": (
        "look for a leak in the kernel: slabtop -s c, and whether a newer kernel mends it"
    ),
    "unevictable": "look for who locks memory: grep VmLck /proc/[0-9]*/status",
    "hugetlb": (
        "make the pools of huge pages smaller (vm.nr_hugepages): what they hold is lost to all"
        " who do not ask for huge pages"
    ),
    "balloon": "have the hypervisor give memory back to this machine",
    "gpu": "look for what holds graphics memory (the driver's debugfs, GPU clients)",
    "unaccounted": (
        "look for drivers that take pages by themselves: /proc/vmallocinfo, rings of network"
        " cards, recent kernel modules"
    ),
    "page_tables": (
        "page tables grow with the addresses that processes touch: have them map less, use huge"
        " pages for what many of them share, or run fewer"
    ),
    "kernel_stacks": "look for what starts so many threads, and limit it (TasksMax=)",
    "anon_outside_processes": (
        "look for memory without a listed process: tmpfs (df -t tmpfs), ipcs -m, processes of"
        " other namespaces"
    ),
    "swap_full": "add swap, or find out what fills it: VmSwap in /proc/[0-9]*/status",
    "reserve_blocked": (
        "do not count that free memory as available: the kernel keeps it for requests that can"
        " use nothing else (vm.lowmem_reserve_ratio)"
    ),
}

#: The same where a cgroup's limit was hit: more RAM would not help.
_STEPS_IN_CGROUP = {
    "large_process": "find out why {process} grew: a leak, or a heap setting above the limit",
    "large_program": "run fewer of {subject} in it, or raise its limit",
    "many_processes": "run fewer processes in it, or raise its limit",
}


def tell(
    page: Page,
    suspects: tuple[Suspect, ...],
    event: Event,
    request: Request,
) -> None:
    """The first steps, those for the first suspect first; nothing where none was short."""
    if event.kind == "memory_dump" or request.trigger_kind == "sysrq":
        return
    steps = dict.fromkeys([*_for_kind(event), *_for_suspects(suspects, event)])
    for number, step in enumerate([*steps][:_SHOWN]):
        page.field("do" if number == 0 else "", step)


def _for_kind(event: Event) -> Iterator[str]:
    """What follows from how it ended."""
    if event.kind == "panic" and "panic_on_oom" in (event.panic_message or ""):
        yield (
            "set vm.panic_on_oom to 0 where losing one process is better than losing the machine"
        )
    elif event.kind in ("panic", "no_victim"):
        yield (
            "exempt fewer processes (oom_score_adj -1000): the kernel found none that it might kill"
        )


def _for_suspects(suspects: tuple[Suspect, ...], event: Event) -> Iterator[str]:
    for suspect in suspects:
        step = _STEPS.get(suspect.suspect)
        if suspect.scope == "cgroup":
            step = _STEPS_IN_CGROUP.get(suspect.suspect, step)
        if step is not None:
            subject = suspect.subject or "(name not printed)"
            yield step.format(subject=subject, process=words.named(suspect.subject, suspect.pid))
    if not suspects and "no_dump" in (event.damage or ""):
        yield "look for the rest of the report in the host's own log (journalctl -k, dmesg)"
    elif not suspects:
        yield "begin with the largest processes, and with where the memory was"
