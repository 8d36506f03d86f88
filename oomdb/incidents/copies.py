"""What one source holds: each report as a copy of an incident, with its rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from oomdb.carriers.names import NAMES
from oomdb.clock import Moment, epoch_s
from oomdb.dating import Evidence, Timeline
from oomdb.incidents.drafts import drafts
from oomdb.incidents.identity import head_keys, is_nameless
from oomdb.incidents.kept import decompress
from oomdb.incidents.resolve import Copy, in_year
from oomdb.reports import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from oomdb.carriers.names import Names
    from oomdb.incidents.drafts import Draft
    from oomdb.reports.reader import Located
    from oomdb.rows.batch import RowBatch

    Beside = Callable[[], tuple[str | None, Evidence]]


@dataclass(frozen=True, slots=True)
class Found:
    """One report of a source: what it tells of its incident, its rows, its sighting.

    The rows lack the event's id, which the store gives; the sighting lacks the source's.
    `unknown_keys` are the printed keys and columns that no table has a column for, `size_bytes`
    the length of its lines.
    """

    copy: Copy
    rows: RowBatch
    sighting: dict[str, object]
    unparsed_line_count: int
    unknown_keys: tuple[str, ...]
    size_bytes: int

    @property
    def event(self) -> dict[str, object]:
        """The row of `events`."""
        return self.rows.event

    @property
    def evidence_sha256(self) -> bytes:
        """The SHA-256 of the report's own lines."""
        sha256 = self.sighting["evidence_sha256"]
        assert isinstance(sha256, bytes)
        return sha256


def in_blocks(
    blocks: Iterable[bytes],
    beside: Beside = lambda: (None, Evidence()),
    names: Names = NAMES,
) -> list[Found]:
    """The reports of one log, all at once; `names` are those of JSON's fields."""
    timeline = Timeline()
    groups = list(drafts(reader.in_blocks(blocks, timeline, names)))
    return list(chain.from_iterable(dated(groups, timeline, beside, names)))


def drafted(blocks: Iterable[bytes], timeline: Timeline, names: Names) -> Iterator[list[Draft]]:
    """The reports of one log, some at a time, not yet named and dated."""
    return drafts(reader.in_blocks(blocks, timeline, names))


def dated(
    groups: Iterable[list[Draft]], timeline: Timeline, beside: Beside, names: Names
) -> Iterator[list[Found]]:
    """Drafts of one log named and dated, after its timeline has seen all lines.

    `beside` is asked, where there is a report, for the host of lines that name none, and for
    the evidence that stamps may need.
    """
    told = None
    for group in groups:
        host, evidence = told = told or beside()
        found = []
        for draft in group:
            one = _copy_of(draft, _host_of(draft.host, host))
            moment, basis = timeline.date(draft.first, evidence)
            one.event.update(occurred_at=moment, time_basis=basis, occurred_epoch_s=epoch_s(moment))
            one.sighting.update(copy_occurred_at=moment, copy_time_basis=basis)
            if names.own and draft.first.carrier.endswith("json"):
                one.sighting["copy_json_fields"] = "\n".join(names.own)
            found.append(one)
        yield found


def _copy_of(draft: Draft, host: str | None) -> Found:
    """What a draft comes to in a log of this host."""
    copy = draft.copy(host)
    draft.rows.event["copy_digest"] = copy.digest
    sighting = draft.sighting(copy)
    return Found(
        copy,
        draft.rows,
        sighting,
        draft.unparsed_line_count,
        draft.unknown_keys,
        draft.size_bytes,
    )


def _host_of(printed: str | None, beside: str | None) -> str | None:
    """The host that a line prints, unless it is a name that many machines have."""
    if printed is None or (beside is not None and is_nameless(printed)):
        return beside
    return printed


def _located(evidence: bytes, json_fields: str | None) -> Iterator[Located]:
    """The reports in kept evidence, which was read by these fields of JSON."""
    names = NAMES.preferring(json_fields.split("\n")) if json_fields else NAMES
    return reader.in_blocks([decompress(evidence)], names=names)


def kept_line(sighting: Mapping[str, object]) -> str:
    """What a sighting keeps, as one line: the hash of its evidence, and what its log told."""
    sha256 = sighting["evidence_sha256"]
    assert isinstance(sha256, bytes)
    between = _BETWEEN in str(sighting["copy_damage"]).split(",")
    told = [sighting.get(name) for name in KEPT]
    return json.dumps([*told, between, sha256.hex()], default=str, separators=(",", ":"))


def lines_of(sighting: Mapping[str, object]) -> bytes:
    """The report's own lines, out of its kept evidence; OomdbError when that is damaged."""
    evidence = sighting["evidence"]
    assert isinstance(evidence, bytes)
    return decompress(evidence)


def reread(evidence: bytes, json_fields: str | None) -> RowBatch:
    """The rows of a report from its kept evidence; ValueError when it holds none."""
    from oomdb.rows.builder import rows_of

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
    located = _located(evidence, str(json_fields) if json_fields is not None else None)
    found = []
    for draft in chain.from_iterable(drafts(located)):
        draft.rows.event["damage"] = _damage(draft.rows.event["damage"], sighting["copy_damage"])
        one = _copy_of(draft, str(host) if host is not None else None)
        kept = {name: sighting[name] for name in KEPT}
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


def _damage(read: object, before: object) -> str | None:
    """The damage of a report with what only its log could show: lines in between, and again."""
    words = set(str(read).split(",")) if read is not None else set()
    words |= {_BETWEEN, _TWICE} & set(str(before).split(","))
    return ",".join(sorted(words)) or None


#: Damage that is not in the evidence, which holds the report's own lines alone, each once.
_BETWEEN = "interleaved"
_TWICE = "duplicated"

#: What a sighting knows from the log round its evidence.
KEPT = (
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
