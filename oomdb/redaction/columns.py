"""What becomes of each column of a redacted copy.

A column that no list here names is left out, unless it holds numbers or times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.redaction.names import Names
from oomdb.redaction.patterns import KERNEL_WORDS
from oomdb.tables import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
        "stack_frames.module_build_id",
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

#: Names that people chose, by what makes something else of them.
NAMES: dict[str, Callable[[Names, str], str | None]] = {
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
}

#: Names that kernels print, by what makes something else of those that no kernel is known for.
PRINTED_NAMES: dict[str, Callable[[Names, str], str | None]] = {
    "events.kernel_release": Names.release,
    "events.task_table_header": Names.header,
    "memory_counters.name": Names.counter,
    "cgroup_counters.name": Names.counter,
    "slab_caches.name": Names.slab,
    "allocation_sites.site": Names.place,
    "allocation_sites.module": Names.module,
    "allocation_sites.function": Names.symbol,
    "stack_frames.symbol": Names.symbol,
    "stack_frames.module": Names.module,
    "stack_frames.called_from": Names.called_from,
    "extra_fields.name": Names.counter,
}
_RENAMED = NAMES | PRINTED_NAMES

#: Columns with SQL of their own. An event's host is found anew by its redacted name, as long as
#: it has one at all.
_OWN_SQL = {"events.host_id": "CASE WHEN t.printed_hostname IS NOT NULL THEN '' END"}

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
        if place in _RENAMED:
            relation = names_of(table.name, column.name)
            joins.append(f"LEFT JOIN {relation} ON {relation}.original = t.{column.name}")
            named.append(column.name)
            value = f"{relation}.redacted"
        elif place in _OWN_SQL:
            value = _OWN_SQL[place]
        elif place in IDS:
            value = names.id_sql.format(column=value)
        elif place in KERNEL_WORDS:
            form = f"REGEXP_FULL_MATCH({value}, '{KERNEL_WORDS[place]}')"
            value = f"CASE WHEN {form} THEN {value} ELSE {_nothing(column)} END"
        elif column.type not in _NUMERIC:
            value = _nothing(column)
        columns.append(f"{value} AS {column.name}")
    sql = f"SELECT {', '.join(columns)} FROM {schema}.{table.name} AS t {' '.join(joins)}"
    return Selected(sql, tuple(named))


def _nothing(column: tables.Column) -> str:
    if not column.required:
        return "NULL"
    return "''::BLOB" if column.type is Type.BLOB else "''"


def redacted(names: Names, place: str, originals: Iterable[str]) -> dict[str, str | None]:
    """What stands for each of the names of a column; None for what must be left out."""
    return {name: _RENAMED[place](names, name) for name in originals}
