"""Lines to tokens: pieces of one line are put together where something broke it.

Mailers and terminals wrap lines, and the kernel prints some piece by piece. Pieces are
only joined when a LineKind takes the whole of them; each join is noted as damage.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from oomdb.lines import classify
from oomdb.reports import fragments
from oomdb.reports.mend import (
    clipped_line,
    cut_off,
    spaced,
    split_spliced,
    understand,
    without_lost_stamp,
    without_notes,
    without_strays,
)
from oomdb.reports.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.grammar import LineKind, Section

_COLUMN_TITLE = re.compile(r"\[ *pid *\]|\S+")
#: What a line begins with that may be the first piece of a wrapped report line.
_PROMISING = re.compile(
    r"invoked|Node \d|free:|hugepages|\d\*\d+kB|[oO]om[-_ ]|OOM|[kK]ill|\[ *\d+\] |Memory|CPU:"
    r"|lowmem_reserve|\w:\s?\d+kB|allocation|Out of memory|pid +\]|from \[<"
    r"|Swap cache|Hardware name|Pid:|Task|: usage \d|\+0x|\d+ (?:total|pages)\b|page$"
)
#: What only a line of a report begins with, or holds.
_BEGINS = re.compile(r"invoked oom|llocation failure[:.,]|oom-kill:|illed process \d|\w free:\d+kB")
#: `program[pid]: ` of user space on a console.
_USER_SPACE = re.compile(r"[\w.@-]+\[\d+\]: ")
#: A wrapped line has at most this many pieces; a zone line has about twelve.
MOST_PIECES = 16
#: Wider lines are not pieces of a wrapped one.
MOST_WIDTH = 400
#: Ways of gluing pieces that are followed at once.
MOST_DRAFTS = 32
#: The kernel's limit for a task name, less its closing zero (TASK_COMM_LEN).
COMM_BYTES = 15
#: Tasks that print at once.
MOST_CALLERS = 64
_STATISTICS = frozenset({"cgroup_stats_header", "cgroup_stat"})
#: Mailers wrap between these columns.
_WRAP_COLUMNS = range(58, 82)


class Joiner:
    """Turns the lines of one host's stream into tokens, one line behind the input."""

    def __init__(self) -> None:
        self._held: Token | None = None
        self._waiting: dict[str | None, list[Token]] = {}
        self._prefixed = False
        self._columns = 0
        self._kinds: dict[str | None, str] = {}
        self._stamped = False

    def feed(self, line: KernelLine) -> Iterator[Token]:
        """The tokens that are complete now that `line` is known."""
        self._prefixed = self._prefixed or line.prefixed
        self._stamped = self._stamped or line.uptime_s is not None
        for piece in split_spliced(line):
            previous = self._kind_before(piece)
            token = understand(piece, previous)
            if self._stamped and piece.uptime_s is None:
                token = without_lost_stamp(token)
            yield from self._take(token)

    @property
    def held_section(self) -> Section | None:
        """The part of a report that the line which is held belongs to, if any."""
        return self._held.kind.section if self._held and self._held.kind else None

    def _kind_before(self, line: KernelLine) -> str | None:
        """The kind of the line that the same task printed before this one, or None.

        Statistics go on behind a line of something else, but for a piece of their last one.
        """
        if self._held is None:
            return None
        held, caller = self._held.kind, self._held.first.caller
        if held is not None:
            self._kinds[caller] = held.name
        elif self._kinds.get(caller) in _STATISTICS:
            self._kinds[caller] = "cgroup_stats_header"
        else:
            self._kinds.pop(caller, None)
        if len(self._kinds) > MOST_CALLERS:
            self._kinds.pop(next(iter(self._kinds)))
        # The rest of a wrapped line names no caller.
        return self._kinds.get(line.caller if line.prefixed else caller)

    def flush(self) -> Iterator[Token]:
        """The last tokens, when the stream ends."""
        if self._held is not None:
            yield from self._pass_on(self._held)
        for waiting in self._waiting.values():
            yield from waiting
        self._held = None
        self._waiting.clear()

    def _take(self, token: Token) -> Iterator[Token]:
        """The tokens that are complete now that one line more is known."""
        held = self._held
        if held is not None:
            joined = self._join(held, token)
            if joined is None or joined.understood is None:
                joined = fragments.grown(held, token) or joined
            if joined is not None:
                token = joined
            elif self._grow_waiting(token):
                yield from self._end_wait(token, unless=fragments.waits)
                return
            else:
                yield from self._pass_on(held)
        if token.kind is not None and token.kind.name == "task_header":
            self._columns = len(_COLUMN_TITLE.findall(token.text)) - 2
        self._held = token

    def _grow_waiting(self, token: Token) -> bool:
        """Whether the token was the next piece of the line of its caller that waits for one."""
        waiting = self._waiting.get(token.first.caller)
        if waiting is None:
            return False
        longer = fragments.grown(waiting[0], token, apart=True)
        if longer is None:
            return False
        waiting[0] = longer
        return True

    def _end_wait(
        self, token: Token, unless: Callable[[Token], bool] = lambda _: False
    ) -> Iterator[Token]:
        """The lines that waited with the one of the token's caller, unless it still does."""
        waiting = self._waiting.get(token.first.caller)
        if waiting is not None and not unless(waiting[0]):
            yield from self._waiting.pop(token.first.caller)

    def _pass_on(self, held: Token) -> Iterator[Token]:
        """A token that will not grow, unless it or one before it waits for its next piece."""
        for token in self._settle(held):
            caller = token.first.caller
            begins = fragments.waits(token)
            full = len(self._waiting.get(caller, ())) > fragments.MOST_BETWEEN
            if begins or full or fragments.ends_wait(token):
                yield from self._end_wait(token)
            if begins or caller in self._waiting:
                self._waiting.setdefault(caller, []).append(token)
            else:
                yield token

    def _settle(self, token: Token) -> Iterator[Token]:
        """A token that will not grow: pieces that never fitted come apart again.

        The first of them may have been no piece, but a sentence before a broken line.
        """
        clipped = _clipped_after_wrap(token)
        if token.understood is not None or len(token.lines) == 1 or clipped is not None:
            yield clipped or token
            return
        held: Token | None = None
        for number, line in enumerate(token.lines):
            previous = held.kind.name if held is not None and held.kind is not None else None
            piece = understand(line, previous)
            joined = None
            if held is not None and number > 1 and _BEGINS.search(held.lines[0].text):
                joined = self._join(held, piece)
            if held is not None and joined is None:
                yield from self._settle(held)
            held = joined or piece
        if held is not None:
            yield from self._settle(held)

    def _join(self, held: Token, token: Token) -> Token | None:
        """`held` with `token` appended, when the two are pieces of one line."""
        if held.first.foreign or token.first.foreign or fragments.of_others(held, token):
            return None
        if token.understood is not None:
            is_rest = held.kind is None and 0 < len(held.text) < COMM_BYTES
            return _join_newline_in_name(held, token) if is_rest else None
        if held.kind is not None and _may_grow(held, token):
            held = replace(held, understood=None, mends=frozenset(), rest="")
        if len(held.lines) >= MOST_PIECES or max(len(held.text), len(token.text)) > MOST_WIDTH:
            return None
        if token.first.prefixed or _of_one_record(held, token):
            return _join_newline_in_name(held, token)
        if token.first.line_no > held.lines[-1].line_no + 1 or not token.text.strip():
            return None
        if _USER_SPACE.match(token.text):
            return None
        if held.understood is None:
            return _join_pieces(held, token)
        return self._join_rest(held, token)

    def _join_rest(self, held: Token, token: Token) -> Token | None:
        """A rest that belongs to a line which could have ended before it."""
        assert held.understood is not None
        kind = held.understood.kind
        if kind.name == "task":
            return self._join_row(held, token)
        wrapped_like = self._prefixed and (len(held.lines) > 1 or _breaks_at_margin(held, token))
        is_rest = kind.rest is not None and re.fullmatch(kind.rest, token.text.strip())
        if kind.continues and not (wrapped_like or is_rest):
            return None
        for glue in _glues(token.text):
            joined = _merged(held, token, held.text.rstrip() + glue + token.text, kind)
            if joined is not None:
                return joined
        return None

    def _join_row(self, held: Token, token: Token) -> Token | None:
        """A row whose last numbers or whose name stand on the next line."""
        assert held.understood is not None
        match = held.understood.match
        rest = spaced(token.text).strip()
        short = len(match["numbers"].split()) < self._columns
        if not short and (match["comm"].strip() or len(rest) > COMM_BYTES):
            return None
        return _merged(held, token, f"{held.text.rstrip()} {rest}", held.understood.kind)


