"""The journal as text: `journalctl -o export` and `-o verbose`.

The export format (systemd's JOURNAL_EXPORT_FORMATS) has a field a line and a blank line
after each entry; a value that is not plain text follows its name with its length, and may
hold newlines. The verbose form has the entry's time and cursor, then indented fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb.carriers.names import NAMES
from oomdb.carriers.record import MOST_RECORD, Place, decoded, described, message_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine, RawLine
    from oomdb.carriers.names import Fields

_FIELD = re.compile(r"(?P<name>_{0,2}[A-Z][A-Z0-9_]{0,63})(?:=(?P<value>.*)|$)", re.DOTALL)
#: Fields of the journal's own, with which an entry is known for one.
_KNOWN = re.compile(
    r"__?[A-Z][A-Z0-9_]*=|(?:MESSAGE|PRIORITY|SYSLOG_(?:IDENTIFIER|FACILITY|TIMESTAMP|PID))="
)
#: The first field of an entry, before which any value has ended or was cut.
_CURSOR = "__CURSOR=s="
#: The length before a binary value: 64 bits, the lowest first.
_LENGTH_BYTES = 8
#: systemd takes no larger value (DATA_SIZE_MAX); text that is read as a length is larger.
MOST_VALUE = 768 << 20


class ExportRecords:
    """Takes the lines of one stream of the export format, in order.

    An entry whose beginning is not seen counts when it still tells who wrote it.
    """

    def __init__(self) -> None:
        self._entry: _Entry | None = None
        self._value: _Value | None = None

    @property
    def open(self) -> bool:
        """Whether an entry is begun."""
        return self._entry is not None

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The lines of an entry that ends here; None when the line is not of an entry."""
        if self._value is not None and not line.text.startswith(_CURSOR):
            return self._continue_value(line)
        if self._entry is not None and not line.text.rstrip("\r"):
            return self.flush()
        found = None
        if self._entry is not None or _KNOWN.match(line.text):
            found = _FIELD.match(line.text)
        if found is None:
            return None
        name, value = found["name"], found["value"]
        ended: Iterator[KernelLine] = iter(())
        if name == "__CURSOR" and self._entry is not None:
            ended = self.flush()
        if self._entry is None:
            self._entry = _Entry(line)
        if value is None:
            self._value = _Value(name)
        else:
            self._entry.add(name, value.rstrip("\r"))
        self._entry.hold(line, line.text)
        return ended

    def flush(self) -> Iterator[KernelLine]:
        """The lines of the entry that is held."""
        entry, self._entry, self._value = self._entry, None, None
        if entry is None or not ("__CURSOR" in entry.fields or "_TRANSPORT" in entry.fields):
            return iter(())
        return entry.lines("journal-export", "\n".join(entry.held) + "\n")

    def _continue_value(self, line: RawLine) -> Iterator[KernelLine] | None:
        entry, value = self._entry, self._value
        assert entry is not None
        assert value is not None
        entry.hold(line, line.text)
        state = value.take(line)
        if state is False:
            self._entry = self._value = None
            return None
        if state:
            entry.add(value.name, value.text)
            self._value = None
        return iter(())


