"""The lines that one report took, to know one that comes again."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from oomdb.reports.tokens import TaskRows

if TYPE_CHECKING:
    from oomdb.reports.tokens import Token

    _Printed = tuple[float | None, str | None, str]


class PrintedLines:
    """The lines that a report took, by stamp, caller and text; `parts` are those of the report.

    Time mostly goes on, so that nothing but the lines of the latest stamp is looked at; the
    others are put together when a line comes late.
    """

    def __init__(self, parts: list[Token | TaskRows]) -> None:
        self._parts = parts
        self._known_parts = 0
        self._all: set[_Printed] = set()
        self.latest_s = -1.0
        self._latest: Token | TaskRows | None = None
        self._at_latest: set[_Printed] = set()

    @property
    def all(self) -> set[_Printed]:
        """Every line."""
        for part in self._parts[self._known_parts :]:
            if isinstance(part, TaskRows):
                self._all.update(part.printed())
            elif part.understood is not None:
                self._all.add(_printed(part))
        self._known_parts = len(self._parts)
        return self._all

    def add(self, token: Token) -> None:
        """Note a token that was added to the parts."""
        uptime_s = token.uptime_s
        if uptime_s is None or uptime_s < self.latest_s:
            return
        if uptime_s > self.latest_s:
            self.latest_s = uptime_s
            self._latest = token
        else:
            self._lines_at_latest().add((uptime_s, token.caller, token.text))

    def add_rows(self, rows: TaskRows) -> None:
        """Note rows that were added to the parts, of which none is earlier than what was there."""
        latest_s = float(rows.stamps[-1])
        if latest_s > self.latest_s:
            self.latest_s = latest_s
            self._latest = rows
        else:
            self._lines_at_latest().update(rows.printed())

    def _lines_at_latest(self) -> set[_Printed]:
        """The lines of the latest stamp."""
        latest = self._latest
        if latest is not None:
            if isinstance(latest, TaskRows):
                self._at_latest = set(latest.printed(latest.stamps.index(latest.stamps[-1])))
            else:
                self._at_latest = {_printed(latest)}
            self._latest = None
        return self._at_latest

    def holds(self, token: Token) -> bool:
        """Whether a line with this stamp was taken that is the same."""
        uptime_s = token.uptime_s
        if uptime_s is None or uptime_s > self.latest_s:
            return False
        lines = self._lines_at_latest() if uptime_s == self.latest_s else self.all
        return _printed(token) in lines

    def may_hold(self, rows: TaskRows) -> bool:
        """Whether one of the rows, whose stamps go up, may have been taken before."""
        first_s = float(rows.stamps[0])
        if first_s != self.latest_s:
            return first_s < self.latest_s
        among = rows.stamps.count(rows.stamps[0])
        lines = self._lines_at_latest()
        return any(line in lines for line in islice(rows.printed(), among))


def _printed(token: Token) -> _Printed:
    return token.uptime_s, token.caller, token.text
