"""The stack dumps of one report: the invoker's, and a panic's after it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from oomdb.lines import BY_NAME
from oomdb.rows.columns import names
from oomdb.text import stored

if TYPE_CHECKING:
    import re

    from oomdb.grammar import LineKind
    from oomdb.rows.batch import Row, RowBatch

_OPENS = frozenset({"cpu_line", "pid_line", "cpu_only_line"})
#: Lines that hold more than their columns take: addresses of the task and its stack.
_KEPT_TOO = frozenset({"process_line"})


class Traces:
    """Writes frames and kept lines to `batch`; what concerns the event is handed back."""

    def __init__(self, batch: RowBatch) -> None:
        self._batch = batch
        self._trace_no = 0
        self._position = 0
        self._context: str | None = None
        self._invoker: str | None = None
        self._is_invokers = True
        self._frames: list[Row] = batch.leaves.setdefault("stack_frames", [])

    def add(
        self,
        kind: LineKind,
        groups: dict[str, str],
        text: str,
        line_no: int,
        invoker: str | None = None,
    ) -> dict[str, str]:
        """The values of one trace line that are columns of the event.

        `invoker` is the name in the header, where there is one. Frames that another
        processor printed may stand before the invoker's own CPU line.
        """
        if kind.name in _OPENS or self._trace_no == 0:
            self._open()
        if kind.name in _OPENS:
            self._is_invokers = self._invoker is None and not _is_another(groups, invoker)
        if kind.name == "stack_marker":
            self._context = None if "closing" in groups else groups["context"]
        elif kind.table == "events" and not self._is_invokers:
            self._keep(kind.name, text, line_no)
        elif kind.table == "events":
            if kind.name in _KEPT_TOO:
                self._keep(kind.name, text, line_no)
            self._invoker = groups.pop("comm", self._invoker)
            return groups
        return {}

    def add_kept(self, kind: LineKind, text: str, line_no: int) -> None:
        """Write one line that is kept whole."""
        if self._trace_no == 0:
            self._open()
        self._keep(kind.constants["name"], text, line_no)
        if kind.name == "trace_breaking_event":
            self._context = "Last Breaking-Event-Address"

    def _keep(self, name: str, text: str, line_no: int) -> None:
        readable, _ = stored(text.strip())
        self._batch.add_all("trace_lines", ((self._trace_no, line_no, name, readable),))

    def _open(self) -> None:
        self._trace_no += 1
        self._position = 0
        self._context = None

    def add_frame(self, kind: LineKind, match: re.Match[str]) -> None:
        """Write one frame."""
        if self._trace_no == 0:
            self._open()
        self._position += 1
        frame = _frame(kind.name, match.string, self._context)
        self._frames.append((self._trace_no, self._position, *frame))

    def finish(self, event: dict[str, object]) -> None:
        """Name the invoker from the CPU line where the header is lost or was cut.

        A newline in the name splits the header line, and what looks like a carrier's prefix is
        taken off it, so that only the end of the name is seen there.
        """
        if self._invoker is None:
            return
        name, raw = stored(self._invoker)
        known = event.get("invoker_comm")
        if known is None or name.endswith(str(known)):
            event["invoker_comm"], event["invoker_comm_bytes"] = name, raw


#: Most kernels of a fleet print the same frames again and again.
@lru_cache(maxsize=8192)
def _frame(kind: str, text: str, context: str | None) -> tuple[str | bool | None, ...]:
    """The columns of one frame after its position; the context is of the line or before it."""
    match = BY_NAME[kind].regex.fullmatch(text)
    assert match is not None
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    values = {
        "symbol": groups.get("symbol") or groups["bare_address"],
        "frame_offset": groups.get("frame_offset"),
        "module": groups.get("module"),
        "module_build_id": groups.get("module_build_id"),
        "address": groups.get("address", "").strip() or None,
        "called_from": groups.get("called_from"),
        "source": groups.get("source"),
        "inlined": "inlined" in groups if "source" in groups else None,
        "reliable": "unsure" not in groups and "(unreliable)" not in groups.get("mark", ""),
        "context": groups.get("context") or context,
    }
    return tuple(values[name] for name in names("stack_frames")[2:])


def _is_another(groups: dict[str, str], invoker: str | None) -> bool:
    """Whether a CPU line names another task than the header; of either name an end may do."""
    comm = groups.get("comm")
    if comm is None or invoker is None:
        return False
    one, other = stored(comm)[0].strip(), invoker.strip()
    return not (one.endswith(other) or other.endswith(one))
