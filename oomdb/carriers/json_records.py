"""Records in JSON, in any layout: what journalctl, dmesg and the shippers of logs write.

The record is the object that holds a message; what the objects round it say (the host of
a stream of events, the labels of a query's result) holds for it too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oomdb.carriers.json_text import MOST_HEAD, Documents, loaded
from oomdb.carriers.names import NAMES, pairs
from oomdb.carriers.order import Restored
from oomdb.carriers.record import MOST_RECORD, Place, described, message_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.json_text import Around, Unit
    from oomdb.carriers.line import KernelLine, RawLine
    from oomdb.carriers.names import Fields, Names

#: Marks of json-seq, of an event stream and of GELF over TCP.
_MARK = re.compile(r"(?:[\x00\x1e]|data: ?)*")
#: What Fluentd's and Fluent Bit's file outputs put before a record: its time and tag.
_HEAD = re.compile(
    r"(?P<fluentd>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*(?: [+-]\d{4})?)\t\S+\t(?=\{)"
    r"|(?:\[\d+\] )?\S+: \[(?P<fluent_bit>\d+\.\d+), (?=\{)"
)
#: Stands for the result that records in lines of their own are of.
_ALONE = object()
#: Records within messages of records.
MOST_WRAPPED = 3


class JsonRecords:
    """Takes the lines of one stream, in order."""

    def __init__(self, names: Names = NAMES) -> None:
        self._names = names
        self._documents = Documents(self._taken)
        self._order = Restored()

    @property
    def open(self) -> bool:
        """Whether a document is begun, or records of a result are held."""
        return self._documents.open or self._order.holds

    @property
    def waits(self) -> bool:
        """Whether a document that names its host may be open, or the order is not known."""
        return self._documents.open or self._order.waits

    def feed(self, line: RawLine) -> Iterator[KernelLine] | None:
        """The lines of the records that end here; None when the line is not JSON."""
        if not self._documents.in_array:
            whole = self._in_one_line(line)
            if whole is not None:
                # A record in a line of its own shows that a document before it was cut.
                self._documents.forget()
                return iter(self._order.add(_ALONE, whole))
        found = self._documents.feed(line)
        return None if found is None else iter(found)

    def flush(self) -> Iterator[KernelLine]:
        """The lines of a query's result as far as it is seen; a record without end is none."""
        self._documents.forget()
        return iter(self._order.end())

    def _in_one_line(self, line: RawLine) -> list[KernelLine] | None:
        """The record that the whole line is, by far the commonest layout."""
        text = line.text.rstrip()
        if not text.endswith(("}", "}]")) or len(text) > MOST_RECORD:
            return None
        mark = _MARK.match(text)
        assert mark is not None
        around: list[Fields] = []
        if text[mark.end()] == "{":
            value = loaded(text[mark.end() :])
            # An object without a message may hold many that have one, each for itself.
            if not isinstance(value, dict) or message_of(value, self._names) is None:
                return None
        else:
            head = _HEAD.match(text)
            if head is None:
                return None
            value = loaded(text[head.end() :].removesuffix("]" if head["fluent_bit"] else ""))
            if not isinstance(value, dict):
                return None
            around = [{"time": head["fluentd"] or head["fluent_bit"]}]
        place = Place(line.line_no, line.first_byte, line.last_byte)
        return [
            printed
            for chain in self._records([value])
            for printed in self._lines([*chain, *around], line.text, place)
        ]

    def _taken(self, unit: Unit) -> list[KernelLine] | None:
        """The lines of a document or of an array's element; None when it is no record."""
        value = loaded(unit.text)
        row = _row(value, unit.around()) if isinstance(value, list) else None
        if isinstance(value, list):
            value = row or _entry(value)
        chains = list(self._records([value])) if isinstance(value, dict) else []
        if not chains:
            return None
        around = unit.around()
        raw = unit.text
        # Read again by itself, the text must tell the same host and time.
        is_told = row is not None or (bool(around.objects) and self._is_told(chains, around))
        if is_told and len(around.head) <= MOST_HEAD:
            raw = around.head + raw + around.tail
        entry = [
            printed
            for chain in chains
            for printed in self._lines([*chain, *around.objects], raw, unit.place)
        ]
        return self._order.add(around if around.tail else _ALONE, entry)

    def _is_told(self, chains: list[list[Fields]], around: Around) -> bool:
        """Whether the objects round a record say something that it does not say itself."""
        return any(
            described(chain, self._names) != described([*chain, *around.objects], self._names)
            for chain in chains
        )

    def _records(self, objects: list[Fields]) -> Iterator[list[Fields]]:
        """Each object with a message at or in the first of `objects`, before those round it."""
        fields = objects[0]
        if message_of(fields, self._names) is not None:
            yield objects
            return
        for value in fields.values():
            inner = pairs(value) if isinstance(value, list) else value
            if isinstance(inner, dict):
                yield from self._records([inner, *objects])

    def _lines(
        self, objects: list[Fields], raw: str, place: Place, depth: int = 1
    ) -> Iterator[KernelLine]:
        """The lines of a record's message, which may be a record in JSON itself."""
        message = message_of(objects[0], self._names)
        assert message is not None
        if depth < MOST_WRAPPED and message.lstrip().startswith("{"):
            inner = loaded(message)
            if isinstance(inner, dict) and message_of(inner, self._names) is not None:
                yield from self._lines([inner, *objects], raw, place, depth + 1)
                return
        yield from described(objects, self._names).lines(message, raw, place)


def _row(listed: list[Any], around: Around) -> Fields | None:
    """A row of a table whose columns are named before it, as Azure Monitor answers."""
    table = around.objects[0] if around.objects else {}
    columns = table.get("columns", table.get("fields"))
    if not isinstance(columns, list) or len(columns) != len(listed):
        return None
    names = [column.get("name") if isinstance(column, dict) else column for column in columns]
    return dict(zip(map(str, names), listed, strict=True))


def _entry(listed: list[Any]) -> Fields | None:
    """A record that is written as an array: an entry of Loki, or fields by name."""
    if len(listed) > 1 and isinstance(listed[0], str) and isinstance(listed[1], str):
        return {"timestamp": listed[0], "line": listed[1]} if listed[0].isdecimal() else None
    return pairs(listed)
