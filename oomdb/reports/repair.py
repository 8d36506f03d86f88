"""Lines to tokens: each line with the kind that takes it, mended where it was broken.

Mailers wrap lines, terminals pad them, people write notes behind numbers, and two
records may end up in one line. A mend is only accepted when the mended text is
taken whole by a LineKind; each is noted as damage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from oomdb.carriers.prefix import EMBEDDED
from oomdb.lines import classify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.grammar import LineKind, Understood

#: What mailers and terminals put for blanks: a no-break space (UTF-8 in Latin-1 text), a tab.
_SPACES = re.compile("\xc2\xa0|\t")
_COLUMN_TITLE = re.compile(r"\[ *pid *\]|\S+")
#: A figure that someone wrote behind a number, or an arrow behind a line.
_NOTES = re.compile(r"(?<=kB)\s?\(\d+(?:\.\d+)? ?[KMGT]i?B?\)|\s+<[-=]{2,}.*$|\s+<{3,}.*$")
#: What a line begins with that may be the first piece of a wrapped report line.
_PROMISING = re.compile(
    r"invoked|Node \d|free:|hugepages|\d\*\d+kB|[oO]om[-_ ]|OOM|[kK]ill|\[ *\d+\] |Memory|CPU:"
    r"|lowmem_reserve|\w:\s?\d+kB|allocation|Out of memory|pid +\]|from \[<"
    r"|Swap cache|Hardware name|Pid:|Task"
)
#: Lines so long that programs cut them at the right edge.
_CLIPPABLE = re.compile(
    r"(?:Node \d+ )?(?:[A-Z]\w*:? )?(?:free:|active_anon:|\d+\*\d+kB)"
    r"|.*(?:Killed process \d|invoked oom-killer:)"
)
#: A row of the process table behind something else.
_INNER_ROW = re.compile(r"\[ *\d+\](?: +-?\d+){6}")
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


@dataclass(slots=True)
class Token:
    """One line of a log, or several mended into one, and the kind that took it.

    `understood` is None when no kind took it. `mends` holds the damage words of the
    mends that were needed, `rest` the end of a clipped line that was not understood,
    `previous` the kind of the line before. `drafts` are the
    ways in which pieces that do not fit yet may belong together.
    """

    lines: list[KernelLine]
    text: str
    understood: Understood | None
    mends: frozenset[str] = frozenset()
    rest: str = ""
    previous: str | None = None
    drafts: tuple[str, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> LineKind | None:
        """The kind that took the text, or None."""
        return self.understood.kind if self.understood else None

    @property
    def first(self) -> KernelLine:
        """The first of its lines, which carries the stamp."""
        return self.lines[0]


class Joiner:
    """Turns the lines of one host's stream into tokens, one line behind the input."""

    def __init__(self) -> None:
        self._held: Token | None = None
        self._prefixed = False
        self._columns = 0
        self._kinds: dict[str | None, str] = {}
        self._stamped = False

    def feed(self, line: KernelLine) -> Iterator[Token]:
        """The tokens that are complete now that `line` is known."""
        self._prefixed = self._prefixed or line.prefixed
        self._stamped = self._stamped or line.uptime_s is not None
        for piece in _split_spliced(line):
            previous = self._kind_before(piece)
            token = _understand(piece, previous)
            if self._stamped and piece.uptime_s is None:
                token = _without_lost_stamp(token)
            if self._held is not None:
                joined = self._join(self._held, token)
                if joined is None:
                    yield from _settle(self._held)
                else:
                    token = joined
            if token.kind is not None and token.kind.name == "task_header":
                self._columns = len(_COLUMN_TITLE.findall(token.text)) - 2
            self._held = token

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
        return self._kinds.get(line.caller)

    def flush(self) -> Iterator[Token]:
        """The last token, when the stream ends."""
        if self._held is not None:
            yield from _settle(self._held)
        self._held = None

    def _join(self, held: Token, token: Token) -> Token | None:
        """`held` with `token` appended, when the two are pieces of one line."""
        if held.first.foreign or token.first.foreign:
            return None
        if token.understood is not None:
            is_rest = held.kind is None and 0 < len(held.text) < COMM_BYTES
            return _join_newline_in_name(held, token) if is_rest else None
        if held.kind is not None and _may_grow(held, token):
            held = replace(held, understood=None, mends=frozenset(), rest="")
        if len(held.lines) >= MOST_PIECES or max(len(held.text), len(token.text)) > MOST_WIDTH:
            return None
        if token.first.prefixed or token.first.first_byte == held.lines[-1].first_byte:
            return _join_newline_in_name(held, token)
        if token.first.line_no > held.lines[-1].line_no + 1 or _USER_SPACE.match(token.text):
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
        wrapped_like = held.first.width in _WRAP_COLUMNS or len(held.lines) > 1
        if kind.continues and not (self._prefixed and wrapped_like):
            return None
        for glue in (" ", ""):
            joined = _merged(held, token, held.text.rstrip() + glue + token.text, kind)
            if joined is not None:
                return joined
        return None

    def _join_row(self, held: Token, token: Token) -> Token | None:
        """A row whose last numbers or whose name stand on the next line."""
        assert held.understood is not None
        match = held.understood.match
        rest = _SPACES.sub(" ", token.text).strip()
        short = len(match["numbers"].split()) < self._columns
        if not short and (match["comm"].strip() or len(rest) > COMM_BYTES):
            return None
        return _merged(held, token, f"{held.text.rstrip()} {rest}", held.understood.kind)


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


