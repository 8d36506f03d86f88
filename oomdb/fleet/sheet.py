"""A CSV file that a user wrote: a header, then rows, each with the line it stands on."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import sizes
from oomdb.errors import OomdbError, UsageError
from oomdb.output.spreadsheet import unguarded
from oomdb.store.custody import Act

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: More is no list of hosts or budgets.
_MOST_BYTES = 64 * 1024 * 1024


class SheetError(OomdbError):
    """The file cannot be used; the message names it, and the line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row below the header: its cells by column, without blanks around them."""

    sheet: str
    line_no: int
    cells: dict[str, str]

    @property
    def place(self) -> str:
        """The file and the number of the line, as editors take it."""
        return f"{self.sheet}:{self.line_no}"

    def problem(self, text: str) -> SheetError:
        """What is wrong with the line, as an error that names it."""
        return SheetError(f"{self.place}: {text}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file: its columns in order, in lower case, its rows, its SHA-256."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    sha256: str

    def act(self, action: str) -> Act:
        """What custody says of its import."""
        return Act(action, {"file": self.name, "sha256": self.sha256, "lines": len(self.lines)})

    def require(self, *columns: str) -> None:
        """SheetError unless the header has all these columns."""
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise SheetError(
                f"{self.name}:1: no column {' and no column '.join(missing)};"
                " the first line must name the columns, commas between; it names"
                f" {' and '.join(self.columns)}"
            )


def read(path: Path) -> Sheet:
    """The file at `path`, or standard input for `-`.

    UTF-8 with or without a byte order mark, commas, quotes as in RFC 4180; empty lines
    do not count, nor does the apostrophe before text that a spreadsheet would run.
    UsageError when there is no such file, SheetError when it is no CSV.
    """
    name = "standard input" if str(path) == "-" else str(path)
    content = _content(name, path)
    text = _text(name, content)
    rows = _rows(name, text)
    header_no, header = next(rows, (1, []))
    columns = tuple(cell.strip().lower() for cell in header)
    if not any(columns):
        raise SheetError(f"{name}:{header_no}: the file is empty: no line names the columns")
    for column in columns:
        if not column:
            raise SheetError(f"{name}:{header_no}: a column has no name")
        if columns.count(column) > 1:
            raise SheetError(f"{name}:{header_no}: two columns are called {column}")
    lines = []
    for line_no, row in rows:
        if len(row) != len(columns):
            raise SheetError(
                f"{name}:{line_no}: {len(row)} values, but the first line names"
                f" {len(columns)} columns"
            )
        cells = dict(zip(columns, (unguarded(cell.strip()) for cell in row), strict=True))
        lines.append(Line(name, line_no, cells))
    return Sheet(name, columns, tuple(lines), hashlib.sha256(content).hexdigest())


def _content(name: str, path: Path) -> bytes:
    if str(path) == "-":
        content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    else:
        if not path.exists():
            raise UsageError(f"no such file: {path}")
        if path.is_dir():
            raise UsageError(f"{path} is a folder, not a CSV file")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise SheetError(f"{name}: larger than {sizes.shown(_MOST_BYTES)}")
    return content


def _text(name: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_no = content.count(b"\n", 0, error.start) + 1
        raise SheetError(
            f"{name}:{line_no}: not UTF-8 (byte {content[error.start]:#04x});"
            " save the file as CSV in UTF-8"
        ) from None
    if "\0" in text:
        line_no = text.count("\n", 0, text.index("\0")) + 1
        raise SheetError(f"{name}:{line_no}: a zero byte: this is no CSV file")
    return text


def _rows(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line_no = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise SheetError(f"{name}:{line_no}: {error}") from None
        if any(cell.strip() for cell in row):
            yield line_no, row
