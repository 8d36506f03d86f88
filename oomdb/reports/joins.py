"""Two pieces of one line as one, where some kind takes the whole of them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from oomdb.grammar import Understood
from oomdb.lines import BY_NAME, classify
from oomdb.reports.mend import clipped_line, cut_off, spaced, without_notes, without_strays
from oomdb.reports.tokens import Token

if TYPE_CHECKING:
    from oomdb.grammar import LineKind

#: What a line begins with that may be the first piece of a wrapped report line.
_PROMISING = re.compile(
    r"invoked|Node \d|free:|hugepages|\d\*\d+kB|[oO]om[-_ ]|OOM|[kK]ill|\[ *\d+\] |Memory|CPU:"
    r"|lowmem_reserve|\w:\s?\d+kB|allocation|Out of memory|pid +\]|from \[<"
    r"|Swap cache|Hardware name|Pid:|Task|: usage \d|\+0x|\d+ (?:total|pages)\b|page$"
)
#: Ways of gluing pieces that are followed at once.
MOST_DRAFTS = 32
FEWEST_DRAFTS = 4
#: The kernel prints no longer line: 1 kB, of which a mailer may have encoded each sign.
MOST_JOINED = 2048
#: The kernel's limit for a task name, less its closing zero (TASK_COMM_LEN).
COMM_BYTES = 15
_KILLED = BY_NAME["killed"]
#: Mailers wrap between these columns.
_WRAP_COLUMNS = range(58, 82)


def breaks_at_margin(held: Token, token: Token) -> bool:
    """Whether the first word of `token` would have reached over a mailer's right margin."""
    word = token.text.split(None, 1)[0] if token.text.strip() else ""
    return held.first.width in _WRAP_COLUMNS or (
        held.first.width
        < _WRAP_COLUMNS.start
        <= _WRAP_COLUMNS.stop - 10
        <= held.first.width + 1 + len(word)
    )


def may_grow(held: Token, token: Token) -> bool:
    """Whether a line that a kind took may still be the first piece of a longer one."""
    assert held.kind is not None
    if "clipped" in held.mends | held.kind.mends:
        return True
    rest = held.kind.rest
    return (
        rest is not None
        and held.text.rstrip().endswith(")")
        and re.match(rest, token.text.lstrip()) is not None
    )


def clipped_after_wrap(token: Token) -> Token | None:
    """Pieces of a line that had been cut off at a pager's edge before a mailer broke it."""
    last = token.lines[-1].text.rstrip()
    if token.understood is not None or len(token.lines) == 1 or not last.endswith((">", "...")):
        return None
    for text in token.drafts:
        clipped = clipped_line(text, token.previous)
        if clipped is not None:
            rest = text.lstrip()[len(clipped.match.string) :].strip(" ,")
            mends = frozenset({"wrapped", "clipped"})
            return Token(token.lines, text, clipped, mends, rest, token.previous)
    return None


def clipped_kill(token: Token) -> Token | None:
    """A kill line of which a mailer broke what another program had cut or written over.

    The pieces go as far as its sizes do; without the first ones they could be of any text.
    """
    if token.understood is not None or "Killed process" not in token.first.text:
        return None
    whole: Token | None = None
    text = spaced(token.first.text).strip()
    end = 0
    for count, line in enumerate(token.lines[1:], 2):
        longer = [text + glue + spaced(line.text).strip() for glue in (" ", "")]
        matches = [match for one in longer if (match := _KILLED.regex.match(one)) is not None]
        match = max(matches, key=lambda one: one.end(), default=None)
        if match is None or match.end() <= end:
            break
        text, end = match.string, match.end()
        if match["anon_rss_kb"] is not None:
            rest = text[end:].strip(" ,")
            mends = frozenset({"wrapped", "clipped"} if rest else {"wrapped"})
            understood = Understood(_KILLED, match)
            whole = Token(token.lines[:count], text, understood, mends, rest, token.previous)
    return whole


def join_pieces(held: Token, token: Token) -> Token | None:
    """Two pieces that no kind took: whole now, or still growing."""
    drafts = held.drafts or (spaced(held.text),)
    if not (held.drafts or held.first.prefixed):
        drafts = (drafts[0].lstrip(),)
    if not (held.first.prefixed or _PROMISING.search(drafts[0])):
        return None
    rest = spaced(token.text).strip()
    if len(drafts[0]) + len(rest) > MOST_JOINED:
        return None
    lines = held.lines + token.lines
    longer = [draft.rstrip() + glue + rest for draft in drafts for glue in glues(rest)]
    for text in longer:
        mended = without_strays(without_notes(text))
        understood = classify(text, held.previous)
        if understood is None and mended != text:
            understood = classify(mended, held.previous)
        if understood is not None and not cut_off(understood):
            return Token(lines, understood.match.string, understood, frozenset({"wrapped"}))
    followed = tuple(longer[: _most_drafts(rest, longer[0])])
    return Token(lines, held.text, None, previous=held.previous, drafts=followed)


def _most_drafts(rest: str, text: str) -> int:
    """How many ways are followed, so that they cost in proportion to the piece `rest`."""
    worth = min(len(rest) // 2, 2 * MOST_DRAFTS * len(rest) // len(text))
    return min(max(worth, FEWEST_DRAFTS), MOST_DRAFTS)


def join_newline_in_name(held: Token, token: Token) -> Token | None:
    """A task name that holds a newline is printed on two lines with one stamp.

    Syslog daemons escape the newline, so that both stand in one line of the log.
    """
    same_stamp = held.first.uptime_s is not None and held.first.uptime_s == token.first.uptime_s
    if not same_stamp and not of_one_record(held, token):
        return None
    [*_, before] = held.drafts or (held.text,)
    text = f"{before}\n{token.text}"
    lines = held.lines + token.lines
    if held.understood is not None:
        if held.understood.kind.name != "task":
            return None
        name = held.understood.match["comm"][1:]
        if len(name) + 1 + len(token.text) > COMM_BYTES:
            return None
        pattern = re.compile(held.understood.kind.regex.pattern, re.DOTALL)
        match = pattern.fullmatch(text)
        if match is None:
            return None
        return Token(lines, text, replace(held.understood, match=match))
    understood = classify(text)
    if understood is not None and _NAMES & understood.kind.regex.groupindex.keys():
        return Token(lines, text, understood)
    if understood is None and (not token.text or _PROMISING.search(before)):
        return Token(lines, held.text, None, previous=held.previous, drafts=(text,))
    return None


def of_one_record(held: Token, token: Token) -> bool:
    """Whether both stand in one line of the log, by a newline that was escaped there."""
    before, line = held.lines[-1], token.first
    same_line = before.first_byte == line.first_byte and before.uptime_s == line.uptime_s
    return same_line and not line.spliced


#: Groups that hold the name of a task.
_NAMES = frozenset({"comm", "invoker_comm", "chosen_comm"})


def glues(rest: str) -> tuple[str, ...]:
    """What may have stood where a line was broken; the kernel prints no blank before a comma."""
    return ("",) if rest.startswith(",") else (" ", "")


def merged(held: Token, token: Token, text: str, kind: LineKind) -> Token | None:
    """Both as one line with that text; None when the kind does not take it."""
    match = kind.match(text)
    if match is None:
        return None
    assert held.understood is not None
    understood = replace(held.understood, match=match)
    return Token(held.lines + token.lines, text, understood, held.mends | {"wrapped"})