def _understand(line: KernelLine, previous: str | None) -> Token:
    """A line as a token, with the mends that need no other line."""
    text = line.text
    if line.foreign:
        return Token([line], text, None)
    understood = classify(text, previous)
    if line.spliced:
        return Token([line], text, understood, frozenset({"spliced"}), previous=previous)
    if understood is None:
        bare = _SPACES.sub(" ", text)
        bare = bare.rstrip() if line.prefixed else bare.strip()
        if bare != text:
            understood = classify(bare, previous)
            text = bare if understood else text
    if understood is not None:
        kind = understood.kind
        noted = _NOTES.search(text) if kind.name == "task" and _may_be_noted(text) else None
        if not noted:
            return Token([line], text, understood, rest=_cut_off(understood))
    mended = _NOTES.sub("", _SPACES.sub(" ", text)).rstrip()
    if mended != text.rstrip():
        again = classify(mended, previous)
        if again is not None:
            return Token([line], mended, again, frozenset({"annotated"}))
    clipped = _clipped(text, previous)
    if clipped is not None:
        rest = text[len(clipped.match.string) :].strip(" ,")
        return Token([line], text, clipped, frozenset({"clipped"}), rest, previous)
    return Token([line], text, understood, previous=previous)


def _may_be_noted(text: str) -> bool:
    return "<" in text or "kB" in text


_CLIPPED = frozenset({"zone", "node", "buddy_clipped", "killed", "oom_header"})


def _cut_off(understood: Understood) -> str:
    """What a kind for cut lines takes as the piece of a field that is not whole."""
    if "cut" not in understood.kind.regex.groupindex:
        return ""
    return understood.match["cut"].strip(" ,")


def _without_lost_stamp(token: Token) -> Token:
    """A row whose pid has grown by the digits of a stamp that was lost before it.

    klogd that falls behind drops the bytes from inside one record's stamp to inside
    another record's first field; the tgid of a group leader gives the pid back.
    """
    if token.understood is None or token.understood.kind.name != "task":
        return token
    pid = token.understood.match["pid"]
    tgid = token.understood.match["numbers"].split()[1]
    if pid == tgid or not pid.endswith(tgid):
        return token
    text = token.text.replace(pid, tgid, 1)
    understood = classify(text, token.previous)
    return Token(token.lines, text, understood, token.mends | {"spliced"}, previous=token.previous)


def _clipped(text: str, previous: str | None) -> Understood | None:
    """What is left of a line that a terminal or pager cut off at its right edge."""
    if not _CLIPPABLE.match(text):
        return None
    for _ in range(3):
        text = text.rpartition(" ")[0].rstrip(" ,")
        understood = classify(text, previous)
        if understood is not None and understood.kind.name in _CLIPPED:
            return understood
    return None


def _join_pieces(held: Token, token: Token) -> Token | None:
    """Two pieces that no kind took: whole now, or still growing."""
    drafts = held.drafts or (_SPACES.sub(" ", held.text),)
    if not _PROMISING.search(drafts[0]):
        return None
    rest = _SPACES.sub(" ", token.text).strip()
    lines = held.lines + token.lines
    longer = [draft.rstrip() + glue + rest for draft in drafts for glue in (" ", "")]
    for text in longer:
        mended = _NOTES.sub("", text)
        understood = classify(text, held.previous)
        if understood is None and mended != text:
            understood = classify(mended, held.previous)
        if understood is not None and not _cut_off(understood):
            return Token(lines, understood.match.string, understood, frozenset({"wrapped"}))
    return Token(lines, held.text, None, previous=held.previous, drafts=tuple(longer[:MOST_DRAFTS]))


def _join_newline_in_name(held: Token, token: Token) -> Token | None:
    """A task name that holds a newline is printed on two lines with one stamp.

    Syslog daemons escape the newline, so that both stand in one line of the log.
    """
    same_line = held.lines[-1].first_byte == token.first.first_byte
    if held.first.uptime_s != token.first.uptime_s or (
        held.first.uptime_s is None and not same_line
    ):
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


#: Groups that hold the name of a task.
_NAMES = frozenset({"comm", "invoker_comm", "chosen_comm"})


def _merged(held: Token, token: Token, text: str, kind: LineKind) -> Token | None:
    match = kind.match(text)
    if match is None:
        return None
    assert held.understood is not None
    understood = replace(held.understood, match=match)
    return Token(held.lines + token.lines, text, understood, held.mends | {"wrapped"})


def _settle(token: Token) -> Iterator[Token]:
    """A token that will not grow: pieces that never fitted come apart again."""
    if token.understood is not None or len(token.lines) == 1:
        yield token
        return
    previous: str | None = None
    for line in token.lines:
        piece = _understand(line, previous)
        previous = piece.kind.name if piece.kind else None
        yield piece


def _split_spliced(line: KernelLine) -> Iterator[KernelLine]:
    """The records of one line: a stamp or the start of a report line begins another."""
    text = line.text
    found = EMBEDDED.search(text) if "." in text else None
    if found is not None and classify(text) is None:
        if found.start():
            yield replace(line, text=text[: found.start()])
        stamp = float(re.sub(r".*\[ *(\d+\.\d+)\].*", r"\1", found.group().strip()))
        yield replace(line, text=text[found.end() :], prefixed=True, uptime_s=stamp)
        return
    inner = _INNER_ROW.search(text) if not line.foreign else None
    if inner is not None and inner.start() and classify(text) is None:
        yield replace(line, text=text[: inner.start()])
        yield replace(line, text=text[inner.start() :], spliced=True)
        return
    yield line
