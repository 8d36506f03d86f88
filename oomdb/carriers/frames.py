r"""Syslog messages in a stream of TCP as it was captured: each behind its length.

`MSG-LEN SP SYSLOG-MSG` (RFC 6587, octet counting): no newline stands between them, and a
message may hold some.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb.carriers import prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine, RawLine

_MESSAGE = r"<\d{1,3}>(?:1 (?:-|\d{4}-\d\d-\d\dT)|[A-Z][a-z]{2} [ \d]\d \d\d:)"
_FRAME = re.compile(rf"(?P<length>\d{{1,6}}) (?={_MESSAGE})", re.ASCII)
#: A longer message is none.
_MOST_MESSAGE = 64 << 10


class FrameRecords:
    """Takes the lines of one stream, in order; a frame that ends with its line is left alone."""

    def __init__(self) -> None:
        self._rest = ""
        self._line_no = 0
        self._first_byte = 0

    @property
    def open(self) -> bool:
        """Whether a message is begun."""
        return bool(self._rest)

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The lines of the messages that end here; None when there are no frames."""
        is_cut = line.last_byte - line.first_byte == len(line.text)
        text = self._rest + line.text + ("" if is_cut else "\n")
        if not self._rest:
            begin = _FRAME.search(text)
            if begin is None or (begin.start() and len(text) < _MOST_MESSAGE):
                return None
            if begin.end() + int(begin["length"]) in (len(text), len(text) - 1) and not is_cut:
                return None
            text = text[begin.start() :]
            self._line_no, self._first_byte = line.line_no, line.first_byte + begin.start()
        return iter(self._messages(text))

    def flush(self) -> Iterator[KernelLine]:
        """The lines of a message that was cut."""
        rest, self._rest = self._rest, ""
        return iter(self._lines(rest)) if rest else iter(())

    def _messages(self, text: str) -> list[KernelLine]:
        found: list[KernelLine] = []
        self._rest = ""
        frame = _FRAME.match(text)
        while frame is not None:
            end = frame.end() + int(frame["length"])
            after = _FRAME.match(text, end)
            if after is None and end < len(text) and text[end:] != "\n":
                # A length that leads nowhere: the capture has a gap.
                after = _FRAME.search(text, frame.end())
                end = after.start() if after is not None else len(text)
            elif end > len(text) and end - frame.start() < _MOST_MESSAGE:
                self._rest = text[frame.start() :]
                return found
            found += self._lines(text[frame.start() : end])
            self._line_no += text.count("\n", frame.start(), end)
            self._first_byte += end - frame.start()
            frame = after
        return found

    def _lines(self, frame: str) -> list[KernelLine]:
        """The lines of one frame; those after the first follow it."""
        raw = frame.removesuffix("\n")
        last_byte = self._first_byte + len(frame)
        told: KernelLine | None = None
        found = []
        for text in raw.split("\n"):
            line = prefix.split(text, self._line_no, self._first_byte, last_byte)
            if told is not None and not line.prefixed:
                line.host, line.stamp, line.foreign = told.host, told.stamp, told.foreign
                line.uptime_s, line.carrier, line.prefixed = told.uptime_s, told.carrier, True
            told, line.raw = line, raw
            if line.text and not line.text.isspace():
                found.append(line)
        return found
