"""The numbers of memory cgroups in one report: usage, limits and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.rows.values import convert_cgroup, is_cgroup_count
from oomdb.text import stored

if TYPE_CHECKING:
    import re

    from oomdb.grammar import LineKind
    from oomdb.rows.batch import RowBatch

#: Characters of a record that printk cut: 1024 bytes less 48 or 32 for its prefix (none
#: since Linux 6.4), less the two of its level and the closing zero (kernel/printk/printk.c).
_CUT_RECORD_LENGTHS = frozenset({1024 - 48 - 3, 1024 - 32 - 3, 1024 - 3})
_STATISTICS = frozenset({"cgroup_stat", "cgroup_stat_cut", "cgroup_stats_record"})


class CgroupCounters:
    """Collects the numbers until the cgroup of all of them is known."""

    def __init__(self) -> None:
        self._cgroup: str | None = None
        self._rows: list[dict[str, object]] = []
        self._record_length = 0
        self._record_stamps: set[float] = set()
        self._damage: set[str] = set()

    def add(
        self,
        kind: LineKind,
        match: re.Match[str],
        groups: dict[str, str],
        uptime_s: float | None,
    ) -> None:
        """Take one line: numbers, or the name of the cgroup whose numbers follow."""
        if "cgroup" in kind.regex.groupindex:
            self._close_record()
        if "cgroup" in groups:
            self._cgroup = stored(groups["cgroup"])[0]
        if kind.items is None:
            return
        for piece in kind.items.regex.finditer(match["items"]):
            values = {name: value for name, value in piece.groupdict().items() if value is not None}
            self._number({**kind.constants, **values}, groups.get("prefix"))
        if kind.name in _STATISTICS:
            self._record_length += len(match["items"]) + 1
            self._record_stamps |= {uptime_s} if uptime_s is not None else set()

    def _number(self, values: dict[str, str], counter: str | None) -> None:
        """A usage, limit or statistic."""
        name, unit, printed = values["name"], values["unit"], values.get("value")
        if counter is not None:
            name = f"{counter}.{name}"
        if unit == "stat":
            unit = "count" if is_cgroup_count(name) else "bytes"
        unit = "kB" if unit == "KB" else unit
        value = None
        if printed is None:
            self._damage.add("cut_record")
        else:
            value, sane = convert_cgroup(name, unit, printed)
            self._damage |= set() if sane else {"nonsense_value"}
        self._rows.append(
            {
                "cgroup": self._cgroup,
                "name": name,
                "value": value,
                "unit": unit,
                "printed": printed if value is None else None,
            }
        )

    def _close_record(self) -> None:
        """The last number of a record that printk cut may lack digits: it has no value.

        Lines with stamps that differ are no record, but one each (since Linux 6.5).
        """
        is_full = self._record_length - 1 in _CUT_RECORD_LENGTHS and len(self._record_stamps) < 2
        last = self._rows[-1] if self._rows else {}
        if is_full and last["value"] is not None:
            last["printed"], last["value"] = str(last["value"]), None
            self._damage.add("cut_record")
        self._record_length = 0
        self._record_stamps = set()

    def finish(self, batch: RowBatch, damage: set[str], oom_memcg: object) -> None:
        """Write the rows; the usage lines name no cgroup, since Linux 5.0 the summary does.

        The statistics after them begin with those of the same cgroup.
        """
        self._close_record()
        first = next((row["cgroup"] for row in self._rows if row["cgroup"]), None)
        for row in self._rows:
            batch.add("cgroup_counters", **{**row, "cgroup": row["cgroup"] or oom_memcg or first})
        damage |= self._damage
