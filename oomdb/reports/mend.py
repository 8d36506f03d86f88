"""Mends that need no other line: notes, strange blanks, cut ends, two records in one line."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING

from oomdb.carriers.line import plausible_uptime_s
from oomdb.carriers.prefix import EMBEDDED
from oomdb.lines import MOST_TEXT, classify
from oomdb.reports.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.grammar import Understood

#: What mailers and terminals put for blanks: a no-break space (in UTF-8 or Latin-1), DEL, a tab.
_SPACES = re.compile("\xc2\xa0|(?<![\x80-\xff])\xa0+|[\x7f\t]")
#: A figure that someone wrote behind a number, or an arrow behind a line.
_NOTES = re.compile(r"(?<=kB)\s?\(\d+(?:\.\d+)? ?[KMGT]i?B?\)|(?<!\s)\s+<(?:[-=]{2,}|<{2,}).*$")
#: A blank inside a number, between a number and its unit, or before a field's colon.
_STRAYS = re.compile(r"(?<=[\d*]) (?=\d+kB)|(?<=\dk) (?=B\b)|(?<=[\w)]) (?=:\d+kB)")
#: Lines so long that programs cut them at the right edge.
_CLIPPABLE = re.compile(
    r"(?:Node \d+ )?(?:[A-Z]\w*:? )?(?:free:|active_anon:|\d+\*\d+kB)"
    r"|.*(?:Killed process \d|invoked oom-killer:|page allocation failure|: vm(?:alloc|ap)\b)"
)
_CLIPPED = frozenset(
    {
        "zone",
        "node",
        "buddy_clipped",
        "killed",
        "oom_header",
        "allocation_failure",
        "vmalloc_failure",
    }
)
#: Kinds that begin with a name or a message of any form, which would take the margin of a text.
_BEGINS_FREELY = frozenset(
    {
        "oom_header",
        "allocation_failure",
        "vmalloc_failure",
        "cpuset",
        "killed",
        "kill_chosen",
        "already_exiting",
    }
)
#: A row of the process table, a zone or its free lists behind something else.
_INNER_LINE = re.compile(
    r"\[ *\d+\](?: +-?\d+){6}|(?<=\d)(?:Node \d+ )?[A-Z][A-Za-z]+\d*(?: free:\d+kB|: \d+\*\d+kB)"
)


def understand(line: KernelLine, previous: str | None) -> Token:
    """A line as a token, with the mends that need no other line."""
    text = line.text
    if line.foreign:
        return Token([line], text, None)
    if len(text) > MOST_TEXT:
        return Token([line], text, None, previous=previous)
    understood = classify(text, previous)
    if line.spliced:
        return Token([line], text, understood, frozenset({"spliced"}), previous=previous)
    if understood is None or _is_indented(line, understood):
        text, understood = _without_margins(line, previous)
    is_noted = understood is None or (
        understood.kind.name == "task" and without_notes(text) != text
    )
    if understood is not None and not is_noted:
        return Token([line], text, understood, rest=cut_off(understood))
    return _mended(line, text, previous) or Token([line], text, understood, previous=previous)


def _is_indented(line: KernelLine, understood: Understood) -> bool:
    """Whether what the line begins with was taken together with the margin of a text."""
    free = understood.kind.name in _BEGINS_FREELY
    return free and not line.prefixed and spaced(line.text[:2])[0].isspace()


def _without_margins(line: KernelLine, previous: str | None) -> tuple[str, Understood | None]:
    """The text with plain blanks and none at its ends, where that is what a kind takes.

    What a web page's source has as `&lt;` is taken as the page shows it.
    """
    bare = spaced(line.text)
    texts = [bare.rstrip(), bare.strip()]
    if "&" in bare and ";" in bare:
        texts.append(_as_shown(bare).strip())
    for text in dict.fromkeys(texts):
        understood = classify(text, previous) if text != line.text else None
        if understood is not None and not _is_indented(replace(line, text=text), understood):
            return text, understood
    return line.text, None


def _as_shown(source: str) -> str:
    """What a web page shows for its source."""
    try:
        return unescape(source)
    except ValueError:  # a character by a number of thousands of digits
        return source


def _mended(line: KernelLine, text: str, previous: str | None) -> Token | None:
    """The line without what does not belong to it, or as far as it goes; None if no kind does."""
    bare = spaced(text).rstrip()
    for mended, damage in ((without_notes(bare), "annotated"), (without_strays(bare), "wrapped")):
        understood = classify(mended, previous) if mended.rstrip() != bare else None
        if understood is not None:
            return Token([line], mended, understood, frozenset({damage}))
    clipped = clipped_line(text, previous)
    if clipped is None:
        return None
    rest = text.lstrip()[len(clipped.match.string) :].strip(" ,")
    return Token([line], text, clipped, frozenset({"clipped"}), rest, previous)


def spaced(text: str) -> str:
    """The text with blanks for what mailers put in their place."""
    return _SPACES.sub(" ", text)


def without_notes(text: str) -> str:
    """The text without what a person wrote into it; the search for that takes long."""
    return _NOTES.sub("", text) if "<" in text or ("kB" in text and "(" in text) else text


def without_strays(text: str) -> str:
    """The text without blanks inside numbers and fields, where a broken line was rejoined."""
    return _STRAYS.sub("", text) if "kB" in text or "k B" in text else text


def cut_off(understood: Understood) -> str:
    """What a kind for cut lines takes as the piece of a field that is not whole."""
    if "cut" not in understood.kind.regex.groupindex:
        return ""
    return understood.match["cut"].strip(" ,")


def without_lost_stamp(token: Token) -> Token:
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


def clipped_line(text: str, previous: str | None) -> Understood | None:
    """What is left of a line that a terminal or pager cut off at its right edge."""
    text = text.lstrip()
    if not _CLIPPABLE.match(text):
        return None
    for _ in range(3):
        text = text.rpartition(" ")[0].rstrip(" ,")
        understood = classify(text, previous)
        if understood is not None and understood.kind.name in _CLIPPED:
            return understood
    return None


def has_inner_line(text: str) -> bool:
    """Whether a line of a report seems to begin in the middle of the text."""
    return _inner_line(text) is not None


def _inner_line(text: str) -> int | None:
    inner = _INNER_LINE.search(text) if "[" in text or "kB" in text else None
    if inner is None or not spaced(text[: inner.start()]).strip():
        return None
    return inner.start()


def split_spliced(line: KernelLine) -> Iterator[KernelLine]:
    """The records of one line: a stamp or the start of a report line begins another."""
    text = line.text
    found = EMBEDDED.search(text) if "." in text and "] " in text else None
    if found is not None and classify(text) is None:
        if found.start():
            yield replace(line, text=text[: found.start()])
        stamp = float(re.sub(r".*\[ *(\d+\.\d+)\].*", r"\1", found.group().strip()))
        uptime_s = plausible_uptime_s(stamp)
        yield replace(line, text=text[found.end() :], prefixed=True, uptime_s=uptime_s)
        return
    inner = _inner_line(text) if not line.foreign else None
    if inner is not None and classify(text) is None:
        yield replace(line, text=text[:inner])
        yield replace(line, text=text[inner:], spliced=True)
        return
    yield line
