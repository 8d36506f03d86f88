"""Budgets of processes: what they may hold, from a CSV file, and the list of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import databases, reading, tables
from oomdb.fleet import patterns, sheet

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place

#: The columns that a file may have, in the order of the list.
COLUMNS = ("host", "label", "comm", "unit", "kb", "note")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of budgets did: how many there are, and what the user should know."""

    budgets: int
    notes: tuple[str, ...]


def import_budgets(path: Path, database: Place, *, wait_s: float = 0) -> Imported:
    """Put the budgets of a CSV file in the place of all budgets.

    Another process that writes the database is waited for `wait_s` seconds at most.
    SheetError for a file that cannot be used; then the database stays as it was.
    """
    told = sheet.read(path)
    budgets = budgets_of(told)
    with databases.open_for_ingest(database, told.act("budgets import"), wait_s=wait_s) as store:
        known = store.label_names()
        for line, budget in zip(told.lines, budgets, strict=True):
            if budget["label"] is not None and budget["label"] not in known:
                named = ", ".join(sorted(known)) or "none; `oomdb hosts import` brings them"
                raise line.problem(f"no label is called {budget['label']} (labels: {named})")
        store.replace_told(tables.BUDGETS, budgets)
    with databases.open_for_reading(database) as reader:
        unused = {
            record["budget_no"] for record in reading.records(reader.connection, _WITHOUT_HOST)
        }
    notes = []
    for line, budget in zip(told.lines, budgets, strict=True):
        comm = line.cells.get("comm", "")
        if patterns.is_cut(comm):
            notes.append(
                f"{line.place}: the kernel cuts names to {patterns.COMM_BYTES} bytes; {comm}"
                f" counts for every process printed as {budget['comm_like']}"
            )
        elif patterns.misses_cut_names(comm):
            notes.append(
                f"{line.place}: the kernel cuts names to {patterns.COMM_BYTES} bytes; {comm}"
                " does not fit names of which the end is lost"
            )
        if budget["budget_no"] in unused:
            notes.append(f"{line.place}: no host that is known yet has this budget")
    return Imported(len(budgets), tuple(notes))


def budgets_of(told: sheet.Sheet) -> list[dict[str, object]]:
    """The rows of `budgets`; SheetError where the file says something that cannot be."""
    told.require("kb")
    if not {"comm", "unit"} & set(told.columns):
        raise sheet.SheetError(f"{told.name}:1: neither a column comm nor a column unit")
    for column in told.columns:
        if column not in COLUMNS:
            raise sheet.SheetError(
                f"{told.name}:1: no budget has a column {column}; there are {', '.join(COLUMNS)}"
            )
    first: dict[tuple[str, ...], int] = {}
    budgets = []
    for budget_no, line in enumerate(told.lines, 1):
        budget = _budget(line)
        subject = tuple(line.cells.get(column, "") for column in ("host", "label", "comm", "unit"))
        subject = (subject[0].lower(), *subject[1:])
        if subject in first:
            raise line.problem(f"the same budget is in line {first[subject]} already")
        first[subject] = line.line_no
        budgets.append({"budget_no": budget_no, **budget})
    return budgets


def _budget(line: sheet.Line) -> dict[str, object]:
    host, label, comm, unit, size, note = (line.cells.get(column, "") for column in COLUMNS)
    if not comm and not unit:
        raise line.problem("neither comm nor unit: whose budget is it? (* for every process)")
    label_name, equals, value = (part.strip() for part in label.partition("="))
    if label and not (label_name and equals and value):
        raise line.problem(f"label {label!r}: give a label and its value, such as role=db*")
    comm_like = patterns.comm_like(comm) if comm else None
    if comm and comm_like is None:
        raise line.problem(
            f"comm {comm!r} fits no name: the kernel prints only the first"
            f" {patterns.COMM_BYTES} bytes of it"
        )
    return {
        "host_pattern": host if host not in ("", "*") else None,
        "label": label_name.lower() or None,
        "label_pattern": value or None,
        "comm_pattern": comm or None,
        "unit_pattern": unit or None,
        "comm_like": comm_like,
        "unit_like": patterns.like(unit) if unit else None,
        "budget_kb": _kb(line, size),
        "note": note or None,
    }


def _kb(line: sheet.Line, text: str) -> int:
    most = tables.Magnitude.RAM_KB.value
    if not (text.isascii() and text.isdigit()):
        raise line.problem(f"kb {text!r}: give a whole number of kB, without a unit")
    if len(text) > len(str(most)) or not 0 < int(text) <= most:
        raise line.problem(f"kb {text}: no memory is of that size; from 1 to {most}")
    return int(text)


_WITHOUT_HOST = """
SELECT budget_no FROM budgets
WHERE (host_pattern IS NOT NULL OR label IS NOT NULL)
  AND budget_no NOT IN (SELECT budget_no FROM budget_hosts)"""

_BUDGETS = """
SELECT
  host_pattern AS host, label || '=' || label_pattern AS label, comm_pattern AS comm,
  unit_pattern AS unit, budget_kb AS kb, note
FROM budgets ORDER BY budget_no"""


def budget_rows(connection: Connection) -> Rows:
    """Every budget as it was imported, in the order of the file."""
    return reading.rows(connection, _BUDGETS)
