"""What one source holds: each report as a copy of an incident, with its rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

from oomdb.clock import epoch_s, moment
from oomdb.dating import Evidence, Timeline
from oomdb.incidents.identity import body_key, digest, victim_key
from oomdb.incidents.resolve import Copy
from oomdb.reports import reader
from oomdb.rows.builder import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from oomdb.carriers.line import KernelLine
    from oomdb.reports.reader import Located
    from oomdb.rows.batch import RowBatch


@dataclass(frozen=True, slots=True)
class Found:
    """One report of a source: what it tells of its incident, its rows, its sighting.

    The rows lack the event's id, which the store gives; the sighting lacks the source's.
    `first` is the report's first line, which carries the stamp.
    """

    copy: Copy
    rows: RowBatch
    sighting: dict[str, object]
    first: KernelLine

    @property
    def event(self) -> dict[str, object]:
        """The row of `events`."""
        return self.rows.rows["events"][0]


def in_blocks(
    blocks: Iterable[bytes],
    beside: Callable[[], tuple[str | None, Evidence]] = lambda: (None, Evidence()),
) -> list[Found]:
    """The reports of one log.

    They are named and dated when all lines are known: `beside` is then asked for the
    host of lines that name none, and for the evidence that stamps may need.
    """
    timeline = Timeline()
    located = list(reader.in_blocks(blocks, timeline))
    if not located:
        return []
    host, evidence = beside()
    found = [_found(one, one.host or host) for one in located]
    for one in found:
        moment, basis = timeline.date(one.first, evidence)
        one.event.update(occurred_at=moment, time_basis=basis, occurred_epoch_s=epoch_s(moment))
        one.sighting.update(copy_occurred_at=moment, copy_time_basis=basis)
    return found


def reread(evidence: bytes) -> RowBatch:
    """The rows of a report from its kept evidence; ValueError when it holds none."""
    for located in reader.in_blocks([zstandard.decompress(evidence)]):
        return rows_of(located.report)
    raise ValueError("the evidence holds no report")


def again(sighting: Mapping[str, object]) -> list[Found]:
    """What a kept sighting holds as it is read now; its place, host and time stay.

    Empty when it is no report by what is known now.
    """
    evidence = sighting["evidence"]
    assert isinstance(evidence, bytes)
    host = sighting["copy_hostname"]
    found = []
    for located in reader.in_blocks([zstandard.decompress(evidence)]):
        one = _found(located, str(host) if host is not None else None)
        kept = {name: sighting[name] for name in _KEPT}
        one.sighting.update(kept)
        one.event.update(
            occurred_at=kept["copy_occurred_at"],
            time_basis=kept["copy_time_basis"],
            occurred_epoch_s=epoch_s(kept["copy_occurred_at"]),  # type: ignore[arg-type]
        )
        found.append(one)
    return found


#: What a sighting knows from the log round its evidence.
_KEPT = (
    "first_line",
    "last_line",
    "first_byte",
    "last_byte",
    "copy_carrier",
    "copy_hostname",
    "boot_id",
    "copy_occurred_at",
    "copy_time_basis",
)


def _found(located: Located, host: str | None) -> Found:
    rows = rows_of(located.report)
    event = rows.rows["events"][0]
    lines = located.lines
    evidence = "\n".join(line.raw for line in lines).encode("latin-1")
    first = lines[0]
    stamp = moment(first.stamp)
    copy = Copy(
        digest=digest("copy", host, hashlib.sha256(evidence).hexdigest()),
        victim_key=victim_key(event, rows),
        body_key=body_key(event, rows),
        is_sized=any(row.get("total_vm_kb") is not None for row in rows.rows.get("victims", ())),
        lines_taken=sum(token.understood is not None for token in located.report.tokens),
        is_whole=event["damage"] is None,
        host=host,
        boot_id=first.boot_id,
        uptime_s=first.uptime_s,
        moment=stamp,
    )
    event["copy_digest"] = copy.digest
    sighting: dict[str, object] = {
        "first_line": first.line_no,
        "last_line": lines[-1].line_no,
        "first_byte": first.first_byte,
        "last_byte": lines[-1].last_byte,
        "copy_carrier": first.carrier,
        "copy_damage": event["damage"],
        "copy_digest": copy.digest,
        "victim_key": copy.victim_key,
        "body_key": copy.body_key,
        "is_sized": copy.is_sized,
        "lines_taken": copy.lines_taken,
        "copy_hostname": host,
        "boot_id": copy.boot_id,
        "copy_uptime_s": copy.uptime_s,
        "copy_printed_time": event["printed_time"],
        "moment_s": stamp.seconds if stamp else None,
        "moment_has_year": stamp.has_year if stamp else None,
        "moment_has_zone": stamp.has_zone if stamp else None,
        "evidence": zstandard.compress(evidence),
    }
    return Found(copy, rows, sighting, first)
