"""What may go to a person's screen: clean text, widths in cells, notes on stderr.

The only writer to stderr.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

DEFAULT_WIDTH = 80
_NAMED_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(character: str) -> str:
    if character.isprintable():
        return character
    named = _NAMED_ESCAPES.get(character)
    if named is not None:
        return named
    try:
        raw = character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return f"\\u{ord(character):04x}"
    return "".join(f"\\x{byte:02x}" for byte in raw)


def printable(text: str) -> str:
    """`text` on one line, without anything that a terminal would obey.

    Control and format characters become escapes: of a line break, return or tab by
    letter, of others by the hexadecimal of their UTF-8 bytes. So do the stray bytes of
    file names that are not UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(map(_escape, text))


def printable_lines(text: str) -> str:
    """`text` made printable line by line: its line breaks stay, nothing else does."""
    return "\n".join(printable(line) for line in text.splitlines())


def cell_width(text: str) -> int:
    """Terminal cells that printable `text` takes: 2 for wide letters, 0 for combining marks."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def split_cells(text: str, width: int) -> tuple[str, str]:
    """The longest head of `text` in at most `width` cells, but one character, and the rest."""
    if text.isascii():
        return text[: max(width, 1)], text[max(width, 1) :]
    taken = 0
    for position, character in enumerate(text):
        taken += cell_width(character)
        if taken > width and position > 0:
            return text[:position], text[position:]
    return text, ""


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at blanks where there are any."""
    lines: list[str] = []
    rest = text.rstrip(" ")
    while cell_width(rest) > width:
        head, tail = split_cells(rest, width)
        if tail and not tail.startswith(" ") and " " in head.strip():
            blank = head.rindex(" ")
            head, tail = head[:blank], head[blank:] + tail
        if not tail:
            break
        lines.append(head.rstrip(" "))
        rest = tail.lstrip(" ")
    return [*lines, rest]


def wrap_indented(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """`text` in lines of `width` cells, `indent` before the first, `hanging` before the others."""
    later = indent if hanging is None else hanging
    room = width - max(len(indent), len(later))
    first, *others = wrap(text, max(room, 1))
    return [indent + first, *(later + line for line in others)]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` filled with blanks to `width` cells, on the left when `right`-aligned."""
    blanks = " " * max(width - cell_width(text), 0)
    return blanks + text if right else text + blanks


def screen_width() -> int:
    """Columns of the terminal or of $COLUMNS; 80 where nothing tells."""
    return max(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, 20)


def is_terminal(stream: object) -> bool:
    """Whether `stream` is a terminal; False for closed and made-up streams."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False


def may_colour(stream: TextIO) -> bool:
    """Whether colours are wanted on `stream`: a terminal, no NO_COLOR, not a dumb one."""
    return (
        is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def bold(text: str, stream: TextIO) -> str:
    """`text` in bold where `stream` may have colours."""
    return f"\x1b[1m{text}\x1b[0m" if may_colour(stream) else text


def note(text: str) -> None:
    """Say `text` on stderr; its line breaks stay, other control characters are escaped."""
    sys.stderr.write(printable_lines(text) + "\n")
    sys.stderr.flush()


def write_bytes(content: bytes) -> None:
    """Write `content` to stdout as it is, but to a terminal only what is printable."""
    if is_terminal(sys.stdout):
        sys.stdout.write(printable_lines(content.decode("utf-8", "surrogateescape")) + "\n")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.write(b"\n")
