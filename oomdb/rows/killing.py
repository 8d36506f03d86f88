"""The victims of one report, in the order of their deaths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.rows.columns import names
from oomdb.rows.values import NONSENSE, reader
from oomdb.text import stored

if TYPE_CHECKING:
    from oomdb.grammar import LineKind
    from oomdb.rows.batch import RowBatch
    from oomdb.rows.processes import Extra


#: What OpenVZ prints of a victim in place of the parts of its resident memory.
_TOTALS = ("rss", "swap")


class Killing:
    """Gathers what kill, reaper and summary lines tell about each killed process.

    A process printed twice, as the first victim of a group kill is, counts once.
    """

    def __init__(self) -> None:
        self._victims: dict[str, dict[str, object]] = {}
        self._nonsense: list[tuple[int, str, str]] = []
        self._sizes: list[tuple[int, str, str]] = []
        self._chosen_pid: str | None = None
        self._message: str | None = None

    def named(self, groups: dict[str, str]) -> dict[str, str]:
        """The summary line's values for the event; the task it names is the chosen one."""
        chosen = {f"chosen_{key}": groups.pop(key) for key in ("pid", "comm", "uid")}
        self._chosen_pid = chosen["chosen_pid"]
        return {**groups, **chosen}

    def add(
        self, kind: LineKind, groups: dict[str, str], uptime_s: float | None, line_no: int
    ) -> None:
        """Take one line about a killed process; what was printed first stands."""
        values = {**kind.constants, **groups}
        self._message = self._message or groups.get("kill_message")
        for source in ("uid_before", "uid_between", "uid_after"):
            if source in values:
                values["uid"] = values[source]
        victim = self._victims.setdefault(values["pid"], {})
        if kind.name == "killed" and "role" not in victim:
            victim["role"] = "victim" if len(self._victims) == 1 else "group"
        for column in names("victims"):
            printed = values.get(column)
            if printed is None or column in victim:
                continue
            if column == "comm":
                victim["comm"], victim["comm_bytes"] = stored(printed)
                continue
            victim[column] = reader("victims", column)(printed)
            if victim[column] is NONSENSE:
                victim[column] = None
                self._nonsense.append((line_no, column, printed))
        self._sizes += [(line_no, name, groups[name]) for name in _TOTALS if name in groups]
        if "reaper_outcome" in groups:
            victim["reaped_uptime_s"] = uptime_s

    def finish(self, batch: RowBatch, event: dict[str, object], extra: Extra) -> None:
        """Write the victims to `batch`, the printed score with the one it is about.

        Linux 5.0 to 5.3 print the user id on the summary line alone.
        """
        if self._message is not None:
            event.setdefault("kill_message", self._message)
        if self._chosen_pid is not None and self._chosen_pid in self._victims:
            self._victims[self._chosen_pid].setdefault("uid", event.get("chosen_uid"))
            _name_as_killed(event, self._victims[self._chosen_pid].get("comm"))
        for victim_no, victim in enumerate(self._victims.values(), 1):
            if victim.get("pid") == event.get("chosen_pid") and "chosen_pid" in event:
                victim["score"] = event.get("chosen_score")
            batch.add("victims", victim_no=victim_no, **victim)
        for line_no, name, printed in self._sizes:
            extra(line_no, "victims", name, {"value": printed, "unit": "kB"}, "unknown_key")
        for line_no, name, printed in self._nonsense:
            extra(line_no, "victims", name, {"value": printed}, "nonsense_value")


def _name_as_killed(event: dict[str, object], comm: object) -> None:
    """Give back to the path what looks like the name's begin on the summary line.

    Both may hold `,task=`; the kill line prints the name alone.
    """
    path, name = event.get("task_memcg"), str(event.get("chosen_comm"))
    rest = name.removesuffix(f",task={comm}")
    if path is not None and comm is not None and rest != name:
        event.update(task_memcg=f"{path},task={rest}", chosen_comm=comm)
