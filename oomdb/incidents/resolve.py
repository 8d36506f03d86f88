"""Which copies are of one incident: the same report, seen in many places.

Each carrier keeps another part of a report and knows another part of when and where.
Copies belong together when they hold the same numbers and do not contradict each
other on host, boot and time. The outcome depends on the set of copies alone, not on
the order in which they came, so that any order of reading gives the same events.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.clock import YEAR_S
from oomdb.incidents.identity import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.clock import Moment
    from oomdb.incidents.identity import Head

#: Stamps of one record may differ by this much between programs that received it.
UPTIME_TOLERANCE_S = 5.0
#: Wall clocks of one record: receipt, batching, and dmesg -T's drift.
WALL_TOLERANCE_S = 900
#: No two zones are further apart; zones differ by quarters of an hour.
_ZONE_SPAN_S = 26 * 3600
_ZONE_STEP_S = 900
_ZONE_SLACK_S = 120


@dataclass(frozen=True, slots=True)
class Copy:
    """What one sighting tells for the question which incident it is of.

    `victim_key` stands for the numbers of the first kill, `body_key` for those of the
    memory dump; None where that part is missing. `head_keys` stand for the first line and
    its stamps, and count where a copy is cut before its end. `is_sized` tells that the kill
    line held sizes, without which a key alone proves little. Without `damage`, or with more
    `lines_taken`, a copy is the better one. `digest` names the copy by its host and its lines;
    what stood between these in its log may be damage of one sighting and not of another.
    """

    digest: str
    victim_key: str | None
    body_key: str | None
    is_sized: bool
    lines_taken: int
    damage: str | None
    host: str | None
    boot_id: str | None
    uptime_s: float | None
    moment: Moment | None
    head_keys: Head = (None, None)

    @property
    def damages(self) -> list[str]:
        """The words of its damage."""
        return self.damage.split(",") if self.damage else []

    @property
    def keys(self) -> list[str]:
        """All keys by which it may be known as a copy of another one."""
        keys = (self.victim_key, self.body_key, *self.head_keys)
        return [key for key in keys if key is not None]


@dataclass(frozen=True, slots=True)
class Incident:
    """Copies of one report: the best first, and the id of the event they make."""

    event_id: str
    copies: tuple[Copy, ...]

    @property
    def best(self) -> Copy:
        """The copy that the event's rows come from."""
        return self.copies[0]


def incidents(copies: Iterable[Copy]) -> list[Incident]:
    """The incidents that the copies are of; every copy is in exactly one.

    The id is made from the numbers alone while only one incident holds them, and from
    host and time too where several do.
    """
    return [found for related in components(copies) for found in _incidents(related)]


def components(copies: Iterable[Copy]) -> list[list[Copy]]:
    """The copies in groups that share keys, directly or through others, in any order."""
    home: dict[str, list[Copy]] = {}
    for copy in set(copies):
        keys = copy.keys or [copy.digest]
        near = {id(group): group for key in keys if (group := home.get(key)) is not None}
        # The smaller groups move, so that no copy moves more often than groups can double.
        merged = max(near.values(), key=len, default=[])
        for group in near.values():
            if group is not merged:
                merged += group
                home.update(dict.fromkeys((key for one in group for key in one.keys), merged))
        merged.append(copy)
        home.update(dict.fromkeys(keys, merged))
    return list({id(group): group for group in home.values()}.values())


def _incidents(copies: Iterable[Copy]) -> list[Incident]:
    """The incidents among copies that share keys."""
    groups: list[list[Copy]] = []
    # Copies whose hosts differ in the first label are of different incidents; those that
    # name none come last, when all the others have their groups.
    by_label: dict[str | None, list[list[Copy]]] = defaultdict(list)
    # The same lines of one host are one report, whatever else their logs tell.
    by_digest: dict[str, list[Copy]] = {}
    for copy in sorted(set(copies), key=_precedence):
        label = _label(copy.host)
        near = by_label[label] if label is not None else groups
        home = by_digest.get(copy.digest) or next(
            (group for group in near if _belongs(copy, group)), None
        )
        if home is None:
            home = []
            groups.append(home)
            by_label[label].append(home)
        home.append(copy)
        by_digest[copy.digest] = home
    return [
        Incident(event_id, tuple(_best_first(group)))
        for event_id, group in zip(_ids(groups), groups, strict=True)
    ]


def _ids(groups: Sequence[Sequence[Copy]]) -> list[str]:
    """An id for each group, of no more than tells it from the others."""
    ids = [_base(group) for group in groups]
    for tell_apart in (_by_place, _by_copy):
        count_of = Counter(ids)
        ids = [
            found if count_of[found] == 1 else tell_apart(found, group)
            for found, group in zip(ids, groups, strict=True)
        ]
    return ids


def _label(host: str | None) -> str | None:
    """The part of a host's name that all its forms have; None for none."""
    return host.lower().rstrip(".").partition(".")[0] or None if host else None


