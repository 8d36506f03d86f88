"""How far a text is searched at once for lines of one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re


class Reach:
    """Finds lines that follow each other; searches not much further than they last reached.

    So the search costs in proportion to what is found, also where that is cut again and
    again.
    """

    def __init__(self, least_bytes: int, most_bytes: int) -> None:
        self._least_bytes = least_bytes
        self._most_bytes = most_bytes
        self.bytes = most_bytes

    def adapt(self, searched_bytes: int, taken: int, among: int) -> None:
        """Note how many of the lines that were searched are taken."""
        wanted = 4 * self.bytes if taken == among else 2 * searched_bytes * taken // among
        self.bytes = min(max(wanted, self._least_bytes), self._most_bytes)


def consecutive(line: re.Pattern[str], text: str, at: int, end: int) -> list[tuple[str, ...]]:
    """The groups of the lines from `at` on, up to the first that is of another form.

    The pattern is of a whole line, from its start to its newline.
    """
    found: list[tuple[str, ...]] = line.findall(text, at, end)
    if len(found) == text.count("\n", at, end):
        return found
    found = []
    for match in line.finditer(text, at, end):
        if match.start() != at:
            break
        found.append(match.groups(""))
        at = match.end()
    return found
