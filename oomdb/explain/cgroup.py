"""What a cgroup used of its limit, for kills that a cgroup's limit caused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    import duckdb

    from oomdb.explain.event import Event
    from oomdb.explain.page import Page

#: The usage lines of a report, in printed order, with what each counts.
_RESOURCES = (
    ("memory", "memory of its processes, with their file cache"),
    ("swap", "memory of its processes on the swap device"),
    ("memory+swap", "both together"),
    ("kmem", "memory that the kernel holds for its processes"),
)
_LARGEST = 10
_BYTES_PER_KB = 1024


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
class Cgroup:
    """The cgroup whose limit was hit; `statistics` are sizes and counts as printed."""

    oom_memcg: str | None
    usages: tuple[Usage, ...]
    statistics: tuple[Counter, ...]


def read(connection: duckdb.DuckDBPyConnection, event: Event) -> Cgroup:
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
    return Cgroup(event.oom_memcg, tuple(usages), statistics)


def tell(page: Page, cgroup: Cgroup) -> None:
    """Usage against limit, then the largest sizes among the statistics."""
    page.heading("What the cgroup had, and by how much it refused")
    page.say(
        "A cgroup is a group of processes with a limit of its own; this kill was decided by"
        " that limit, so the machine's zones do not matter."
    )
    page.say(f"cgroup  {cgroup.oom_memcg or 'path not printed'}", hanging=11)
    if not cgroup.usages:
        page.say("Unknown: its usage and limit are not in the report.")
    for usage in cgroup.usages:
        page.say(_sentence(usage), hanging=5)
    _tell_statistics(page, cgroup)


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


def _tell_statistics(page: Page, cgroup: Cgroup) -> None:
    sizes: dict[str, int] = {}
    for counter in cgroup.statistics:
        if counter.cgroup not in (None, cgroup.oom_memcg) or counter.unit == "count":
            continue
        if counter.value:
            per_kb = _BYTES_PER_KB if counter.unit == "bytes" else 1
            sizes.setdefault(counter.name, counter.value // per_kb)
    if not sizes:
        return
    page.say("Its largest statistics (some are parts of others, so they do not add up):")
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_LARGEST]
    page.table([(name, words.kb(size)) for name, size in largest], "<>")
