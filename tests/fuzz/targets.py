"""What is fed with bytes: each a function that may raise nothing but oomdb's own errors."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.carriers.line import RawLine
from oomdb.carriers.names import NAMES
from oomdb.carriers.reader import CarrierReader
from oomdb.dating import Evidence, Timeline
from oomdb.errors import OomdbError
from oomdb.fleet import budgets, labels, sheet
from oomdb.incidents import copies
from oomdb.incidents.kept import compress
from oomdb.logs import LogReader, Marks, Options
from oomdb.reports import reader as reports
from oomdb.rows.leaves import leaf_tables
from oomdb.sources.files import Source, signature
from oomdb.sources.limits import Limits
from tests.near_hits import lines_near_hits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Limits that a small input can reach.
LIMITS = Limits(
    expanded_bytes=8 << 20,
    ratio_free_bytes=1 << 20,
    members=200,
    spool_bytes=4 << 20,
    window_bytes=8 << 20,
)
_BLOCK_BYTES = 4096


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _BLOCK_BYTES] for at in range(0, len(data), _BLOCK_BYTES))


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="oomdb-fuzz-")


def _file(data: bytes) -> Path:
    path = Path(_folder().name, "input")
    path.write_bytes(data)
    return path


def sources(data: bytes) -> None:
    """A file of any kind: what is unwrapped of it, read into rows."""
    path = str(_file(data))
    source = Source(path, status=signature(path))
    for log in LogReader(Options(limits=LIMITS), Marks()).read(source):
        for group in log.found:
            leaf_tables([found.rows for found in group if found.rows.pack is None])


def carriers(data: bytes) -> None:
    """The lines of a stream, through every carrier's reader."""
    reader, line_no, at = CarrierReader(), 1, 0
    seen: list[str] = []
    for text in data.decode("latin-1").split("\n"):
        end = min(at + len(text) + 1, len(data))
        if text:
            seen += [line.text for line in reader.feed(RawLine(text, line_no, at, end))]
        line_no, at = line_no + 1, end
    seen += [line.text for line in reader.flush()]
    assert all("\n" not in text for text in seen)


def scan(data: bytes) -> None:
    """The lines that are handed on are lines of the stream, whatever the blocks are."""
    lines = [line for line in lines_near_hits(_blocks(data), lambda: False) if line is not None]
    for line in lines:
        raw = data[line.first_byte : line.last_byte].decode("latin-1")
        assert raw.removesuffix("\n") == line.text


def cut(data: bytes) -> None:
    """Reports, and that each line of them stands in the stream."""
    for located in reports.in_blocks(_blocks(data)):
        place = located.place
        assert 0 <= place.first_byte < place.last_byte <= len(data)
        assert 1 <= place.first_line <= place.last_line


def rows(data: bytes) -> None:
    """A log to the rows of its reports, and those again from the kept evidence."""
    evidence = Evidence(name="/logs/2024/web1/messages-20240604", modified_s=1717520000.0)
    found = copies.in_blocks(_blocks(data), lambda: ("web1", evidence))
    for one in found[:20]:
        with suppress(ValueError):
            copies.reread(bytes(one.sighting["evidence"]), None)  # type: ignore[call-overload]
        copies.again({"copy_json_fields": None, **one.sighting})
    leaf_tables([one.rows for one in found if one.rows.pack is None])


def again(data: bytes) -> None:
    """Evidence of any content, as a damaged database may hold."""
    with suppress(ValueError):
        copies.reread(compress(data), None)


def dating(data: bytes) -> None:
    """Every line of a stream as one whose time is asked for."""
    timeline, reader = Timeline(), CarrierReader(NAMES)
    name = data[:64].decode("latin-1")
    evidence = Evidence(name=name, modified_s=1717520000.0, collected_s=None, boot_s=17e8)
    at = 0
    for text in data.decode("latin-1").split("\n")[:400]:
        raw = RawLine(text, 1, at, at + len(text) + 1)
        for line in chain(reader.feed(raw) if text else (), reader.flush()):
            timeline.see(line)
            timeline.date(line, evidence)
        at += len(text) + 1


def sheets(data: bytes) -> None:
    """A CSV file of labels or budgets."""
    path = _file(data)
    for read in (labels.rules_of, budgets.budgets_of):
        with suppress(OomdbError):
            read(sheet.read(path))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "sources": sources,
    "carriers": carriers,
    "scan": scan,
    "cut": cut,
    "rows": rows,
    "again": again,
    "dating": dating,
    "sheets": sheets,
}
