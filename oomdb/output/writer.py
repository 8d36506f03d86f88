"""Rows to a person or a program: the only writer of rows, in six formats.

Rows come as Arrow record batches and leave as they come, so that memory stays flat.
Timestamps are UTC and written in ISO 8601 with Z, binary values in hexadecimal, NULL
as nothing (JSON: null) and so are values that are no number. Text that goes to a
terminal carries no control characters, whatever the format. Text in CSV that a spreadsheet
would run as a formula has an apostrophe before it; numbers and the other formats have not.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from oomdb.errors import OomdbError, UsageError
from oomdb.output import cells, layout, spreadsheet, terminal
from oomdb.output.formats import Format, StoryFormat
from oomdb.publishing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa


_BY_SUFFIX = {
    ".json": Format.JSON,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".md": Format.MD,
}

_STORY_BY_SUFFIX = {
    ".html": StoryFormat.HTML,
    ".htm": StoryFormat.HTML,
    ".json": StoryFormat.JSON,
    ".md": StoryFormat.MD,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """A result: its Arrow schema, and its record batches, to be read once."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """The rows of a whole Arrow table."""
        return cls(table.schema, table.to_batches())


def chosen_format(asked: Format | None, out: Path | None) -> Format:
    """The format asked for; else the one that the suffix of `out` names; else a table."""
    if asked is not None:
        return asked
    return _BY_SUFFIX.get(out.suffix.lower(), Format.TABLE) if out else Format.TABLE


def chosen_story_format(asked: StoryFormat | None, out: Path | None) -> StoryFormat:
    """The format asked for; else the one that the suffix of `out` names; else text."""
    if asked is not None:
        return asked
    return _STORY_BY_SUFFIX.get(out.suffix.lower(), StoryFormat.TEXT) if out else StoryFormat.TEXT


@dataclass(frozen=True, slots=True)
class Style:
    """How rows are written where they go to: the format, and what a screen asks for."""

    format: Format
    is_screen: bool
    is_bold: bool
    width: int


def style_for(asked: Format | None, out: Path | None) -> Style:
    """How rows are to be written to `out` or to stdout; UsageError for Parquet to a terminal."""
    chosen = chosen_format(asked, out)
    is_screen = out is None and terminal.is_terminal(sys.stdout)
    if is_screen and chosen is Format.PARQUET:
        raise UsageError("Parquet is not for a terminal: give --out FILE, or a pipe")
    is_bold = is_screen and terminal.may_colour(sys.stdout)
    return Style(chosen, is_screen, is_bold, terminal.screen_width())


def write(rows: Rows, asked: Format | None = None, out: Path | None = None) -> None:
    """Write `rows` to the file `out`, or to standard output.

    A file appears under its name only when it is whole. UsageError for Parquet to a
    terminal, OomdbError when `out` cannot be written.
    """
    style = style_for(asked, out)
    with _destination(out) as file:
        write_to(file, rows, style)


def copy(chunks: Iterator[bytes], out: Path | None) -> None:
    """Write to `out` or to standard output what another process has made of rows.

    Nothing is opened before there is something to write. OomdbError when `out` cannot be
    written.
    """
    first = next(chunks, b"")
    with _destination(out) as file:
        for chunk in chain([first], chunks):
            file.write(chunk)


@contextmanager
def _destination(out: Path | None) -> Iterator[BinaryIO]:
    if out is not None:
        with replacing(out) as file:
            yield file
        return
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


def write_to(file: BinaryIO, rows: Rows, style: Style) -> None:
    """Write `rows` to an open file."""
    chosen = style.format
    if chosen is Format.PARQUET:
        _write_parquet(file, rows)
        return
    columns = cells.columns_of(rows.schema)
    if chosen is Format.TABLE:
        batches = (cells.text_columns(batch) for batch in rows.batches)
        lines = layout.table(columns, _rowwise(batches), style.width, bold=style.is_bold)
    elif chosen is Format.MD:
        batches = (cells.text_columns(batch) for batch in rows.batches)
        lines = _markdown(columns, _rowwise(batches))
    elif chosen is Format.CSV:
        lines = _csv(columns, rows, screen=style.is_screen)
    else:
        lines = _json(columns, rows, lines=chosen is Format.NDJSON)
    for line in lines:
        file.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _rowwise(batches: Iterable[list[list[str]]]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(zip(*batch, strict=True) for batch in batches)


def _write_parquet(file: BinaryIO, rows: Rows) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [column.name for column in cells.columns_of(rows.schema)]
    try:
        schema = pa.schema(
            [field.with_name(name) for field, name in zip(rows.schema, names, strict=True)]
        )
        with pq.ParquetWriter(file, schema) as writer:
            for batch in rows.batches:
                writer.write_batch(batch.rename_columns(names))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise OomdbError(f"these columns do not fit into Parquet: {error}") from error


_MARKDOWN_SPECIAL = re.compile(r"([\\|*`\[\]<>]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")


def _markdown_row(values: Iterable[str]) -> str:
    return "| " + " | ".join(_MARKDOWN_SPECIAL.sub(r"\\\1", value) for value in values) + " |"


def _markdown(columns: list[cells.Column], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _markdown_row(terminal.printable(column.name) for column in columns)
    yield "|" + "|".join(" ---: " if column.is_number else " --- " for column in columns) + "|"
    for row in rows:
        yield _markdown_row(row)


def _csv_cell(value: object, *, screen: bool) -> str:
    """One CSV field: NULL is empty, an empty text is a pair of quotes (RFC 4180 quoting)."""
    if value is None:
        return ""
    text = cells.text_of(value)
    if screen:
        text = terminal.printable(text)
    if isinstance(value, str):
        text = spreadsheet.guarded(text)
    if isinstance(value, str) and (not text or any(mark in text for mark in ',"\r\n')):
        return '"' + text.replace('"', '""') + '"'
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if "," in text or '"' in text else text


def _csv(columns: list[cells.Column], rows: Rows, *, screen: bool) -> Iterator[str]:
    yield ",".join(_csv_cell(column.name, screen=screen) for column in columns)
    for batch in rows.batches:
        for row in zip(*cells.plain_columns(batch), strict=True):
            yield ",".join([_csv_cell(value, screen=screen) for value in row])


_OBEYED_BY_TERMINALS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def json_text(value: object, *, indent: int | None = None) -> str:
    """`value` as JSON that is safe to print: control characters are escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=str)
    return _OBEYED_BY_TERMINALS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _json(columns: list[cells.Column], rows: Rows, *, lines: bool) -> Iterator[str]:
    names = [column.name for column in columns]
    objects = (
        json_text(dict(zip(names, row, strict=True)))
        for batch in rows.batches
        for row in zip(*cells.plain_columns(batch), strict=True)
    )
    if lines:
        yield from objects
        return
    yield "["
    held = next(objects, None)
    for following in objects:
        yield f"  {held},"
        held = following
    if held is not None:
        yield f"  {held}"
    yield "]"
