"""What of a database may be shown to strangers, and what stands for the rest.

Numbers, times and the kernel's own words stay. Names that people chose (hosts, processes,
cgroups) become keyed hashes, the same name the same hash, so that what recurs still recurs.
Text that is not named here is left out, and so is the evidence.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.incidents.identity import is_nameless
from oomdb.tables import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Columns of text that hold words of the kernel, of oomdb or of the log's format alone.
KERNEL_WORDS = frozenset(
    f"{table}.{column}"
    for table, columns in {
        "sources": "carrier",
        "events": (
            "kind constraint_kind constraint_basis constraint_printed time_basis printed_time"
            " kernel_release kernel_build page_size_basis gfp_names gfp_layout gfp_layout_basis"
            " nodemask mems_allowed kill_message panic_message failure_message taint"
            " hardware_name workqueue swap_cache_race task_table_header damage"
        ),
        "sightings": "copy_carrier copy_damage copy_printed_time copy_time_basis",
        "victims": "role reaper_outcome",
        "zones": "zone node_basis",
        "watermarks": "zone",
        "lowmem_reserves": "zone",
        "buddy_orders": "zone migratetypes",
        "buddy_totals": "zone",
        "memory_counters": "name",
        "per_cpu_pages": "zone temperature",
        "cgroup_counters": "name unit printed",
        "allocation_sites": "size_printed site module function",
        "stack_frames": "symbol frame_offset module module_build_id address called_from context",
        "trace_lines": "name",
        "extra_fields": "scope zone name unit reason",
        "unparsed_lines": "reason",
    }.items()
    for column in columns.split()
)

#: Ids that follow from names and numbers, so that they could be guessed back.
IDS = frozenset(
    {
        "sources.source_id",
        "sources.sha256",
        "sightings.source_id",
        "sightings.copy_digest",
        "sightings.victim_key",
        "sightings.body_key",
        "sightings.head_uptime_key",
        "sightings.head_wall_key",
        "sightings.boot_id",
        "events.copy_digest",
        *(f"{table.name}.event_id" for table in (tables.EVENTS, *tables.EVENT_TABLES)),
    }
)

#: Tables that are made anew or hold only what users wrote.
LEFT_OUT = frozenset(
    {
        "hosts",
        "host_names",
        "host_labels",
        "host_rules",
        "budgets",
        "budget_hosts",
        "gfp_bits",
        "properties",
        *(table.name for table in tables.HISTORY),
    }
)

_CGROUP_WORDS = frozenset(
    (
        "app",
        "background",
        "besteffort",
        "burstable",
        "conmon",
        "containerd",
        "cri",
        "crio",
        "docker",
        "garden",
        "guaranteed",
        "init",
        "kubepods",
        "lib",
        "libpod",
        "libvirt",
        "lxc",
        "machine",
        "monitor",
        "mount",
        "nerdctl",
        "nspawn",
        "payload",
        "pod",
        "qemu",
        "scope",
        "service",
        "session",
        "slice",
        "snap",
        "socket",
        "swap",
        "system",
        "systemd",
        "target",
        "timer",
        "user",
    )
)
_CGROUP_TOKEN = re.compile(
    r"(?P<escape>\\x[0-9a-f]{2})"
    r"|(?P<uuid>[0-9a-f]{8}(?P<apart>[-_])[0-9a-f]{4}(?:(?P=apart)[0-9a-f]{4}){2}(?P=apart)[0-9a-f]{12})"
    r"|(?P<pod>pod)(?=[0-9a-f]{8}[-_]|[0-9a-f]{32})"
    r"|(?P<hex>[0-9a-f]{12,})(?![^\W_])"
    r"|(?P<word>[^\W_]+)"
    r"|(?P<other>[^-_.:@/\\,+=()\[\]])"
)
_MEMCG_OF_SLAB = re.compile(r"\([^)]*\)?")
_HEX = "0123456789abcdef"


class Names:
    """Keyed hashes of names; without the key nobody can tell whose they are.

    With equal keys equal names get equal hashes, in any database.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(key).digest()

    def comm(self, name: str) -> str:
        """A process name, as long as the kernel lets one be."""
        return f"comm-{self._letters('comm', name, 10)}" if name else name

    def host(self, name: str) -> str:
        """A host name part by part, so that short names still begin fuller ones.

        Names that many machines have stay.
        """
        if is_nameless(name):
            return name
        parts = name.lower().split(".")
        return ".".join(f"h{self._letters('host', part, 9)}" if part else "" for part in parts)

    def cgroup(self, path: str) -> str:
        """A cgroup path in which systemd's and the container runtimes' words and numbers stay."""
        return _CGROUP_TOKEN.sub(self._cgroup_token, path)

    def slab(self, name: str) -> str:
        """A slab cache, of which only the cgroup that it belonged to was chosen by people."""
        return _MEMCG_OF_SLAB.sub(lambda found: self.cgroup(found[0]), name)

    def path(self, path: str) -> str:
        """The path of a source; whether it was a member of an archive still shows."""
        return "!/".join(f"/source/{self._letters('path', part, 16)}" for part in path.split("!/"))

    @property
    def id_sql(self) -> str:
        """SQL of a keyed hash of `{column}`, as long as it is, up to 64 hexadecimal digits."""
        key = hashlib.sha256(b"ids" + self._key).hexdigest()
        inner = f"SHA256('{key}' || {{column}})"
        return f"SUBSTR(SHA256('{key}' || {inner}), 1, LENGTH({{column}}))"

    def _cgroup_token(self, found: re.Match[str]) -> str:
        text = found[0]
        if found["escape"] or found["pod"]:
            return text
        if found["uuid"] or found["hex"]:
            digits = iter(self._digest("cgroup", re.sub("[-_]", "", text)).hex() * 4)
            return "".join(next(digits) if letter in _HEX else letter for letter in text)
        if found["other"]:
            return "?"
        if (text.isdecimal() and len(text) < 11) or text.lower() in _CGROUP_WORDS:
            return text
        return f"n{self._letters('cgroup', text, 9)}"

    def _letters(self, kind: str, name: str, count: int) -> str:
        return base64.b32encode(self._digest(kind, name)).decode().lower()[:count]

    def _digest(self, kind: str, name: str) -> bytes:
        text = f"{kind}\0{name}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()


