"""The objects of a JSON text that comes line by line and may begin anywhere.

A document is held only as far as it is open, and the elements of its arrays are taken
out as they end: a search result of any length costs what one hit and the brackets round
it cost. Where a document begins unseen, the next object is looked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oomdb.carriers.prefix import split
from oomdb.carriers.record import MOST_RECORD, Place, decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.carriers.line import KernelLine, RawLine
    from oomdb.carriers.names import Fields

#: Brackets within brackets; what is nested deeper is no log.
MOST_DEPTH = 64
#: A line of text is shorter; in one that is longer, objects are looked for anywhere.
LONG_LINE = 64 << 10
#: The text round an array that is kept with each of its elements.
MOST_HEAD = 8192

#: Everything that may stand between two brackets.
_BETWEEN = re.compile(
    r"(?:[\s,:]++|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|-?\d[\d.eE+\-]*+|true|false|null|NaN|-?Infinity)*+",
    re.ASCII,
)
#: A string or a literal that the end of a piece cuts.
_CUT_VALUE = re.compile(r"\"|-?[A-Za-z]{0,8}$")
#: Where a line begins a document: json-seq's mark, an event stream's, the end of another
#: object or a key of a document that began unseen may stand before it.
_AT_START = re.compile(
    r"(?:[\x00\x1e]|data: ?)*[\s\]},]*(?:\"[^\"\\]{0,256}\"\s*:\s*)?"
    r"(?=\{\s*(?:[\"}]|$)|\[\s*(?:[{\[\"\]]|$))",
    re.ASCII,
)
#: Where objects, or a Loki entry, begin in text whose beginning is unknown.
_ANYWHERE = re.compile(r"(?:\[\s*)?\{\s*\"[^\"\\]{0,256}\"\s*:|\[\s*\"\d{19}\"\s*,\s*\"", re.ASCII)
#: A line from the middle of a document: a key, or nothing but closing brackets.
_MIDDLE = re.compile(r"\s*(?:\"[^\"\\]{0,256}\"\s*:|[\]}][\s\]},]*$)", re.ASCII)
#: The longest beginning that `_ANYWHERE` may need to see more of.
_MOST_BEGINNING = 300
_BLANK_REST = re.compile(r"\s*\Z")
_CLOSERS = {"{": "}", "[": "]"}
#: The characters after which an object or an array may begin in each.
_BEFORE_VALUE = {"{": (":",), "[": ("", ",")}


@dataclass(frozen=True, slots=True)
class Around:
    """What stands round an element: the text to its left and right, and the open objects.

    The objects come from the inside out; earlier elements are left out of them.
    """

    head: str
    tail: str
    objects: tuple[Fields, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A whole document, or an element of an array; `text` is one character per byte."""

    text: str
    place: Place
    around: Callable[[], Around]


@dataclass(slots=True)
class _Frame:
    """An open bracket: its index among the kept parts, and where it stands.

    `last` is the last character in it that is not blank, `gave` tells that there was a
    record in it.
    """

    bracket: str
    part: int
    line_no: int
    first_byte: int
    last: str = ""
    gave: bool = False
    around: Around | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """The text to read now: a line, or what a piece of one adds to the end of the last."""

    line: RawLine
    text: str
    first_byte: int

    @property
    def is_cut(self) -> bool:
        """Whether the line goes on in the next piece."""
        return self.line.last_byte - self.line.first_byte == len(self.line.text)

    def ends_at(self, at: int) -> int:
        """The offset after the character at `at`, and after the newline that follows it."""
        if _BLANK_REST.match(self.text, at + 1):
            return self.line.last_byte
        return self.first_byte + at + 1


