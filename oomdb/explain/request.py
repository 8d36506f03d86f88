"""Who asked for what: the request that could not be met."""

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
class Flag:
    """One flag of the request; fields as in the view `gfp_flags`."""

    bit: int
    flag: str
    meaning: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The request as printed; fields as in `events`."""

    invoker_comm: str | None
    invoker_pid: int | None
    invoker_uid: int | None
    invoker_oom_score_adj: int | None
    alloc_order: int | None
    gfp_mask: int | None
    gfp_names: str | None
    gfp_layout: str | None
    gfp_layout_basis: str | None
    nodemask: str | None
    cpuset: str | None
    mems_allowed: str | None


@dataclass(frozen=True, slots=True)
class _Scope:
    trigger_kind: str


@dataclass(frozen=True, slots=True)
class Request:
    """The request, its size, its flags, and what held it to a part of the memory.

    `trigger_kind` is as in the view `request_scope`, None where no request is known.
    `constraint_basis` is `printed`, `memcg_lines`, `inferred`, or `unknown` where
    nothing tells (`constraint_kind` is then None).
    """

    asked: Asked
    trigger_kind: str | None
    pages: int | None
    size_kb: int | None
    flags: tuple[Flag, ...]
    constraint_kind: str | None
    constraint_basis: str


def read(connection: Connection, event: Event) -> Request:
    """The request of one event."""
    (asked,) = reading.typed(connection, "events", Asked, event.event_id)
    flags = reading.typed(connection, "gfp_flags", Flag, event.event_id, "bit")
    pages = None
    if asked.alloc_order is not None and asked.alloc_order >= 0:
        pages = 2**asked.alloc_order
    size_kb = None
    if pages is not None and event.page_size_kb is not None:
        size_kb = pages * event.page_size_kb
    kind, basis = event.constraint_kind, event.constraint_basis
    # Where no constraint is printed, a cgroup's limit shows in memcg lines, a cpuset in a
    # name other than the root's, and a NUMA policy in a nodemask.
    unbound = asked.cpuset == "/" and asked.nodemask in (None, "(null)")
    if kind is None and event.kind == "oom_kill" and unbound:
        kind, basis = "none", "inferred"
    scopes = reading.typed(connection, "request_scope", _Scope, event.event_id)
    trigger_kind = scopes[0].trigger_kind if scopes else None
    return Request(asked, trigger_kind, pages, size_kb, flags, kind, basis or "unknown")


def tell(page: Page, request: Request, event: Event, cited: Citations) -> None:
    """The request in words, flag by flag."""
    page.heading("Who asked for what")
    if event.kind == "memory_dump":
        page.say("Nobody asked for memory: somebody asked for this print.")
        return
    _tell_invoker(page, request, event, cited.of(*_HEADERS))
    _tell_flags(page, request)
    _tell_constraint(page, request, cited)


#: Lines that name the request.
_HEADERS = (
    *("oom_header", "oom_killer_without_invoker", "allocation_failure", "vmalloc_failure"),
    *("sysrq_oom", "sysrq_show_memory"),
)


def _tell_invoker(page: Page, request: Request, event: Event, cited: str) -> None:
    asked = request.asked
    if asked.invoker_comm is None and asked.alloc_order is None:
        page.say("Unknown: the line that names the request is not in the report.")
        return
    who = words.named(asked.invoker_comm, asked.invoker_pid)
    if asked.invoker_pid is None:
        who += " (pid not printed)"
    if asked.alloc_order is None:
        page.say(f"{who} asked for memory; how much is not known.{cited}")
    elif request.pages is None:
        page.say(
            f"{who} ran the OOM killer on a person's demand (SysRq-f, order"
            f" {asked.alloc_order}); no memory was asked for.{cited}"
        )
    else:
        pages = words.plural(request.pages, "page")
        size = "size in kB unknown, as the page size is"
        if event.page_size_kb is not None:
            size = f"{pages} x {words.kb(event.page_size_kb)} = {words.kb(request.size_kb)}"
        page.say(
            f"{who} asked for order {asked.alloc_order}, that is 2^{asked.alloc_order} ="
            f" {pages}{'' if request.pages == 1 else ' in one piece'}: {size}.{cited}"
        )
    if asked.invoker_oom_score_adj:
        page.say(f"Its own oom_score_adj is {asked.invoker_oom_score_adj}.")


def _tell_flags(page: Page, request: Request) -> None:
    asked = request.asked
    if asked.gfp_mask is None:
        return
    names = f" = {asked.gfp_names}" if asked.gfp_names else ""
    page.say(
        f"gfp_mask {asked.gfp_mask:#x}{names}: the flags that say what the kernel may do to"
        " get the memory, and where it may look."
    )
    if not request.flags:
        page.say(
            "No flag is set." if asked.gfp_mask == 0 else "Which flags these bits are is unknown."
        )
        return
    page.table([(f"{flag.bit:#x}", flag.flag, flag.meaning or "") for flag in request.flags], "><<")
    rest = asked.gfp_mask - sum(flag.bit for flag in request.flags)
    if rest:
        page.say(f"The bits {rest:#x} have no known name in this kernel's layout.", indent=5)


_CONSTRAINTS = {
    "none": "none; all memory of the machine could be used",
    "memcg": "memcg; a cgroup's limit was reached, whatever the machine had left",
    "cpuset": "cpuset; only the memory nodes of the task's cpuset were allowed",
    "memory_policy": "memory_policy; only the memory nodes of a NUMA policy were allowed",
}
_BASES = {
    "printed": "as printed",
    "memcg_lines": "not printed, but the report's cgroup lines tell",
    "inferred": "not printed; inferred from the root cpuset and the lack of cgroup lines",
}


def _tell_constraint(page: Page, request: Request, cited: Citations) -> None:
    kind = request.constraint_kind
    if kind is None:
        page.say("Constraint (which part of the memory it could use): unknown, not printed.")
        return
    what = _CONSTRAINTS.get(kind, kind)
    basis = _BASES.get(request.constraint_basis, request.constraint_basis)
    lines = cited.of("oom_summary", "oom_summary_cut", "cpuset")
    page.say(f"Constraint (which part of the memory it could use): {what} ({basis}).{lines}")
    asked = request.asked
    if kind in ("cpuset", "memory_policy"):
        page.say(
            f"nodemask={asked.nodemask or 'not printed'}, cpuset={asked.cpuset or 'not printed'},"
            f" mems_allowed={asked.mems_allowed or 'not printed'}."
        )
