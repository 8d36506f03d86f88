"""Quoted-printable, in which mails keep what they carry (RFC 2045, section 6.7).

    ip invoked oom-killer: gfp_mask=3D0xc2cc0(GFP_KERNEL|__GFP_NOWARN|__GFP_N=
    OMEMALLOC), order=3D3, oom_score_adj=3D0

A log that was saved from a mailbox, or quoted from one, has it still: `=` stands for a
byte by its number, and at the end of a line for no end at all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import RawLine

#: An equals sign in this encoding; the kernel prints no number that begins with D.
SIGN = "=3D"
_CODES = re.compile(r"(?:[^=]|=[0-9A-F]{2})*=?")
_CODE = re.compile(r"=([0-9A-F]{2})")
_QUOTE = re.compile(r"[>| ]*")
#: Mailers break lines at 76 columns, to which those who quote add their marks.
_BROKEN_WIDTHS = range(64, 100)
#: Longer texts come from no line of the kernel.
_MOST_TEXT = 8192


class QuotedPrintable:
    """Takes the lines of one stream, in order; `active` once a line showed the encoding."""

    def __init__(self) -> None:
        self.active = False
        self._held: RawLine | None = None

    def feed(self, line: RawLine) -> Iterator[RawLine]:
        """The lines that are complete now, decoded where they are encoded."""
        text = line.text.rstrip("\r")
        self.active = self.active or SIGN in text
        encoded = self.active and _CODES.fullmatch(text) is not None
        held, self._held = self._held, None
        if held is not None and not encoded:
            yield held
            held = None
        if not encoded:
            yield line
            return
        broken = text.endswith("=") and len(text) in _BROKEN_WIDTHS
        decoded = _CODE.sub(_byte, text[:-1] if broken else text)
        whole = replace(line, text=decoded) if held is None else _joined(held, line, decoded)
        if broken and len(whole.text) < _MOST_TEXT:
            self._held = whole
        else:
            yield whole

    def flush(self) -> Iterator[RawLine]:
        """The line that is still open when the stream ends."""
        if self._held is not None:
            yield self._held
        self._held = None


def _joined(held: RawLine, line: RawLine, text: str) -> RawLine:
    """Both lines as one, without the marks of quotation that both begin with."""
    quote = _QUOTE.match(held.text)
    assert quote is not None
    return replace(
        held, text=held.text + text.removeprefix(quote.group()), last_byte=line.last_byte
    )


def _byte(code: re.Match[str]) -> str:
    return chr(int(code[1], 16))
