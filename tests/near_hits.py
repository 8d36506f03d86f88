"""What the windows of a scan hold, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.carriers.line import RawLine
from oomdb.reports.scan import windows_near_hits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from oomdb.reports.scan import Window


def lines_near_hits(
    blocks: Iterable[bytes], wanted: Callable[[], bool]
) -> Iterator[RawLine | None]:
    """The lines that are given, read as far as they are wanted; None where some were left out."""
    for window in windows_near_hits(blocks, wanted):
        if not window.follows:
            yield None
        yield from _lines(window, wanted)


def _lines(window: Window, wanted: Callable[[], bool]) -> Iterator[RawLine]:
    texts = str(window.text, "latin-1").split("\n")
    rest = texts.pop()
    line_no, start = window.line_no, window.first_byte
    for text in texts:
        end = start + len(text) + 1
        yield RawLine(text, line_no, start, end)
        if window.reach <= end < window.last_byte and not wanted():
            window.last_byte = end
            return
        line_no += 1
        start = end
    if rest:
        yield RawLine(rest, line_no, start, start + len(rest))
