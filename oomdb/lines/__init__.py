"""Every form of line that kernels print in a memory report, as data.

Add a line form by adding one `LineKind` with its sample to the module named after
the part of the report; `tests/test_line_kinds.py` checks that each sample is taken
by its own kind alone.
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Understood
from oomdb.lines import cgroup, kill, meminfo, slabs, tasks, trace, trailer, trigger, zones

KINDS: tuple[LineKind, ...] = (
    *tasks.KINDS,
    *kill.KINDS,
    *trigger.KINDS,
    *zones.KINDS,
    *meminfo.KINDS,
    *trailer.KINDS,
    *cgroup.KINDS,
    *slabs.KINDS,
    *trace.KINDS,
)
BY_NAME: dict[str, LineKind] = {kind.name: kind for kind in KINDS}
#: printk prints at most 1 kB at once; a longer text is no line of a kernel, and
#: testing it would cost time for nothing.
MOST_TEXT = 8192
_STANDALONE = tuple(kind for kind in KINDS if not kind.follows)


def _beginning_with(first: str) -> tuple[tuple[str, LineKind], ...]:
    """The kinds, each after its literal, whose lines may begin with that character."""
    return tuple(
        (kind.literal, kind)
        for kind in _STANDALONE
        if kind.begins_with is None or first in kind.begins_with
    )


_ANY = _beginning_with("none")
#: By a first character in ASCII, where some kind begins with no other.
_BY_FIRST = {
    **dict.fromkeys(map(chr, range(128)), _ANY),
    **{first: _beginning_with(first) for kind in _STANDALONE for first in kind.begins_with or ""},
}
_ALL = tuple((kind.literal, kind) for kind in _STANDALONE)
_FOLLOWING: dict[str, tuple[LineKind, ...]] = {
    name: tuple(kind for kind in KINDS if name in kind.follows)
    for name in {name for kind in KINDS for name in kind.follows}
}
#: Kinds of lines after which some kinds are recognised that are none elsewhere.
FOLLOWED = frozenset(_FOLLOWING)


def classify(text: str, previous: str | None = None) -> Understood | None:
    """The kind that takes the whole of `text`, or None.

    `previous` is the name of the kind that took the line before, which some kinds
    need in order to be recognised.
    """
    if len(text) > MOST_TEXT:
        return None
    for kind in _FOLLOWING.get(previous, ()) if previous else ():
        match = kind.match(text)
        if match:
            return Understood(kind, match)
    for literal, kind in _BY_FIRST.get(text[:1], _ALL):
        if literal in text:
            match = kind.regex.fullmatch(text)
            if match:
                return Understood(kind, match)
    return None
