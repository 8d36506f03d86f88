"""Lines of a stream to lines of the kernel, whatever program wrote them.

The carrier is told from each line itself, so that it may change in mid-file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from oomdb.carriers import prefix
from oomdb.carriers.frames import FrameRecords
from oomdb.carriers.journal import ExportRecords, VerboseRecords
from oomdb.carriers.json_records import JsonRecords
from oomdb.carriers.json_text import LONG_LINE
from oomdb.carriers.kmsg import KmsgRecords
from oomdb.carriers.logcat import LogcatRecords
from oomdb.carriers.names import NAMES
from oomdb.carriers.pstore import PstoreRecords
from oomdb.carriers.transfer import SIGN, QuotedPrintable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine, RawLine
    from oomdb.carriers.names import Names

#: What begins most lines of most logs: the stamps of syslog and of the kernel.
_PLAIN = re.compile(
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:|\d{4}-\d\d-\d\dT\d\d:[^\s\"]*\s|\[ *\d+\.\d{6}\]"
).match


class Records(Protocol):
    """A carrier whose records may span lines, such as JSON or the journal's export."""

    @property
    def open(self) -> bool:
        """Whether a record is begun that the next line may continue."""

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The kernel lines that are complete now; None when the line is not of this carrier."""

    def flush(self) -> Iterator[KernelLine]:
        """What the last record still holds when the stream ends or lines are left out."""


class CarrierReader:
    """Takes the lines of one stream, in order; `names` are those of JSON's fields."""

    def __init__(self, names: Names = NAMES) -> None:
        json = JsonRecords(names)
        export, verbose = ExportRecords(), VerboseRecords()
        kmsg, logcat = KmsgRecords(), LogcatRecords()
        frames, pstore = FrameRecords(), PstoreRecords()
        self._by_first: dict[str, tuple[Records, ...]] = {
            **dict.fromkeys('{[]}",\t\x00\x1ed', (json,)),
            " ": (verbose, json, logcat),
            "_": (export,),
            **dict.fromkeys("BCGHJKLMNOPQRTUXYZ", (export, pstore)),
            **dict.fromkeys("ADEFISVW", (export, logcat, pstore)),
            **dict.fromkeys("0123456789", (kmsg, logcat, frames)),
            "-": (logcat,),
        }
        self._by_last: dict[str, tuple[Records, ...]] = {"}": (json,), "]": (verbose, json)}
        self._in_long_lines: tuple[Records, ...] = (json, frames)
        self._json = json
        self._open: Records | None = None
        self._prefixes = prefix.PrefixReader()
        self._plain = self._prefixes.feed
        self._transfer = QuotedPrintable()

    @property
    def waits(self) -> bool:
        """Whether what comes next is needed to know what the lines so far are of."""
        return self._json.waits

    @property
    def is_between(self) -> bool:
        """Whether no record is begun, so that a plain line is read by itself."""
        return self._open is None and not self._transfer.active

    def pass_by(self, text: str, stamp: str | None) -> None:
        """Go on after a plain line with that stamp, which was read without this reader."""
        self._prefixes.pass_by(text, stamp)

    def feed(self, line: RawLine) -> Iterator[KernelLine]:
        """The kernel lines that are complete now that `line` is known."""
        if self._transfer.active or SIGN in line.text:
            return chain.from_iterable(map(self._feed, self._transfer.feed(line)))
        return self._feed(line)

    def _feed(self, line: RawLine) -> Iterator[KernelLine]:
        held = self._open
        if held is None:
            text = line.text
            if _PLAIN(text) and (text[-1] != "}" or '{"' not in text):
                return self._plain(line)
            return self._begin(line)
        taken = held.feed(line)
        if taken is None:
            self._open = None
            return chain(list(held.flush()), self._begin(line))
        if not held.open:
            self._open = None
        return taken

    def flush(self) -> Iterator[KernelLine]:
        """The lines of the record that is still open when the stream ends."""
        rest = [done for line in self._transfer.flush() for done in self._feed(line)]
        held, self._open = self._open, None
        return chain(rest, () if held is None else held.flush())

    def _begin(self, line: RawLine) -> Iterator[KernelLine]:
        text = line.text
        if text.startswith('- {"'):
            # LAVA's logs are lists in YAML whose items are JSON.
            text = text[2:]
            line = replace(line, text=text)
        carriers = self._by_first.get(text[:1], ())
        if text[-1:] in self._by_last:
            carriers += self._by_last[text[-1]]
        if len(text) >= LONG_LINE:
            carriers = self._in_long_lines
        for carrier in carriers:
            taken = carrier.feed(line)
            if taken is not None:
                if carrier.open:
                    self._open = carrier
                return taken
        return self._plain(line)
