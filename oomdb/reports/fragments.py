"""Pieces of one line that the kernel printed one after the other, with pr_cont().

A console or the ring buffer may end the line after each piece, and what other
processors print may come between two of them:

    Node 0
    DMA free:15908kB min:164kB low:204kB
    lowmem_reserve[]:
     ? find_held_lock+0x35/0x1d0
     0 2868 6378

Each rule tells what has been printed so far and what can only be its next piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from oomdb.grammar import Section
from oomdb.lines import classify
from oomdb.reports.tokens import Token

#: Lines between two pieces; more have never anything to do with them.
MOST_BETWEEN = 200
#: Longer texts are no pieces.
MOST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class _Rule:
    """`so_far` and `then` match whole texts; `literal` is in every text so far.

    `waits` tells that other lines may come between the two.
    """

    literal: str
    so_far: re.Pattern[str]
    then: re.Pattern[str]
    waits: bool


def _rule(literal: str, so_far: str, then: str, *, waits: bool = True) -> _Rule:
    before, after = re.compile(rf"\s*(?:{so_far})\s*"), re.compile(rf"\s*(?:{then})\s*")
    return _Rule(literal, before, after, waits)


_BLOCKS = r"(?: ?\d+\*\d+kB| ?\([A-Z]+\))*"
_RULES = (
    _rule(
        "Node ", r"Node \d+", r"[A-Z]\w*(?: free:.*| per-cpu:.*|:.*)|hugepages_.*|active_anon:.*"
    ),
    _rule("reserve[]:", r"lowmem_reserve\[\]:(?: \d+)*", r"\d+(?: \d+)*"),
    _rule(":", rf"(?:Node \d+ )?[A-Z]\w*:{_BLOCKS}", rf"(?=[\d(=]){_BLOCKS}(?: ?= \d+kB)?"),
    _rule("cpuset=", r".{1,15} cpuset=", r"\S+(?: mems_allowed=.*)?"),
    _rule("cpuset=", r".{1,15} cpuset=\S+", r"mems_allowed=[\d,-]*"),
    _rule("oom-kill:", r"oom-kill:constraint=.*=", r"\S+"),
    _rule("oom-kill:", r"oom-kill:constraint=.*", r",(?:[a-z_]+=|global_oom).*"),
    _rule("stats", r"Memory cgroup stats(?: for)?", r"for /.*|/.*|:.*"),
    _rule("stats", r"Memory cgroup stats for \S+:?(?: \w+:\d+KB)*", r":|:?(?: ?\w+:\d+KB)+"),
    _rule("from", r"(?:\[<\w+>\] )?\(?[\w.$]+(?:\+0x\w+/0x\w+)?\)? from", r"\S.*", waits=False),
    _rule("[", r"(?:\[<?[0-9a-f]{8,16}>?\] ?)+", r"[\w.$]+\+0x\w+/0x\w+.*", waits=False),
    _rule("+0x", r".*\+0x\w+/0x\w+ \[[\w-]+", r"[0-9a-f]{8,40}\]", waits=False),
)
_PUNCTUATION = (",", ":", ")")
#: Kinds that take a line which may yet get another piece.
_MAY_GROW = frozenset({"lowmem_reserve", "buddy_clipped", "oom_summary_cut"})


def waits(token: Token) -> bool:
    """Whether the token may be the first pieces of a line whose next one is yet to come."""
    return not token.first.foreign and any(rule.waits for rule in _open_rules(token))


def may_grow(token: Token) -> bool:
    """Whether the token may be the first pieces of a line."""
    return bool(_open_rules(token))


def grown(token: Token, piece: Token, *, apart: bool = False) -> Token | None:
    """`token` with its next piece; None when `piece` is none.

    `apart` tells that other lines stand between the two.
    """
    if piece.first.foreign or token.first.foreign or of_others(token, piece):
        return None
    rules = [rule for rule in _open_rules(token) if rule.waits or not apart]
    if not any(rule.then.fullmatch(piece.text) for rule in rules):
        return None
    left, right = token.text.rstrip(), piece.text.strip()
    glue = "" if left.endswith("=") or right.startswith(_PUNCTUATION) else " "
    text = left + glue + right
    understood = classify(text, token.previous)
    longer = Token(
        lines=token.lines + piece.lines,
        text=text,
        understood=understood,
        mends=token.mends | {"wrapped"} | ({"interleaved"} if apart else frozenset()),
        previous=token.previous,
    )
    return longer if understood is not None or _open_rules(longer) else None


def ends_wait(token: Token) -> bool:
    """Whether no piece of an earlier line can follow the token.

    Other processors print stack frames, and lines that are of no report, between pieces.
    """
    return token.kind is not None and token.kind.section is not Section.TRACE


def _open_rules(token: Token) -> list[_Rule]:
    text = token.text
    if len(text) > MOST_TEXT or not (token.kind is None or token.kind.name in _MAY_GROW):
        return []
    return [rule for rule in _RULES if rule.literal in text and rule.so_far.fullmatch(text)]


def of_others(token: Token, piece: Token) -> bool:
    """Whether the two were printed by different callers."""
    callers = {token.first.caller, piece.first.caller}
    return len(callers - {None}) > 1
