"""What a cgroup used of its limit, for kills that a cgroup's limit caused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import memory as memories
from oomdb.explain import page as words

if TYPE_CHECKING:
    from oomdb.explain.citations import Citations
    from oomdb.explain.event import Event
    from oomdb.explain.memory import Memory
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection

#: The usage lines of a report, in printed order, with what each counts.
_RESOURCES = (
    ("memory", "memory of its processes, with their file cache"),
    ("swap", "memory of its processes on the swap device"),
    ("memory+swap", "both together"),
    ("kmem", "memory that the kernel holds for its processes"),
)

#: Letters of a container's id that `docker ps` and `crictl ps` show.
_SHORT_ID = 12


@dataclass(frozen=True, slots=True)
class Counter:
    """One printed value; fields as in `cgroup_counters`."""

    cgroup: str | None
    name: str
    value: int | None
    unit: str
    printed: str | None


@dataclass(frozen=True, slots=True)
class Usage:
    """One resource of the cgroup against its limit.

    `limit_kb` is None without a limit (`is_unlimited`) or when it was not printed.
    """

    resource: str
    usage_kb: int | None
    limit_kb: int | None
    is_unlimited: bool
    failcnt: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a path means; fields as in the view `cgroup_identity`."""

    cgroup_role: str
    cgroup_path: str
    slice: str | None
    unit: str | None
    pod_uid: str | None
    qos_class: str | None
    container_id: str | None
    runtime: str | None
    is_same_cgroup: bool | None


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The cgroup whose limit was hit; `statistics` are sizes and counts as printed."""

    oom_memcg: str | None
    usages: tuple[Usage, ...]
    statistics: tuple[Counter, ...]
    identities: tuple[Identity, ...]

    @property
    def short_name(self) -> str:
        """The container, pod or unit whose limit it was, else the path, else that it is unknown."""
        for identity in self.identities:
            if identity.cgroup_role == "limit":
                words_of_it = _in_words(identity, container_letters=_SHORT_ID)
                if words_of_it:
                    return words_of_it
        return f"the cgroup {self.oom_memcg or '(path not printed)'}"


def read(connection: Connection, event: Event) -> Cgroup:
    """The usage, limits and statistics that the report printed."""
    counters = reading.typed(connection, "cgroup_counters", Counter, event.event_id)
    usages = []
    for resource, _ in _RESOURCES:
        named = {c.name: c for c in counters if c.name.startswith(resource + ".")}
        if not named:
            continue
        usage, limit = named.get(f"{resource}.usage"), named.get(f"{resource}.limit")
        failures = named.get(f"{resource}.failcnt")
        usages.append(
            Usage(
                resource,
                usage.value if usage else None,
                limit.value if limit else None,
                limit is not None and limit.value is None,
                failures.value if failures else None,
            )
        )
    statistics = tuple(c for c in counters if "." not in c.name)
    identities = reading.typed(
        connection, "cgroup_identity", Identity, event.event_id, "cgroup_role"
    )
    return Cgroup(event.oom_memcg, tuple(usages), statistics, identities)


def tell(page: Page, cgroup: Cgroup, memory: Memory, cited: Citations) -> None:
    """Whose limit, usage against limit, then what the usage consisted of."""
    page.heading("What the cgroup had, and by how much it refused")
    page.say(
        "A cgroup is a group of processes with a limit of its own; this kill was decided by"
        " that limit, so the machine's zones do not matter."
    )
    page.say(f"cgroup  {cgroup.oom_memcg or 'path not printed'}{cited.of(*_PATHS)}", hanging=11)
    for identity in cgroup.identities:
        _tell_identity(page, identity)
    if not cgroup.usages:
        page.say("Unknown: its usage and limit are not in the report.")
    lines = cited.of("cgroup_usage")
    for usage in cgroup.usages:
        page.say(_sentence(usage) + lines, hanging=5)
        lines = ""
    parts = memory.of("cgroup")
    if parts:
        memories.tell_parts(page, parts, cited.of(*_STATISTICS))


#: Lines that name cgroups, and those that say what one holds.
_PATHS = ("task_in_cgroup", "task_in_cgroup_start", "task_in_cgroup_end", "oom_summary")
_STATISTICS = ("cgroup_stats_line", "cgroup_stats_header", "cgroup_stat", "cgroup_stats_record")


def _tell_identity(page: Page, identity: Identity) -> None:
    """What the path of the limit, or that of the victim where it is another, means."""
    if identity.cgroup_role == "task" and identity.is_same_cgroup:
        page.say("The victim lived in this cgroup itself.")
        return
    what = _in_words(identity)
    if identity.cgroup_role == "limit":
        if what:
            page.say(f"That is {what}.", hanging=5)
    else:
        text = f"The victim lived in {identity.cgroup_path}"
        text += f", that is {what}" if what else ""
        if identity.is_same_cgroup is False:
            text += "; so it was not its own limit that was hit, but one above it"
        page.say(text + ".", hanging=5)


def _in_words(identity: Identity, container_letters: int | None = None) -> str:
    """The names that the path holds; empty when it holds none that is known.

    `container_letters` cuts the id of a container as its runtime's own listings do.
    """
    names = []
    if identity.container_id is not None:
        container = identity.container_id[:container_letters]
        names.append(f"container {container} ({identity.runtime or 'runtime unknown'})")
    if identity.pod_uid is not None:
        names.append(f"Kubernetes pod {identity.pod_uid} (QoS {identity.qos_class})")
    if not names and identity.unit is not None:
        names.append(f"the systemd unit {identity.unit}")
    if not names and identity.slice is not None:
        names.append(f"the systemd slice {identity.slice}")
    return " of ".join(names)


def _sentence(usage: Usage) -> str:
    meaning = dict(_RESOURCES)[usage.resource]
    text = f"{usage.resource} ({meaning}): {words.kb(usage.usage_kb)} used"
    if usage.is_unlimited:
        text += ", no limit"
    elif usage.limit_kb is None:
        text += ", limit unknown"
    else:
        text += f" of a limit of {words.kb(usage.limit_kb)}"
        if usage.usage_kb is not None:
            left = usage.limit_kb - usage.usage_kb
            arithmetic = f"{usage.limit_kb:,} - {usage.usage_kb:,} = {left:,} kB left"
            text += f": {arithmetic}{' (full)' if left <= 0 else ''}"
    if usage.failcnt is not None:
        text += f"; the limit was hit {words.plural(usage.failcnt, 'time')} (failcnt)"
    return text + "."
