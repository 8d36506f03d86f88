"""Reports whose lines are read, while the host and the time of their log are not known yet."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from oomdb.batches import in_batches
from oomdb.clock import moment
from oomdb.incidents.identity import body_key, digest, head_keys, victim_key
from oomdb.incidents.kept import compress
from oomdb.incidents.resolve import Copy, in_year
from oomdb.text import stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.reports.reader import Located
    from oomdb.rows.batch import RowBatch
    from oomdb.rows.builder import ReportRows

#: Reports whose rows are converted together, and bytes of their lines.
_MOST_REPORTS = 200
_MOST_BYTES = 8 << 20


class Draft:
    """What one report tells by itself. Of its text nothing is held but the kept evidence.

    `host` is what its lines print, `first` its first line, which carries the stamp, `rows`
    its rows, which are complete when there is nothing `unfinished`, `size_bytes` the length of
    its lines.
    """

    def __init__(self, located: Located) -> None:
        # Here, as a log without a report, which most are, needs nothing of Arrow.
        from oomdb.rows.builder import ReportRows

        place = located.place
        self.host = stored(located.host)[0] if located.host is not None else None
        self.first: KernelLine = place.first
        evidence = place.evidence.encode("latin-1")
        self.size_bytes = len(evidence)
        sha256 = hashlib.sha256(evidence)
        self._sha256 = sha256.hexdigest()
        self._sighting: dict[str, object] = {
            "first_line": place.first_line,
            "last_line": place.last_line,
            "first_byte": place.first_byte,
            "last_byte": place.last_byte,
            "copy_carrier": self.first.carrier,
            "evidence": compress(evidence),
            "evidence_sha256": sha256.digest(),
        }
        self.unfinished: ReportRows | None = ReportRows(located.report)
        self.rows: RowBatch = self.unfinished.batch
        self._lines_taken = self.unfinished.lines_taken

    @property
    def first_byte(self) -> int:
        """Where the report begins."""
        return int(str(self._sighting["first_byte"]))

    @property
    def last_byte(self) -> int:
        """Where the report ends."""
        return int(str(self._sighting["last_byte"]))

    @property
    def is_headless(self) -> bool:
        """Whether lines before its own may be missing."""
        damage = str(self.rows.event["damage"]).split(",")
        return "cut_start" in damage or "no_dump" in damage

    @property
    def evidence_sha256(self) -> bytes:
        """The SHA-256 of the report's own lines."""
        return bytes.fromhex(self._sha256)

    def take_evidence(self) -> bytes:
        """The kept evidence, which the draft does not hold any more then."""
        evidence = self._sighting.pop("evidence")
        assert isinstance(evidence, bytes)
        return evidence

    def move(self, lines: int, offset: int, as_seen: KernelLine) -> None:
        """Let a report of a part of a log stand where it does in the whole log.

        Its line numbers and offsets grow; `as_seen` is its first line, to which the whole
        log's timeline has told what came before it.
        """
        for name, more in (("line", lines), ("byte", offset)):
            for end in ("first", "last"):
                self._sighting[f"{end}_{name}"] = int(str(self._sighting[f"{end}_{name}"])) + more
        self.first.turn, self.first.returned = as_seen.turn, as_seen.returned
        self.first.boot_s = as_seen.boot_s

    def settle(self) -> None:
        """Take from the rows, which are complete, what tells one incident from another."""
        rows, event = self.rows, self.rows.event
        self.unfinished = None
        self._victim_key = victim_key(event, rows)
        self._body_key = body_key(event, rows)
        sizes = rows.pick("victims", "total_vm_kb", "pid")
        self._is_sized = any(total_vm_kb is not None for total_vm_kb, _ in sizes)
        self.unparsed_line_count = rows.count("unparsed_lines")
        extra = rows.pick("extra_fields", "name", "reason")
        self.unknown_keys = tuple(str(name) for name, reason in extra if reason == "unknown_key")

    def copy(self, host: str | None) -> Copy:
        """The copy of an incident that it is, in a log of this host."""
        event, first = self.rows.event, self.first
        stamp = moment(first.stamp)
        return Copy(
            digest=digest("copy", host, self._sha256),
            victim_key=self._victim_key,
            body_key=self._body_key,
            is_sized=self._is_sized,
            lines_taken=self._lines_taken,
            damage=None if event["damage"] is None else str(event["damage"]),
            host=host,
            boot_id=first.boot_id,
            uptime_s=first.uptime_s,
            moment=stamp,
            head_keys=head_keys(event, first.uptime_s, in_year(stamp) if stamp else None),
        )

    def sighting(self, copy: Copy) -> dict[str, object]:
        """The row of `sightings` for a copy, but for its source, its event and its time."""
        event, stamp = self.rows.event, copy.moment
        return {
            **self._sighting,
            "copy_damage": event["damage"],
            "copy_digest": copy.digest,
            "victim_key": copy.victim_key,
            "body_key": copy.body_key,
            "head_uptime_key": copy.head_keys[0],
            "head_wall_key": copy.head_keys[1],
            "is_sized": copy.is_sized,
            "lines_taken": copy.lines_taken,
            "copy_hostname": copy.host,
            "boot_id": copy.boot_id,
            "copy_uptime_s": copy.uptime_s,
            "copy_printed_time": event["printed_time"],
            "moment_s": stamp.seconds if stamp else None,
            "moment_has_year": stamp.has_year if stamp else None,
            "moment_has_zone": stamp.has_zone if stamp else None,
        }


def drafts(located: Iterable[Located]) -> Iterator[list[Draft]]:
    """Drafts of reports, some at a time; each report is let go when it is read."""
    one_by_one = map(Draft, located)
    for some in in_batches(one_by_one, _MOST_REPORTS, _size_bytes, _MOST_BYTES):
        from oomdb.rows.builder import finish
        from oomdb.rows.leaves import pack

        finish([draft.unfinished for draft in some if draft.unfinished is not None])
        for draft in some:
            draft.settle()
        if len(some) == _MOST_REPORTS or sum(map(_size_bytes, some)) >= _MOST_BYTES:
            pack([draft.rows for draft in some])
        yield some


def _size_bytes(draft: Draft) -> int:
    return draft.size_bytes