@dataclass
class Documents:
    """Reads the lines of a stream; `take` gives the kernel lines of a unit, None for no record."""

    take: Callable[[Unit], list[KernelLine] | None]
    _frames: list[_Frame] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _size: int = 0
    _tail: str = ""
    _tail_line: int = 0

    @property
    def open(self) -> bool:
        """Whether a document is begun."""
        return bool(self._frames or self._tail)

    @property
    def in_array(self) -> bool:
        """Whether the next object is an element of an array."""
        return bool(self._frames) and self._frames[-1].bracket == "["

    def forget(self) -> None:
        """Leave the open document; what was found in it is given already."""
        self._frames.clear()
        self._parts.clear()
        self._size = 0
        self._tail = ""

    def feed(self, line: RawLine) -> list[KernelLine] | None:
        """The lines of the units that end in this line; None when it is not JSON."""
        text, first_byte = line.text, line.first_byte
        continued = bool(self._tail) and self._tail_line == line.line_no
        if continued:
            text, first_byte = self._tail + text, first_byte - len(self._tail)
        elif self._tail:
            self.forget()
        self._tail = ""
        in_structure = not continued
        if not self._frames and not continued and _AT_START.match(text) is None:
            if _MIDDLE.match(text) is None and not _may_begin_within(line):
                return None
            in_structure = False
        return self._read(_Piece(line, text, first_byte), in_structure=in_structure)

    def _read(self, piece: _Piece, *, in_structure: bool) -> list[KernelLine] | None:
        """The units of a piece; None when it breaks a document and holds nothing.

        `in_structure` tells that the piece is known not to begin within a string.
        """
        text, at = piece.text, 0
        found: list[KernelLine] = []
        is_old, is_refused = bool(self._frames), False
        while True:
            if not self._frames:
                at = self._beginning(piece, at, in_structure=in_structure)
                if at == len(text):
                    break
                self._open(piece, at)
                at += 1
            end = _between_ends(text, at)
            self._keep(text[at:end])
            if self._size > MOST_RECORD:
                self.forget()
                at, in_structure, is_old = end, False, False
            elif end == len(text):
                self._keep("" if piece.is_cut else "\n")
                break
            elif piece.is_cut and _CUT_VALUE.match(text, end):
                self._hold(piece, text[end:])
                break
            elif self._take_bracket(piece, end, found):
                at, in_structure, is_old = end + 1, True, is_old and bool(self._frames)
            else:
                is_refused = is_refused or is_old or self._frames[0].bracket == "["
                self.forget()
                at, in_structure, is_old = end, text[end] in _CLOSERS, False
        return None if is_refused and not found and not self.open else found

    def _beginning(self, piece: _Piece, at: int, *, in_structure: bool) -> int:
        """Where the next document begins at or after `at`; the piece's end when none does."""
        begin = _AT_START.match(piece.text, at) if in_structure else None
        begin = begin or _ANYWHERE.search(piece.text, at)
        if begin is not None:
            return begin.end() if begin.re is _AT_START else begin.start()
        if piece.is_cut:
            begun = max(piece.text.rfind("{", at), piece.text.rfind("[", at))
            if begun >= max(at, len(piece.text) - _MOST_BEGINNING):
                self._hold(piece, piece.text[begun:])
        return len(piece.text)

    def _hold(self, piece: _Piece, rest: str) -> None:
        """Keep the end of a piece of a line until the next piece completes it."""
        if self._size + len(rest) > MOST_RECORD:
            self.forget()
        else:
            self._tail, self._tail_line = rest, piece.line.line_no

    def _keep(self, part: str) -> None:
        frame = self._frames[-1]
        if part and not part.isspace():
            frame.last = part.rstrip()[-1]
        if frame.gave and len(self._parts) == frame.part + 1:
            part = part.lstrip(" \t\r\n,")
        if part:
            self._parts.append(part)
            self._size += len(part)

    def _take_bracket(self, piece: _Piece, at: int, found: list[KernelLine]) -> bool:
        """Go through what stands at `at`; False when it does not belong there."""
        mark, frame = piece.text[at], self._frames[-1]
        if mark in _CLOSERS:
            if frame.last not in _BEFORE_VALUE[frame.bracket] or len(self._frames) >= MOST_DEPTH:
                return False
            self._open(piece, at)
            return True
        if mark != _CLOSERS[frame.bracket]:
            return False
        found += self._close(mark, piece.ends_at(at))
        return True

    def _open(self, piece: _Piece, at: int) -> None:
        place = piece.line.line_no, piece.first_byte + at
        self._frames.append(_Frame(piece.text[at], len(self._parts), *place))
        self._parts.append(piece.text[at])
        self._size += 1

    def _close(self, bracket: str, last_byte: int) -> list[KernelLine]:
        """End the innermost bracket; an element that was a record is kept no longer."""
        frame = self._frames.pop()
        if frame.bracket == "[" and frame.gave:
            self._cut_back(frame.part + 1)
        self._parts.append(bracket)
        self._size += 1
        parent = self._frames[-1] if self._frames else None
        if parent is not None:
            parent.last = bracket
        if parent is not None and parent.bracket == "{":
            return []
        text = "".join(self._parts[frame.part :])
        place = Place(frame.line_no, frame.first_byte, last_byte)
        lines = self.take(Unit(text, place, self._around))
        if parent is None:
            self.forget()
        elif lines is not None or frame.gave:
            self._cut_back(parent.part + 1)
            for outer in self._frames:
                outer.gave = True
        return lines or []

    def _cut_back(self, part: int) -> None:
        self._size -= sum(map(len, self._parts[part:]))
        del self._parts[part:]

    def _around(self) -> Around:
        """What stands round the elements of the innermost open array."""
        if not self._frames:
            return Around("", "", ())
        frame = self._frames[-1]
        if frame.around is None:
            head = "".join(self._parts[: frame.part + 1])
            tail = "".join(_CLOSERS[outer.bracket] for outer in reversed(self._frames))
            frame.around = Around(head, tail, _innermost(loaded(head + tail), len(self._frames)))
        return frame.around


def loaded(latin1: str) -> Any:
    """The value of a JSON text of one character per byte; None when it is none."""
    try:
        return json.loads(decoded(latin1), strict=False)
    except (ValueError, RecursionError):
        return None


def _innermost(value: Any, depth: int) -> tuple[Fields, ...]:
    """The objects on the way to the last and deepest of `value`, from the inside out."""
    objects: list[Fields] = []
    for _ in range(depth):
        if isinstance(value, dict):
            objects.insert(0, value)
            value = list(value.values())
        if not isinstance(value, list) or not value:
            break
        value = value[-1]
    return tuple(objects)


def _between_ends(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    assert found is not None
    return found.end()


def _may_begin_within(line: RawLine) -> bool:
    """Whether a document that was cut in mid-line may go on in this line."""
    if _ANYWHERE.search(line.text) is None:
        return False
    if len(line.text) >= LONG_LINE:
        return True
    return line.line_no == 1 and not split(line.text, 1, line.first_byte, line.last_byte).prefixed
