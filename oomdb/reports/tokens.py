"""A token: what the cutter cuts, one line of a log or several mended into one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from oomdb.lines import classify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.grammar import LineKind, Understood

_NOTHING: frozenset[str] = frozenset()


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

    @property
    def last_byte(self) -> int:
        """The offset after its last line."""
        return self.lines[-1].last_byte

    @property
    def uptime_s(self) -> float | None:
        """The kernel's own stamp of its first line."""
        return self.lines[0].uptime_s

    @property
    def caller(self) -> str | None:
        """Who printed its first line."""
        return self.lines[0].caller


class LineToken(Token):
    """A regular line; its `lines` are made when they are asked for.

    `seen` is a line whose host, boot and turn of the year are those of this one, `raw` the
    line as it stands in the log.
    """

    uptime_s: float
    __slots__ = ("caller", "first_byte", "line_no", "raw", "seen", "stamp", "uptime_s")

    def __init__(
        self,
        text: str,
        understood: Understood,
        uptime_s: float,
        caller: str | None,
        seen: KernelLine,
        stamp: str | None,
        raw: str,
        line_no: int,
        first_byte: int,
    ) -> None:
        self.text = text
        self.understood = understood
        self.mends = _NOTHING
        self.rest = ""
        self.previous = None
        self.drafts = ()
        self.uptime_s = uptime_s
        self.caller = caller  # type: ignore[misc]
        self.seen = seen
        self.stamp = stamp
        self.raw = raw
        self.line_no = line_no
        self.first_byte = first_byte

    @property
    def last_byte(self) -> int:
        """The offset after the line's newline."""
        return self.first_byte + len(self.raw) + 1

    @property
    def last_line(self) -> int:
        """The number of its line."""
        return self.line_no

    def plain(self) -> Token:
        """The same, to be changed as its line is looked at again."""
        return Token(self.lines, self.text, self.understood)

    def __getattr__(self, name: str) -> list[KernelLine]:
        if name != "lines":
            raise AttributeError(name)
        line = replace(
            self.seen,
            text=self.text,
            line_no=self.line_no,
            first_byte=self.first_byte,
            last_byte=self.last_byte,
            raw=self.raw,
            stamp=self.stamp,
            uptime_s=self.uptime_s,
            caller=self.caller,
        )
        self.lines = [line]
        return self.lines


class Rows(NamedTuple):
    """The printed columns of rows: stamps, then what the table has."""

    dates: tuple[str, ...]
    clocks: tuple[str, ...]
    stamps: tuple[str, ...]
    pids: tuple[str, ...]
    numbers: tuple[str, ...]
    comms: tuple[str, ...]


class TaskRows:
    """Consecutive regular rows of one process table, column by column.

    `raw` are their lines as they stand in the log, without the last newline, `line_no` the
    number of the first. `numbers` are the columns after the pid and `comms` the names, as
    they were printed, with the blanks before them.
    """

    def __init__(
        self,
        rows: Rows,
        caller: str | None,
        seen: KernelLine,
        raw: str,
        line_no: int,
        first_byte: int,
    ) -> None:
        self.dates, self.clocks, self.stamps, self.pids, self.numbers, self.comms = rows
        self.caller = caller
        self.seen = seen
        self.raw = raw
        self.line_no = line_no
        self.first_byte = first_byte

    def __len__(self) -> int:
        return len(self.pids)

    @property
    def last_byte(self) -> int:
        """The offset after the newline of the last row."""
        return self.first_byte + len(self.raw) + 1

    @property
    def first(self) -> KernelLine:
        """The line of the first row."""
        return self.tokens()[0].first

    @property
    def last_line(self) -> int:
        """The number of the last row's line."""
        return self.line_no + len(self.pids) - 1

    def texts(self) -> list[str]:
        """The text of each row."""
        return list(map(row_text, self.raw.split("\n")))

    def printed(self, first: int = 0) -> Iterator[tuple[float, str | None, str]]:
        """Stamp, caller and text of each row from the one numbered `first` on, from 0."""
        for raw, stamp in zip(self.raw.split("\n")[first:], self.stamps[first:], strict=True):
            yield float(stamp), self.caller, row_text(raw)

    def tokens(self) -> list[LineToken]:
        """Each row as a token of its own."""
        zone = (self.seen.stamp or "")[len(self.dates[0]) + len(self.clocks[0]) :]
        found = []
        first_byte = self.first_byte
        for number, (raw, date, clock, stamp) in enumerate(
            zip(self.raw.split("\n"), self.dates, self.clocks, self.stamps, strict=True)
        ):
            text = row_text(raw)
            understood = classify(text, "task")
            assert understood is not None
            found.append(
                LineToken(
                    text,
                    understood,
                    float(stamp),
                    self.caller,
                    self.seen,
                    f"{date}{clock}{zone}" or None,
                    raw,
                    self.line_no + number,
                    first_byte,
                )
            )
            first_byte += len(raw) + 1
        return found


def row_text(raw: str) -> str:
    """A regular row without what stands before it: its pid is in the last brackets."""
    return raw[raw.rindex("[") :]