#: Names that people chose, by what makes something else of them.
NAMES: dict[str, Callable[[Names, str], str]] = {
    "sources.path": Names.path,
    "events.printed_hostname": Names.host,
    "events.invoker_comm": Names.comm,
    "events.chosen_comm": Names.comm,
    "events.cpuset": Names.cgroup,
    "events.oom_memcg": Names.cgroup,
    "events.task_memcg": Names.cgroup,
    "events.oom_group_memcg": Names.cgroup,
    "sightings.copy_hostname": Names.host,
    "victims.comm": Names.comm,
    "processes.comm": Names.comm,
    "cgroup_counters.cgroup": Names.cgroup,
    "slab_caches.name": Names.slab,
}

#: Columns with SQL of their own. An event's host is found anew by its redacted name, as long as
#: it has one at all.
_OWN_SQL = {"events.host_id": "CASE WHEN t.printed_hostname IS NOT NULL THEN '' END"}

#: Text that stays where it is a number.
NUMBERS_AS_TEXT = frozenset({"extra_fields.value"})
_NUMERIC = frozenset({Type.INTEGER, Type.REAL, Type.BOOLEAN, Type.TIMESTAMP})


@dataclass(frozen=True, slots=True)
class Selected:
    """SQL that gives the redacted rows of a table, and the columns whose names it looks up.

    It reads each from a relation, called as `names_of` says, with `original` and `redacted`.
    """

    sql: str
    named: tuple[str, ...]


def names_of(table: str, column: str) -> str:
    """The relation with the redacted names of a column."""
    return f"names_of_{table}_{column}"


def selected(table: tables.Table, schema: str, names: Names) -> Selected:
    """How the rows of a table are read for strangers."""
    columns, joins, named = [], [], []
    for column in table.columns:
        place = f"{table.name}.{column.name}"
        value = f"t.{column.name}"
        if place in NAMES:
            relation = names_of(table.name, column.name)
            joins.append(f"LEFT JOIN {relation} ON {relation}.original = t.{column.name}")
            named.append(column.name)
            value = f"{relation}.redacted"
        elif place in _OWN_SQL:
            value = _OWN_SQL[place]
        elif place in IDS:
            value = names.id_sql.format(column=value)
        elif place in NUMBERS_AS_TEXT:
            value = f"CASE WHEN REGEXP_FULL_MATCH({value}, '-?[0-9.]+') THEN {value} END"
        elif column.type not in _NUMERIC and place not in KERNEL_WORDS:
            value = _nothing(column)
        columns.append(f"{value} AS {column.name}")
    sql = f"SELECT {', '.join(columns)} FROM {schema}.{table.name} AS t {' '.join(joins)}"
    return Selected(sql, tuple(named))


def _nothing(column: tables.Column) -> str:
    if not column.required:
        return "NULL"
    return "''::BLOB" if column.type is Type.BLOB else "''"


def redacted(names: Names, place: str, originals: Iterable[str]) -> dict[str, str]:
    """What stands for each of the names of a column."""
    return {name: NAMES[place](names, name) for name in originals}