def _breaks_at_margin(held: Token, token: Token) -> bool:
    """Whether the first word of `token` would have reached over a mailer's right margin."""
    word = token.text.split(None, 1)[0] if token.text.strip() else ""
    return held.first.width in _WRAP_COLUMNS or (
        held.first.width
        < _WRAP_COLUMNS.start
        <= _WRAP_COLUMNS.stop - 10
        <= held.first.width + 1 + len(word)
    )


def _may_grow(held: Token, token: Token) -> bool:
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


def _clipped_after_wrap(token: Token) -> Token | None:
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


def _join_pieces(held: Token, token: Token) -> Token | None:
    """Two pieces that no kind took: whole now, or still growing."""
    drafts = held.drafts or (spaced(held.text),)
    if not (held.drafts or held.first.prefixed):
        drafts = (drafts[0].lstrip(),)
    if not (held.first.prefixed or _PROMISING.search(drafts[0])):
        return None
    rest = spaced(token.text).strip()
    lines = held.lines + token.lines
    longer = [draft.rstrip() + glue + rest for draft in drafts for glue in _glues(rest)]
    for text in longer:
        mended = without_strays(without_notes(text))
        understood = classify(text, held.previous)
        if understood is None and mended != text:
            understood = classify(mended, held.previous)
        if understood is not None and not cut_off(understood):
            return Token(lines, understood.match.string, understood, frozenset({"wrapped"}))
    return Token(lines, held.text, None, previous=held.previous, drafts=tuple(longer[:MOST_DRAFTS]))


def _join_newline_in_name(held: Token, token: Token) -> Token | None:
    """A task name that holds a newline is printed on two lines with one stamp.

    Syslog daemons escape the newline, so that both stand in one line of the log.
    """
    same_stamp = held.first.uptime_s is not None and held.first.uptime_s == token.first.uptime_s
    if not same_stamp and not _of_one_record(held, token):
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


def _of_one_record(held: Token, token: Token) -> bool:
    """Whether both stand in one line of the log, by a newline that was escaped there."""
    before, line = held.lines[-1], token.first
    same_line = before.first_byte == line.first_byte and before.uptime_s == line.uptime_s
    return same_line and not line.spliced


#: Groups that hold the name of a task.
_NAMES = frozenset({"comm", "invoker_comm", "chosen_comm"})


def _glues(rest: str) -> tuple[str, ...]:
    """What may have stood where a line was broken; the kernel prints no blank before a comma."""
    return ("",) if rest.startswith(",") else (" ", "")


def _merged(held: Token, token: Token, text: str, kind: LineKind) -> Token | None:
    match = kind.match(text)
    if match is None:
        return None
    assert held.understood is not None
    understood = replace(held.understood, match=match)
    return Token(held.lines + token.lines, text, understood, held.mends | {"wrapped"})
