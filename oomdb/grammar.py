"""What a printed line is: `LineKind`, the pattern macros, and how a match is read.

A kind is declared once, in `oomdb.lines`, with the literal it contains, the
pattern of its whole text and real samples. A pattern's named groups are columns
of the kind's table, so the kind needs no code: `oomdb.rows.builder` converts by the
column's type. Three shapes cover what the kernel prints:

- plain groups: one line is one row (or part of the event's row);
- `Items`: a group repeated along the line, one row each;
- `Pairs`: `key:value` fields in any order, read by key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Section(IntEnum):
    """Part of a report, in the order in which kernels print them.

    The cutter uses the order to tell one report from the next: a report only
    ever advances.
    """

    PREFACE = 0
    HEADER = 1
    TRACE = 2
    CGROUP = 3
    MEMORY = 4
    COUNTERS = 5
    NODES = 6
    ZONES = 7
    BUDDY = 8
    TRAILER = 9
    PROFILE = 10
    SLABS = 11
    TASKS = 12
    SUMMARY = 13
    KILL = 14
    OUTCOME = 15
    AFTERMATH = 16


#: Pieces shared by patterns, written `{{NAME}}`. A comm has at most 15 bytes
#: (TASK_COMM_LEN), each of which a carrier may have escaped to four characters.
MACROS: Mapping[str, str] = MappingProxyType(
    {
        "COMM": r"(?:\\x[0-9a-f]{2}|#[0-3][0-7]{2}|[\x00-\xff]){0,15}",
        "INT": r"-?\d+",
        "KB": r"-?\d+",
        "LIST": r"\(null\)|[\d,-]*",
        "ZONE": r"(?:Node (?P<node>\d+) )?(?P<zone>[A-Z][A-Za-z0-9]*)",
        "KEY": r"[A-Za-z_][\w()]*\??",
    }
)


def expand(pattern: str) -> str:
    """`pattern` with every `{{NAME}}` replaced by its macro; KeyError when unknown."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: MACROS[found.group(1)], pattern)


@dataclass(frozen=True)
class Items:
    """A repeated piece of the group `items`: each occurrence is one row.

    `index` names the column that counts the occurrences from 0, when one does.
    """

    pattern: str
    index: str | None = None

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The compiled piece."""
        return re.compile(expand(self.pattern))


@dataclass(frozen=True)
class Pairs:
    """`key:value` fields of the group `pairs`, in any order.

    `columns` maps a printed key to `table.column` where the general rule (the key
    with its parentheses as underscores, plus `_kb`) does not find it. With
    `name_column` each pair becomes a row of its own instead, for open sets of keys.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    name_column: str | None = None
    value_column: str = "value"


#: One field of a zone, node or counter line: `free:15900kB`, `shmem_thp: 0kB`,
#: `pages_scanned:0`, `all_unreclaimable? yes`.
PAIR = re.compile(
    r"(?P<key>[A-Za-z_][\w()-]*)(?:\?\s(?P<answer>yes|no)\b|:\s?(?P<value>-?\d+)(?P<unit>kB|KB)?)"
)
PAIRS_TEXT = r"(?:[A-Za-z_][\w()]*(?:\?\s(?:yes|no)|:\s?-?\d+(?:kB|KB)?)(?:\s+|$))+"
KB_PAIRS_TEXT = (
    r"(?:[A-Za-z_][\w()]*(?:\?\s(?:yes|no)|:\s?-?\d+(?:kB|KB)|(?<=pages_scanned):\d+)(?:\s+|$))+"
)
PAGE_PAIRS_TEXT = r"(?:[A-Za-z_][\w-]*:-?\d+(?:,?\s+|$))+"


@dataclass(frozen=True)
class LineKind:
    """One form of line that some kernel prints in a report.

    `literal` is contained in every such line and is tested before the pattern;
    `pattern` must match the whole text. `follows` limits a kind that is too plain
    to stand alone to lines that come right after the named kinds. `opens` is the
    `events.kind` of the report that such a line begins. `heads` marks a
    line without a row of its own, whose node, zone or cgroup holds for the lines after
    it. `continues` marks text
    without a fixed end, to which a wrapped rest may be appended; `rest` is what a rest
    begins with that a line which is whole without it may yet get. `mends` holds the
    damage words that such a line proves.
    """

    name: str
    literal: str
    pattern: str
    section: Section
    samples: tuple[str, ...]
    table: str | None = None
    opens: str | None = None
    follows: frozenset[str] = frozenset()
    items: Items | None = None
    pairs: Pairs | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    heads: bool = False
    continues: bool = False
    rest: str | None = None
    mends: frozenset[str] = frozenset()

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The compiled pattern; a dot matches any character but a newline."""
        return re.compile(expand(self.pattern))

    @cached_property
    def begins_with(self) -> str | None:
        """The characters one of which every such line begins with; None when it may be any."""
        return _first_characters(expand(self.pattern))

    def match(self, text: str) -> re.Match[str] | None:
        """The match of the whole text, or None."""
        if self.literal not in text:
            return None
        return self.regex.fullmatch(text)


_OPENED = re.compile(r"(?:\((?:\?P<\w+>|\?:))*")
_FIRST = re.compile(r"(?P<digit>\\d)|\\?(?P<one>(?<=\\)\[|(?<!\\)[A-Za-z])")
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_OPTIONAL = ("?", "*", "{")


def _first_characters(pattern: str) -> str | None:
    """What a pattern that begins with a letter, a digit or a bracket begins with; else None."""
    opened = _OPENED.match(pattern)
    assert opened is not None
    first = _FIRST.match(pattern, opened.end())
    if first is None or pattern.startswith(_OPTIONAL, first.end()):
        return None
    outer, depth = opened.group().count("("), 0
    for part in _PART.finditer(pattern):
        depth += (part.group() == "(") - (part.group() == ")")
        ends_outer = part.group() == ")" and depth < outer
        if depth <= outer and part.group() == "|":
            return None
        if ends_outer and pattern.startswith(_OPTIONAL, part.end()):
            return None
        outer = min(outer, depth) if ends_outer else outer
    return first["one"] or "0123456789"


@dataclass(frozen=True, slots=True)
class Understood:
    """A line that a kind took: the kind and the match that holds its values."""

    kind: LineKind
    match: re.Match[str]
