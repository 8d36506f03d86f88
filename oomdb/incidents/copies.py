"""What one source holds: each report as a copy of an incident, with its rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import zstandard

from oomdb.carriers.names import NAMES
from oomdb.clock import Moment, epoch_s, moment
from oomdb.dating import Evidence, Timeline
from oomdb.incidents.identity import body_key, digest, head_keys, is_nameless, victim_key
from oomdb.incidents.resolve import Copy, in_year
from oomdb.reports import reader
from oomdb.rows.builder import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from oomdb.carriers.line import KernelLine
    from oomdb.carriers.names import Names
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
    names: Names = NAMES,
) -> list[Found]:
    """The reports of one log; `names` are those of JSON's fields.

    They are named and dated when all lines are known: `beside` is then asked for the
    host of lines that name none, and for the evidence that stamps may need.
    """
    timeline = Timeline()
    located = list(reader.in_blocks(blocks, timeline, names))
    if not located:
        return []
    host, evidence = beside()
    found = [_found(one, _host_of(one.host, host)) for one in located]
    for one in found:
        moment, basis = timeline.date(one.first, evidence)
        one.event.update(occurred_at=moment, time_basis=basis, occurred_epoch_s=epoch_s(moment))
        one.sighting.update(copy_occurred_at=moment, copy_time_basis=basis)
        if names.own and one.first.carrier.endswith("json"):
            one.sighting["copy_json_fields"] = "\n".join(names.own)
    return found


def _host_of(printed: str | None, beside: str | None) -> str | None:
    """The host that a line prints, unless it is a name that many machines have."""
    if printed is None or (beside is not None and is_nameless(printed)):
        return beside
    return printed


def _located(evidence: bytes, json_fields: str | None) -> Iterator[Located]:
    """The reports in kept evidence, which was read by these fields of JSON."""
    names = NAMES.preferring(json_fields.split("\n")) if json_fields else NAMES
    return reader.in_blocks([zstandard.decompress(evidence)], names=names)


def reread(evidence: bytes, json_fields: str | None) -> RowBatch:
    """The rows of a report from its kept evidence; ValueError when it holds none."""
    for located in _located(evidence, json_fields):
        return rows_of(located.report)
    raise ValueError("the evidence holds no report")


def again(sighting: Mapping[str, object]) -> list[Found]:
    """What a kept sighting holds as it is read now; its place, host and time stay.

    Empty when it is no report by what is known now.
    """
    evidence, json_fields = sighting["evidence"], sighting["copy_json_fields"]
    assert isinstance(evidence, bytes)
    host = sighting["copy_hostname"]
    found = []
    for located in _located(evidence, str(json_fields) if json_fields is not None else None):
        one = _found(located, str(host) if host is not None else None)
        kept = {name: sighting[name] for name in _KEPT}
        one.sighting.update(kept)
        one = replace(one, copy=_told_by(kept, one.copy, one.event))
        one.sighting["head_uptime_key"], one.sighting["head_wall_key"] = one.copy.head_keys
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
    "copy_json_fields",
    "copy_hostname",
    "boot_id",
    "copy_uptime_s",
    "copy_printed_time",
    "copy_occurred_at",
    "copy_time_basis",
    "moment_s",
    "moment_has_year",
    "moment_has_zone",
)


def _told_by(kept: dict[str, Any], copy: Copy, event: dict[str, object]) -> Copy:
    """The copy with its boot and times as the whole log told them."""
    stamp = None
    if kept["moment_s"] is not None:
        has_year, has_zone = bool(kept["moment_has_year"]), bool(kept["moment_has_zone"])
        stamp = Moment(kept["moment_s"], has_year=has_year, has_zone=has_zone)
    uptime_s = kept["copy_uptime_s"]
    head = head_keys(event, uptime_s, in_year(stamp) if stamp else None)
    return replace(copy, boot_id=kept["boot_id"], uptime_s=uptime_s, moment=stamp, head_keys=head)


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
        head_keys=head_keys(event, first.uptime_s, in_year(stamp) if stamp else None),
        is_cut="cut_end" in str(event["damage"]),
    )
    event["copy_digest"] = copy.digest
    sighting: dict[str, object] = {
        "first_line": min(line.line_no for line in lines),
        "last_line": max(line.line_no for line in lines),
        "first_byte": min(line.first_byte for line in lines),
        "last_byte": max(line.last_byte for line in lines),
        "copy_carrier": first.carrier,
        "copy_damage": event["damage"],
        "copy_digest": copy.digest,
        "victim_key": copy.victim_key,
        "body_key": copy.body_key,
        "head_uptime_key": copy.head_keys[0],
        "head_wall_key": copy.head_keys[1],
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
