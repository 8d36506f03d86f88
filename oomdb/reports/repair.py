"""Lines to tokens: pieces of one line are put together where something broke it.

Mailers and terminals wrap lines, and the kernel prints some piece by piece. Pieces are
only joined when a LineKind takes the whole of them; each join is noted as damage.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from oomdb.carriers.line import KernelLine
from oomdb.lines import BY_NAME
from oomdb.reports import fragments
from oomdb.reports.joins import (
    COMM_BYTES,
    breaks_at_margin,
    clipped_after_wrap,
    clipped_kill,
    glues,
    join_newline_in_name,
    join_pieces,
    may_grow,
    merged,
    of_one_record,
)
from oomdb.reports.mend import spaced, split_spliced, understand, without_lost_stamp
from oomdb.reports.tokens import LineToken, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from oomdb.grammar import LineKind, Section

_COLUMN_TITLE = re.compile(r"\[ *pid *\]|\S+")
#: What only a line of a report begins with, or holds.
_BEGINS = re.compile(
    r"invoked oom|alloc(?:ation)? failure[:.,]|oom-kill:|illed process \d|\w free:\d+kB"
)
#: `program[pid]: ` of user space on a console.
_USER_SPACE = re.compile(r"[\w.@-]+\[\d+\]: ")
#: A wrapped line has at most this many pieces; a zone line has about twelve.
MOST_PIECES = 16
#: Lines before a broken one that were taken for its first pieces.
MOST_RESTARTS = 2
#: Wider lines are not pieces of a wrapped one.
MOST_WIDTH = 400
#: Tasks that print at once.
MOST_CALLERS = 64
_TASK_HEADER, _TASK, _RESERVE = BY_NAME["task_header"], BY_NAME["task"], BY_NAME["lowmem_reserve"]
_STATISTICS = frozenset({"cgroup_stats_header", "cgroup_stat"})
#: Stands for a line of another program, of which nothing else matters.
_FOREIGN = Token([KernelLine("-", 0, 0, 0, "", "syslog", prefixed=True, foreign=True)], "-", None)


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
        if isinstance(self._held, LineToken):
            self._held = self._held.plain()
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

    def is_steady(self, caller: str | None) -> bool:
        """Whether a regular line of the caller is no piece of what was held back."""
        held = self._held
        if held is None:
            return not self._waiting
        kind = held.kind
        if kind is None:
            if not self._is_apart(held, caller):
                return False
        elif held.mends or kind.mends or held.caller != caller:
            return False
        if not self._waiting:
            return True
        waiting = self._waiting.get(caller)
        return len(self._waiting) == 1 and waiting is not None and _is_reserve(waiting[0])

    def _is_apart(self, held: Token, caller: str | None) -> bool:
        """Whether a line that no kind took is no piece of what the caller prints next."""
        known = self._kinds.get(caller)
        if known in _STATISTICS or (known is not None and held.caller != caller):
            return False
        if held.first.foreign:
            return True
        is_piece = len(held.lines) > 1 or held.drafts or 0 < len(held.text) < COMM_BYTES
        return held.caller == caller and not is_piece and not fragments.may_grow(held)

    def feed_regular(self, token: Token) -> Iterable[Token]:
        """The tokens that are complete now; for a regular line of a steady stream.

        It is understood, prefixed and stamped, and no piece of anything.
        """
        held, self._held = self._held, token
        self._prefixed = self._stamped = True
        if held is None:
            return ()
        if self._waiting or _is_reserve(held):
            return self._pass_on(held)
        return (held,)

    def feed_run(self, tokens: list[LineToken]) -> list[Token]:
        """The tokens that are complete now; for regular lines, of which a steady stream has many.

        All but the last are, unless one of them is a line of reserves that still waits.
        """
        begun: list[Token] = [] if self._held is None else [self._held]
        if self._held is not None and self._held.kind is None:
            self._note_kind(self._held)
        begun += tokens[:-1]
        settled = len(begun)
        while settled and not fragments.ends_wait(begun[settled - 1]):
            settled -= 1
        if self._waiting or not begun or (settled and _is_reserve(begun[settled - 1])):
            return [done for token in tokens for done in self.feed_regular(token)]
        self._held = tokens[-1]
        self._prefixed = self._stamped = True
        return begun

    def pass_by(self, count: int) -> tuple[list[Token], int]:
        """The tokens that are complete now that so many lines of other programs came.

        How many more came, of which nothing but their number matters.
        """
        self._prefixed = True
        passed: list[Token] = []
        if self._held is not None:
            self._note_kind(self._held)
            passed += self._pass_on(self._held)
        self._held = _FOREIGN
        rest = count - 1
        if rest:
            self._note_kind(_FOREIGN)
        while rest and self._waiting:
            passed += self._pass_on(_FOREIGN)
            rest -= 1
        return passed, rest

    def note_columns(self, header: Token) -> None:
        """Learn how many columns the rows have that come now."""
        self._columns = _columns(header)

    def pass_row(self) -> Token | None:
        """The row of a table that is held, when regular ones follow it."""
        held = self._held
        if held is None or held.kind is not _TASK or self._waiting:
            return None
        self._held = None
        return held

    @property
    def held_kind(self) -> LineKind | None:
        """The kind of the line that is held, if any."""
        return self._held.kind if self._held else None

    @property
    def columns(self) -> int:
        """How many numbers follow the pid in a row of the table, by its header; 0 without one."""
        return self._columns

    def _kind_before(self, line: KernelLine) -> str | None:
        """The kind of the line that the same task printed before this one, or None.

        Statistics go on behind a line of something else, but for a piece of their last one.
        """
        if self._held is None:
            return None
        self._note_kind(self._held)
        # The rest of a wrapped line names no caller.
        return self._kinds.get(line.caller if line.prefixed else self._held.caller)

    def _note_kind(self, token: Token) -> None:
        kind, caller = token.kind, token.caller
        if kind is not None:
            self._kinds[caller] = kind.name
        elif self._kinds.get(caller) in _STATISTICS:
            self._kinds[caller] = "cgroup_stats_header"
        else:
            self._kinds.pop(caller, None)
        if len(self._kinds) > MOST_CALLERS:
            self._kinds.pop(next(iter(self._kinds)))

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
        if token.kind is _TASK_HEADER:
            self._columns = _columns(token)
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

    def _settle(self, token: Token, restarts: int = MOST_RESTARTS) -> Iterator[Token]:
        """A token that will not grow: pieces that never fitted come apart again.

        The first of them may have been no piece, but a sentence before a broken line;
        `restarts` tells how many of them at most.
        """
        clipped = clipped_after_wrap(token)
        if token.understood is not None or len(token.lines) == 1 or clipped is not None:
            yield clipped or token
            return
        held = clipped_kill(token)
        lines = token.lines[len(held.lines) :] if held is not None else token.lines
        for number, line in enumerate(lines):
            previous = held.kind.name if held is not None and held.kind is not None else None
            piece = understand(line, previous)
            joined = None
            may_begin = restarts > 0 and number > 1
            if held is not None and may_begin and _BEGINS.search(held.lines[0].text):
                joined = self._join(held, piece)
            if held is not None and joined is None:
                yield from self._settle(held, restarts - 1)
            held = joined or piece
        if held is not None:
            yield from self._settle(held, restarts - 1)

    def _join(self, held: Token, token: Token) -> Token | None:
        """`held` with `token` appended, when the two are pieces of one line."""
        if held.first.foreign or token.first.foreign or fragments.of_others(held, token):
            return None
        if token.understood is not None:
            is_rest = held.kind is None and 0 < len(held.text) < COMM_BYTES
            return join_newline_in_name(held, token) if is_rest else None
        if held.kind is not None and may_grow(held, token):
            held = replace(held, understood=None, mends=frozenset(), rest="")
        if len(held.lines) >= MOST_PIECES or max(len(held.text), len(token.text)) > MOST_WIDTH:
            return None
        if token.first.prefixed or of_one_record(held, token):
            return join_newline_in_name(held, token)
        if token.first.line_no > held.lines[-1].line_no + 1 or not token.text.strip():
            return None
        if _USER_SPACE.match(token.text):
            return None
        if held.understood is None:
            return join_pieces(held, token)
        return self._join_rest(held, token)

    def _join_rest(self, held: Token, token: Token) -> Token | None:
        """A rest that belongs to a line which could have ended before it."""
        assert held.understood is not None
        kind = held.understood.kind
        if kind.name == "task":
            return self._join_row(held, token)
        wrapped_like = self._prefixed and (len(held.lines) > 1 or breaks_at_margin(held, token))
        is_rest = kind.rest is not None and re.fullmatch(kind.rest, token.text.strip())
        if kind.continues and not (wrapped_like or is_rest):
            return None
        for glue in glues(token.text):
            joined = merged(held, token, held.text.rstrip() + glue + token.text, kind)
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
        return merged(held, token, f"{held.text.rstrip()} {rest}", held.understood.kind)


def _columns(header: Token) -> int:
    return len(_COLUMN_TITLE.findall(header.text)) - 2


def _is_reserve(token: Token) -> bool:
    """Whether it is a line of reserves, whose next piece could be nothing but numbers."""
    return token.kind is _RESERVE
