"""Streams for the tests of carriers, and what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.carriers.line import RawLine
from oomdb.carriers.reader import CarrierReader
from oomdb.reports.reader import in_blocks
from oomdb.rows.builder import rows_of
from tests.printed import report_6_1

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.carriers.names import Names
    from oomdb.reports.reader import Located
    from oomdb.rows.batch import RowBatch

#: One report; the lines that belong to one record of the kernel are one text.
RECORDS = [
    *report_6_1()[:3],
    "\n".join(report_6_1()[3:5]),
    *report_6_1()[5:],
]
LINES = [line for record in RECORDS for line in record.split("\n")]


def raw_lines(data: bytes) -> Iterator[RawLine]:
    """The lines of a stream as the scan hands them on."""
    first_byte = 0
    for number, text in enumerate(data.decode("latin-1").split("\n"), 1):
        last_byte = min(first_byte + len(text) + 1, len(data))
        if text or last_byte > first_byte:
            yield RawLine(text, number, first_byte, last_byte)
        first_byte = last_byte


def kernel_lines(data: bytes, names: Names | None = None) -> list[KernelLine]:
    """All lines of the kernel in a stream."""
    reader = CarrierReader() if names is None else CarrierReader(names)
    lines: list[KernelLine] = []
    for raw in raw_lines(data):
        lines += reader.feed(raw)
    return [*lines, *reader.flush()]


def texts(data: bytes) -> list[str]:
    """The texts of the kernel's own lines in a stream."""
    return [line.text for line in kernel_lines(data) if not line.foreign]


def reports(data: bytes, size: int = 1 << 20) -> list[Located]:
    """The reports of a stream that comes in blocks of `size` bytes."""
    return list(in_blocks(data[at : at + size] for at in range(0, len(data), size)))


def rows(located: Located) -> RowBatch:
    """What is stored of a report."""
    return rows_of(located.report)


def facts(located: Located) -> RowBatch:
    """What is stored of a report but for its time."""
    batch = rows_of(located.report)
    for column in ("uptime_s", "printed_time", "occurred_at", "occurred_epoch_s", "time_basis"):
        batch.event.pop(column, None)
    return batch


def evidence(located: Located) -> bytes:
    """The text that is kept of a report, from which it is read again."""
    return "\n".join(line.raw for line in located.lines).encode("latin-1")
