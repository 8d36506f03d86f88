"""Which lines of the report print a fact, so that each sentence can be checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError
from oomdb.listings import evidence_of
from oomdb.reports import reader

if TYPE_CHECKING:
    from oomdb.reports.tokens import Token
    from oomdb.store.connection import Connection

_PID = re.compile(r"\d+")
#: Kinds of line that continue or belong to the zone line above them.
_BELOW_A_ZONE = frozenset({"zone_more", "lowmem_reserve"})


@dataclass(frozen=True, slots=True)
class Citation:
    """A line of the report: its number from 1, the name of its LineKind, and whom it tells of.

    `first_line` to `last_line` are several where the line was broken. Lines are counted as
    `oomdb explain EVENT --raw` prints them.
    """

    first_line: int
    last_line: int
    kind: str
    node: int | None
    zone: str | None
    pid: int | None


@dataclass(frozen=True, slots=True)
class Citations:
    """The understood lines of one report, in order."""

    entries: tuple[Citation, ...] = ()

    def of(
        self,
        *kinds: str,
        node: int | None = None,
        zone: str | None = None,
        pid: int | None = None,
    ) -> str:
        """The lines of these kinds as ` [lines 3, 24-26]`; empty when there are none.

        `node`, `zone` and `pid` keep those that tell of them; None keeps all.
        """
        numbers = self.numbers(*kinds, node=node, zone=zone, pid=pid)
        if not numbers:
            return ""
        return f" [{'line' if len(numbers) == 1 else 'lines'} {_ranges(numbers)}]"

    def numbers(
        self,
        *kinds: str,
        node: int | None = None,
        zone: str | None = None,
        pid: int | None = None,
    ) -> list[int]:
        """The same lines as rising numbers."""
        return sorted(
            {
                number
                for entry in self.entries
                if entry.kind in kinds
                and zone in (None, entry.zone)
                and (node is None or node == (entry.node or 0))
                and pid in (None, entry.pid)
                for number in range(entry.first_line, entry.last_line + 1)
            }
        )


def read(connection: Connection, event_id: str) -> Citations:
    """The lines of the event's best copy; none where its evidence was not kept."""
    try:
        evidence = evidence_of(connection, event_id)
    except OomdbError:
        return Citations()
    entries: list[Citation] = []
    for located in reader.in_blocks([evidence]):
        zone: Citation | None = None
        for token in located.report.tokens:
            entry = _citation(token, zone)
            if entry is not None:
                zone = entry if entry.kind in ("zone", "per_cpu_zone") else zone
                entries.append(entry)
    return Citations(tuple(entries))


def _citation(token: Token, above: Citation | None) -> Citation | None:
    """What the token tells of; `above` is the zone line before it."""
    if token.understood is None:
        return None
    groups = token.understood.match.groupdict()
    kind = token.understood.kind.name
    node, zone = groups.get("node"), groups.get("zone")
    pid = _PID.search(groups.get("pid") or groups.get("chosen_pid") or "")
    inherited = above if kind in _BELOW_A_ZONE else None
    numbers = [line.line_no for line in token.lines]
    return Citation(
        first_line=min(numbers),
        last_line=max(numbers),
        kind=kind,
        node=int(node) if node is not None else inherited.node if inherited else None,
        zone=zone if zone is not None else inherited.zone if inherited else None,
        pid=int(pid.group()) if pid else None,
    )


def _ranges(numbers: list[int]) -> str:
    """Rising numbers as `3, 24-26`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
