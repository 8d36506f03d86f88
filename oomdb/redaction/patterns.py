"""Text that stays in a redacted copy: for each column the form that its whole value must have.

The forms are closed: lists of words, or shapes of numbers. Where a column's text comes from a
log, damage may put anything into it, so no form takes a word that it does not know. They are
regular expressions of RE2, of which DuckDB knows no other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb import gfp, tables
from oomdb.clock import MONTH_WORDS, ZONE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words))


_NUMBER = r"[0-9]{1,20}"
_HEX = r"0x[0-9a-f]{1,16}"
_ADDRESS = r"[0-9a-f]{8}(?:[0-9a-f]{8})?"
_ZONE = "DMA|DMA32|Normal|HighMem|Movable|Device"
_NODES = r"\(null\)|[0-9]{1,4}(?:[,-][0-9]{1,4})*|"

# Words of oomdb's own, which no log can choose.

_CARRIER = (
    "bare|console|dmesg|dmesg-json|journal-export|journal-json|journal-verbose|json|kmsg|logcat"
    "|netconsole|syslog"
)
_DAMAGE = (
    "annotated|clipped|cut_end|cut_record|cut_start|duplicated|interleaved|lost_lines|no_dump"
    "|nonsense_value|spliced|unparsed_lines|user_facility|wrapped|wrong_sum"
)
_EVIDENCE = "line|machine|mtime|name|option|receipt"
_TIME_BASIS = (
    rf"(?:stamp|dmesg_clock)(?:\+year:(?:{_EVIDENCE}))?(?:\+zone:(?:{_EVIDENCE}))?"
    "|boot_clock(?::shared)?|none|stamp_year_unknown|stamp_zone_unknown|stamp_hour_unknown"
)
_TRACE_LINE = (
    "breaking_event|code|cpu_line|cpu_only_line|end_of_panic|exception_stack|hardware_name"
    "|interrupt|kernel_offset|mm_pinned|pid_line|process_line|registers|ruler|sched_ext"
    "|slab_failure|stack_words|stopper|taint|workqueue"
)

# What kernels print.

_CONSTRAINTS = "CONSTRAINT_(?:NONE|CPUSET|MEMORY_POLICY|MEMCG)"
_GFP_NAMES = _one_of(
    {f"{prefix}GFP_{flag}" for flag in gfp.MEANINGS for prefix in ("", "__", "___")}
    | set(gfp.COMPOSITES)
)
#: Kernels up to 4.3 print reclaimable before movable.
_MIGRATETYPES = "U?M?E?H?R?C?I?|U?E?M?H?R?C?I?"
_KILL = (
    r"Out of [mM]emory(?: \(oom_kill_allocating_task\))?|Memory cgroup out of memory"
    r"|No available memory(?: in cpuset| \(MPOL_BIND\))"
)
_PANIC = (
    r"(?:Out of memory and no killable processes\.\.\.|System is deadlocked on memory"
    r"|Out of memory: (?:system-wide|compulsory) panic_on_oom is enabled"
    r"|(?:out of memory(?: from page fault|\(memcg\))?\. panic_on_oom|Compulsory panic_on_oom)"
    r" is selected\.?) ?"
)
_VMALLOC_ERROR = (
    "exceeds total pages|vm_struct allocation failed|failed to map pages|failed to allocate pages"
    f"|failed to allocated? page array size {_NUMBER}|page array size {_NUMBER} allocation failed"
    f"|page order {_NUMBER}(?:, failed to allocate pages| allocation failed)"
)
_FAILURE = (
    r"page allocation failure|vmemmap alloc failure"
    r"|[sS]ys[rR]q ?: (?:Manual OOM execution|Show Memory)"
    r"|(?:sysrq: )?OOM request ignored(?: because killer is disabled|\. No task eligible)?"
    rf"|vmalloc: allocation failure(?:: {_NUMBER} bytes|, allocated {_NUMBER} of {_NUMBER} bytes)"
    rf"|vmalloc error: size {_NUMBER}, (?:{_VMALLOC_ERROR})(?:\. Retrying\.)?"
    rf"|vmalloc size {_NUMBER} allocation failure: (?:{_VMALLOC_ERROR})"
    rf"|vmap allocation for size {_NUMBER} failed(?:: use vmalloc=<size> to increase size)?\.?"
)
#: The letters stand in one order in all kernels; `-` are those of taints that a kernel lacks.
_TAINT = "[GP]" + "".join(f"[ -]*{letter}?" for letter in "FSRMBUDAWCIOELKXHTNJ") + "[ -]*"
_CONTEXT = (
    "ENTRY|ENTRY_TRAMPOLINE|EOE|EOI|EOT|HARDIRQ|IRQ|NMI|SOFTIRQ|SYSENTER|TASK|UNKNOWN|#DB|#DB1|#DF"
    "|#MC|#VC|#VC2|Last Breaking-Event-Address"
)

_CLOCK = "[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)"
_OFFSET = f"(?: ?(?:[+-][0-9]{{2}}(?::?[0-9]{{2}})?|{_one_of(ZONE_WORDS)}))?"
_STAMP = (
    rf"(?i)(?:{_WEEKDAY} )?[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}[T _]{_CLOCK}{_OFFSET}"
    rf"|[0-9]{{2}}-[0-9]{{2}} {_CLOCK}"
    rf"|(?:[0-9]{{4}} )?(?:{_WEEKDAY}\.?,? +)?(?:{_one_of(MONTH_WORDS)})\.?[ \t]*[0-9]{{1,2}}"
    rf"(?: [0-9]{{4}})? {_CLOCK}{_OFFSET}(?: [0-9]{{4}})?"
)

#: Columns whose text stays where it has the form beside them; any other is left out.
KERNEL_WORDS: dict[str, str] = {
    "sources.carrier": _CARRIER,
    "events.kind": "oom_kill|no_victim|panic|allocation_failure|memory_dump",
    "events.constraint_kind": f"none|memcg|cpuset|memory_policy|{_CONSTRAINTS}",
    "events.constraint_basis": "printed|memcg_lines",
    "events.constraint_printed": _CONSTRAINTS,
    "events.time_basis": _TIME_BASIS,
    "events.printed_time": _STAMP,
    "events.page_size_basis": "buddy|victim|present",
    "events.gfp_names": rf"(?:(?:{_GFP_NAMES}|{_HEX})(?:\||$))+",
    "events.gfp_layout": _one_of(gfp.LAYOUTS),
    "events.gfp_layout_basis": "names|mask|kernel_shape",
    "events.nodemask": _NODES,
    "events.mems_allowed": _NODES,
    "events.kill_message": _KILL,
    "events.panic_message": _PANIC,
    "events.failure_message": _FAILURE,
    "events.taint": _TAINT,
    "events.swap_cache_race": rf"{_NUMBER}\+{_NUMBER}",
    "events.damage": f"(?:(?:{_DAMAGE})(?:,|$))+",
    "sightings.copy_carrier": _CARRIER,
    "sightings.copy_damage": f"(?:(?:{_DAMAGE})(?:,|$))+",
    "sightings.copy_printed_time": _STAMP,
    "sightings.copy_time_basis": _TIME_BASIS,
    "victims.role": "victim|group|sharing_mm",
    "victims.reaper_outcome": "reaped|unable to reap|giving up",
    "zones.zone": _ZONE,
    "zones.node_basis": "printed|no_numa",
    "watermarks.zone": _ZONE,
    "lowmem_reserves.zone": _ZONE,
    "buddy_orders.zone": _ZONE,
    "buddy_orders.migratetypes": _MIGRATETYPES,
    "buddy_totals.zone": _ZONE,
    "per_cpu_pages.zone": _ZONE,
    "per_cpu_pages.temperature": "[Hh]ot|[Cc]old",
    "cgroup_counters.unit": "kB|bytes|count",
    "cgroup_counters.printed": _NUMBER,
    "allocation_sites.size_printed": r"[0-9]{1,20}(?:\.[0-9]{1,3})?(?: ?[KMGTP]?i?B)?",
    "stack_frames.frame_offset": r"0x[0-9a-f]{1,8}(?:/0x[0-9a-f]{1,8})?",
    "stack_frames.address": rf"(?:\[<?{_ADDRESS}>?\] ?){{1,2}}|{_ADDRESS}",
    "stack_frames.context": _CONTEXT,
    "trace_lines.name": _TRACE_LINE,
    "extra_fields.scope": _one_of(tables.BY_NAME),
    "extra_fields.zone": _ZONE,
    "extra_fields.value": "-?[0-9]{1,40}|yes|no",
    "extra_fields.unit": "kB|KB|pages|bytes",
    "extra_fields.reason": "unknown_key|nonsense_value",
    "unparsed_lines.reason": "unknown|clipped|spliced|not_understood_rest",
}