def _precedence(copy: Copy) -> tuple[object, ...]:
    """Copies that tell more come first, so that those that tell less join them."""
    return (
        copy.host is None,
        copy.uptime_s is None,
        copy.moment is None,
        copy.moment is not None and not (copy.moment.has_year and copy.moment.has_zone),
        copy.victim_key is None,
        copy.body_key is None,
        -copy.lines_taken,
        copy.digest,
        copy.damage or "",
    )


def _belongs(copy: Copy, group: Sequence[Copy]) -> bool:
    shared = any(
        (copy.victim_key is not None and copy.victim_key == other.victim_key)
        or (copy.body_key is not None and copy.body_key == other.body_key)
        or _same_head(copy, other)
        for other in group
    )
    if not shared or not all(_compatible(copy, other) for other in group):
        return False
    return copy.is_sized or any(_confirms(copy, other) for other in group)


def _same_head(one: Copy, other: Copy) -> bool:
    """Whether one copy is cut and both begin with the same line at the same time."""
    pairs = zip(one.head_keys, other.head_keys, strict=True)
    is_cut = "cut_end" in one.damages or "cut_end" in other.damages
    return is_cut and any(a is not None and a == b for a, b in pairs)


def _confirms(one: Copy, other: Copy) -> bool:
    """Whether more than a name and a number speaks for one incident.

    Dumps without a kill may repeat every number, so they need a time in common.
    """
    same_body = one.body_key is not None and one.body_key == other.body_key
    return (
        one.digest == other.digest
        or _same_head(one, other)
        or (same_body and (one.victim_key or other.victim_key) is not None)
        or (one.uptime_s is not None and other.uptime_s is not None)
        or (one.moment is not None and other.moment is not None)
    )


def _compatible(one: Copy, other: Copy) -> bool:
    """Whether nothing that both copies tell contradicts."""
    if one.digest == other.digest and one.host == other.host:
        return True
    if one.host and other.host and not same_host(one.host, other.host):
        return False
    if one.boot_id and other.boot_id and one.boot_id != other.boot_id:
        return False
    if one.victim_key and other.victim_key and one.victim_key != other.victim_key:
        return False
    if (
        one.uptime_s is not None
        and other.uptime_s is not None
        and abs(one.uptime_s - other.uptime_s) > UPTIME_TOLERANCE_S
    ):
        return False
    return one.moment is None or other.moment is None or _same_time(one.moment, other.moment)


def same_host(one: str, other: str) -> bool:
    """Whether two names mean one machine: equal, or one the short form of the other."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _same_time(one: Moment, other: Moment) -> bool:
    apart = abs(one.seconds - other.seconds)
    if not (one.has_year and other.has_year):
        one_s, other_s = in_year(one), in_year(other)
        apart = abs(one_s - other_s)
        apart = min(apart, YEAR_S - apart)
    if one.has_zone == other.has_zone:
        return apart <= WALL_TOLERANCE_S
    off_step = apart % _ZONE_STEP_S
    on_step = min(off_step, _ZONE_STEP_S - off_step) <= _ZONE_SLACK_S
    return apart <= WALL_TOLERANCE_S or (apart <= _ZONE_SPAN_S and on_step)


def in_year(moment: Moment) -> float:
    """Seconds from the start of a year without 29 February."""
    if not moment.has_year:
        return moment.seconds
    parts = time.gmtime(moment.seconds)
    day = (parts.tm_yday - 1) - int(parts.tm_yday > 59 and parts.tm_year % 4 == 0)
    return day * 86400 + moment.seconds % 86400


def merged_host(copies: Iterable[Copy]) -> str | None:
    """The fullest name of the host that the copies tell, None when none does."""
    return max(
        (copy.host for copy in copies if copy.host),
        key=lambda name: (len(name), name),
        default=None,
    )


def _best_first(group: Sequence[Copy]) -> Iterator[Copy]:
    return iter(sorted(group, key=_worth))


def _worth(copy: Copy) -> tuple[object, ...]:
    count = len(copy.damages)
    return (count > 0, -copy.lines_taken, count, copy.digest)


def _base(group: Sequence[Copy]) -> str:
    keys = [copy.victim_key for copy in group if copy.victim_key is not None]
    if not keys:
        keys = [copy.body_key for copy in group if copy.body_key is not None]
    return digest("event", min(keys, default=min(copy.digest for copy in group)))


def _by_place(base: str, group: Sequence[Copy]) -> str:
    """The id where several incidents hold the same numbers: by host and time."""
    first = min(group, key=_precedence)
    moment = first.moment.seconds if first.moment is not None else None
    known = (first.host, first.boot_id, first.uptime_s, moment)
    return digest(base, *known) if any(known) else digest(base, first.digest)


def _by_copy(base: str, group: Sequence[Copy]) -> str:
    """The id where nothing but their own lines tells incidents of one host apart."""
    return digest(base, min(group, key=_precedence).digest)
