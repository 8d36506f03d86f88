"""Text in CSV that a spreadsheet would run as a formula.

A log's text is chosen by whoever may name a process; OWASP's page on CSV injection tells
what begins a formula. An apostrophe before it makes it text, and is taken off again where
such a file is read.
"""

from __future__ import annotations

import re

#: Blanks and control characters are passed over before a formula, and some of them move
#: what follows into a cell of its own; the wide forms are taken for the others.
_FORMULA = re.compile(r"'*(?:[\s\ufeff\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def _would_run(text: str) -> bool:
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def guarded(text: str) -> str:
    """`text` as a cell that no spreadsheet runs; numbers stay as they are."""
    return f"'{text}" if _would_run(text) else text


def unguarded(cell: str) -> str:
    """The text for which `guarded` gives the cell."""
    return cell[1:] if cell.startswith("'") and _would_run(cell[1:]) else cell