class _Value:
    """A binary value on its way: its length, then as many bytes, then a newline."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._bytes: list[str] = []
        self._have = 0
        self._length: int | None = None

    def take(self, line: RawLine) -> bool | None:
        """True when the value ends with this line, None when it goes on, False when neither."""
        is_cut = line.last_byte - line.first_byte == len(line.text)
        added = line.text if is_cut else line.text + "\n"
        self._have += len(added)
        if self._length is None or self._length <= MOST_RECORD:
            self._bytes.append(added)
        if self._length is None and self._have >= _LENGTH_BYTES:
            joined = "".join(self._bytes)
            self._length = int.from_bytes(joined[:_LENGTH_BYTES].encode("latin-1"), "little")
            self._bytes = [joined]
            if self._length > MOST_VALUE:
                return False
        if self._length is None or self._have < _LENGTH_BYTES + self._length + 1:
            return None
        return self._have == _LENGTH_BYTES + self._length + 1

    @property
    def text(self) -> str:
        """The value, one character per byte."""
        return "".join(self._bytes)[_LENGTH_BYTES:-1]


class _Entry:
    """An entry on its way: its fields, and the text that it stands in."""

    def __init__(self, line: RawLine) -> None:
        self.fields: Fields = {}
        self.held: list[str] = []
        self._size = 0
        self._line_no = line.line_no
        self._first_byte = self._last_byte = line.first_byte

    def add(self, name: str, value: str) -> None:
        """One field; of a field that comes more than once, the first counts."""
        if self._size <= MOST_RECORD:
            self.fields.setdefault(name, decoded(value))

    def hold(self, line: RawLine, text: str) -> None:
        """Keep a line of the entry; one that grows too long is none."""
        self._last_byte = line.last_byte
        self._size += len(text) + 1
        if self._size > MOST_RECORD:
            self.fields.clear()
            self.held.clear()
        else:
            self.held.append(text)

    def lines(self, carrier: str, raw: str) -> Iterator[KernelLine]:
        """The kernel's lines of the entry; none when it has no message."""
        message = message_of(self.fields, NAMES)
        if message is None:
            return iter(())
        place = Place(self._line_no, self._first_byte, self._last_byte)
        record = described([self.fields], NAMES, carrier)
        return record.lines(message, raw, place)


#: Weekday, date, clock and zone as the locale writes them, then the entry's cursor.
_HEADER = re.compile(
    r"\S+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S+ \[s=[0-9a-f]+;i=[0-9a-f]+;"
    r"b=(?P<boot_id>[0-9a-f]+);m=[0-9a-f]+;t=(?P<realtime_us>[0-9a-f]{1,16})(?:;\w+=[0-9a-f]+)*\]"
)
_INDENT = "    "
_INDENTED_FIELD = re.compile(r" {4}(?P<name>_{0,2}[A-Z][A-Z0-9_]{0,63})=(?P<value>.*)")
#: What stands for a value that is not printable text.
_BLOB = re.compile(r"\[[\d.]+[KMGT]?B? blob data\]")


class VerboseRecords:
    """Takes the lines of one stream of the verbose form, in order."""

    def __init__(self) -> None:
        self._entry: _Entry | None = None
        self._name = ""
        self._value: list[str] = []

    @property
    def open(self) -> bool:
        """Whether an entry is begun."""
        return self._entry is not None

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The lines of the entry before this one; None when the line is not of an entry."""
        text = line.text.rstrip("\r")
        if text.startswith(_INDENT):
            return self._indented(line, text)
        found = _HEADER.fullmatch(text)
        if found is None:
            return None
        ended = self.flush()
        self._entry = _Entry(line)
        self._entry.add("__REALTIME_TIMESTAMP", str(int(found["realtime_us"], 16)))
        self._entry.add("_BOOT_ID", found["boot_id"])
        self._entry.hold(line, line.text)
        return ended

    def flush(self) -> Iterator[KernelLine]:
        """The lines of the entry that is held."""
        self._end_value()
        entry, self._entry = self._entry, None
        return iter(()) if entry is None else entry.lines("journal-verbose", "\n".join(entry.held))

    def _indented(self, line: RawLine, text: str) -> Iterator[KernelLine] | None:
        found = _INDENTED_FIELD.fullmatch(text)
        if self._entry is None:
            # The rest of an entry whose beginning is not seen.
            return None if found is None else iter(())
        if found is not None:
            self._end_value()
            self._name, self._value = found["name"], [found["value"]]
        elif self._name:
            # systemd sets the lines of a value below each other.
            self._value.append(text[len(_INDENT) + len(self._name) + 1 :])
        self._entry.hold(line, line.text)
        return iter(())

    def _end_value(self) -> None:
        value = "\n".join(self._value)
        if self._entry is not None and self._name and not _BLOB.fullmatch(value):
            self._entry.add(self._name, value)
        self._name, self._value = "", []
