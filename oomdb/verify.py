"""Whether a database holds what it should: every row readable, nothing lost, nothing changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from oomdb import databases, scratch, tables
from oomdb.errors import DamagedDatabaseError, OomdbError
from oomdb.incidents import copies
from oomdb.incidents.kept import decompress
from oomdb.lake.checking import each_file
from oomdb.originals import check_originals
from oomdb.reparse import rebuild
from oomdb.store import custody, whole
from oomdb.store.content import Content
from oomdb.store.places import lake_at
from oomdb.store.trouble import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oomdb.originals import Originals
    from oomdb.sources.limits import Limits
    from oomdb.store.connection import Connection
    from oomdb.store.places import Lake, Place

    Found = Iterator[tuple[str, str]]

_BATCH_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: which check found it, in what, and what it is."""

    check: str
    subject: str
    problem: str


@dataclass
class Verified:
    """What was gone through, and every problem that was found, in a fixed order.

    `entries` and `head` are the number of entries in custody and the hash of the last.
    `originals` tells what became of the files that were read; None when nobody looked.
    """

    tables: int = 0
    rows: int = 0
    evidence: int = 0
    entries: int = 0
    head: str | None = None
    originals: Originals | None = None
    problems: list[Problem] = field(default_factory=list)


def verify(
    database: Place,
    *,
    originals: bool = True,
    again: bool = False,
    entry: str | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Verified:
    """Read all of a database and hold it against itself, and against the files it came from.

    `entry` is the hash of an entry of custody as it was noted elsewhere, or how it begins
    (`custody.noted_hash`): it is a problem when none has it. Files are looked at, by `limits`,
    unless `originals` is False; with `again` every row is held against what the kept evidence
    gives when it is read again. OomdbError when there is no database.
    """
    done = Verified()
    checks: dict[str, Callable[[Connection], Found]] = {
        "orphans": _orphans,
        "counts": _counts,
        "evidence": lambda connection: _evidence(connection, done),
        "custody": lambda connection: _custody(connection, done, entry),
        "views": _views,
    }
    lake = lake_at(database)
    if lake is not None:
        del checks["views"]  # a lake has none of its own
    if again:
        checks["rows"] = lambda connection: _rows(connection, database, progress)
    if originals:
        checks["files"] = lambda connection: _files(connection, done, limits, progress)
    try:
        every = _each_table(database, done) if lake is None else _each_file(lake, done)
        done.problems += [Problem("blocks", *found) for found in every]
        while checks:
            done.problems += _found_by(checks, database)
    except DamagedDatabaseError as error:
        done.problems.append(Problem("blocks", str(database), str(error)))
    return done


def _found_by(
    checks: dict[str, Callable[[Connection], Found]], database: Place
) -> Iterator[Problem]:
    """What the checks find, of one state of the database; each is taken out when it begins.

    It ends when none is left, or with one that cannot be done: that is a problem too, and may
    have ended the connection.
    """
    check = next(iter(checks))
    try:
        with databases.open_for_reading(database) as reader:
            while checks:
                check = next(iter(checks))
                for subject, problem in checks.pop(check)(reader.connection):
                    yield Problem(check, subject, problem)
    except DamagedDatabaseError:
        raise
    except OomdbError as error:
        checks.pop(check, None)
        yield Problem(check, str(database), f"the check could not be done: {error}")


def _each_table(database: Place, done: Verified) -> Found:
    """Read every value of every table."""
    with databases.open_for_reading(database) as reader:
        names = whole.relations(reader.connection)
    while names:
        with databases.open_for_reading(database) as reader:
            while names:
                relation = names.pop(0)
                try:
                    done.rows += whole.read(reader.connection, relation)
                except (duckdb.Error, OomdbError) as error:
                    yield str(relation), first_line(error)
                    break  # a damaged block has ended the connection
                done.tables += 1


def _each_file(lake: Lake, done: Verified) -> Found:
    """The same of a lake: every file is held against its name."""
    seen = set()
    for name, row_count, problem in each_file(lake):
        seen.add(name.partition("/")[0])
        done.rows += row_count
        if problem is not None:
            yield name, problem
    done.tables = len(seen)


#: Each way in which a row can point at another, and which it may be missing.
_REFERENCES: tuple[tuple[str, str, str, str], ...] = (
    *((table.name, "event_id", "events", "event_id") for table in tables.EVENT_TABLES),
    ("sightings", "source_id", "sources", "source_id"),
    ("events", "event_id", "sightings", "event_id"),
    ("events", "copy_digest", "sightings", "copy_digest"),
    ("events", "host_id", "hosts", "host_id"),
    ("host_names", "host_id", "hosts", "host_id"),
    ("host_labels", "host_id", "hosts", "host_id"),
    ("budget_hosts", "host_id", "hosts", "host_id"),
    ("budget_hosts", "budget_no", "budgets", "budget_no"),
    ("custody_sources", "entry_no", "custody", "entry_no"),
)


def _orphans(connection: Connection) -> Found:
    for table, column, parent, key in _REFERENCES:
        found = connection.execute(
            f"SELECT COUNT(*), MIN(CAST({column} AS VARCHAR)) FROM {table} AS t"
            f" WHERE {column} IS NOT NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE p.{key} = t.{column})"
        ).fetchone()
        assert found is not None
        if found[0]:
            yield table, f"{found[0]:,} rows whose {column} is not in {parent}, such as {found[1]}"


_COUNTED = """
SELECT s.path, s.event_count, COALESCE(c.event_count, 0)
FROM sources AS s
LEFT JOIN (
  SELECT source_id, COUNT(DISTINCT event_id) AS event_count FROM sightings GROUP BY source_id
) AS c ON c.source_id = s.source_id
WHERE s.event_count IS DISTINCT FROM COALESCE(c.event_count, 0) ORDER BY s.path"""

#: Tables of which an event cannot have two rows with the same of these columns.
_UNIQUE: tuple[tuple[str, str], ...] = (
    ("events", "event_id"),
    ("sources", "source_id"),
    ("hosts", "host_id"),
    ("victims", "event_id, victim_no"),
    ("processes", "event_id, row_no"),
    ("unparsed_lines", "event_id, line_no"),
)


def _counts(connection: Connection) -> Found:
    for path, told, counted in connection.execute(_COUNTED).fetchall():
        yield path, f"its event_count is {told}, but its sightings are of {counted} events"
    for table, key in _UNIQUE:
        row = connection.execute(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} GROUP BY {key} HAVING COUNT(*) > 1)"
            " AS doubled"
        ).fetchone()
        if row and row[0]:
            yield table, f"{row[0]:,} times more than one row has the same {key}"


def _evidence(connection: Connection, done: Verified) -> Found:
    """Kept lines against their hashes, and the hashes of a source against the one over all.

    A redacted copy keeps none.
    """
    if Content(connection).is_redacted:
        return
    result = connection.cursor().execute(
        "SELECT event_id, first_line, evidence, evidence_sha256 FROM sightings"
    )
    while rows := result.fetchmany(_BATCH_ROWS):
        for event_id, first_line_no, evidence, sha256 in rows:
            done.evidence += 1
            problem = _evidence_problem(evidence, sha256)
            if problem is not None:
                yield f"event {event_id}, sighting in line {first_line_no}", problem
    for path, told, kept in _kept_by_source(connection):
        if told != custody.evidence_digest(kept):
            yield path, "its evidence_digest is not that of its sightings"


def _evidence_problem(evidence: bytes | None, sha256: bytes) -> str | None:
    if evidence is None:
        return "its evidence is gone"
    try:
        lines = decompress(evidence)
    except OomdbError as error:
        return str(error)
    if hashlib.sha256(lines).digest() != sha256:
        return "the kept lines are not those that were read: their SHA-256 differs"
    return None


def _kept_by_source(
    connection: Connection,
) -> Iterator[tuple[str, str | None, list[str]]]:
    """Path and evidence_digest of each source, and what its sightings keep."""
    names = ("evidence_sha256", "copy_damage", *copies.KEPT)
    result = connection.cursor().execute(
        f"SELECT s.source_id, s.path, s.evidence_digest, {', '.join(f'k.{n}' for n in names)}"
        " FROM sources AS s"
        " LEFT JOIN sightings AS k ON k.source_id = s.source_id ORDER BY s.source_id"
    )
    current: tuple[str, str, str | None] | None = None
    kept: list[str] = []
    while rows := result.fetchmany(_BATCH_ROWS):
        for source_id, path, told, *values in rows:
            if current is not None and current[0] != source_id:
                yield current[1], current[2], kept
                kept = []
            current = (source_id, path, told)
            sighting = dict(zip(names, values, strict=True))
            if sighting["evidence_sha256"] is not None:
                kept.append(copies.kept_line(sighting))
    if current is not None:
        yield current[1], current[2], kept


def _custody(connection: Connection, done: Verified, noted: str | None) -> Found:
    done.entries, done.head = custody.head(connection)
    yield from custody.problems(connection)
    if noted is not None and not custody.has_entry(connection, noted):
        yield f"hash {noted}", "no entry has it: what it was noted for was changed since"


def _views(connection: Connection) -> Found:
    """Tables and saved views against those of a database that is made now."""
    found, expected = whole.definitions(connection)
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            yield name, "it is missing"
        elif name not in expected:
            yield name, "it is not oomdb's"
        elif found[name] != expected[name]:
            yield name, "its definition was changed"


def _rows(
    connection: Connection,
    database: Place,
    progress: Callable[[int, int, str], None] | None,
) -> Found:
    """Every table against the one of a database that is made anew of the evidence."""
    new = Path(scratch.folder(large=True)) / "again.duckdb"
    try:
        for lost in rebuild(database, new, progress=progress).lost:
            yield "evidence", lost
        with databases.open_for_reading(new) as reader:
            for relation in whole.relations(connection):
                if relation.table in _NOT_COMPARED:
                    continue
                here, there = whole.contents(connection, reader.connection, relation)
                if here != there:
                    yield (
                        str(relation),
                        (
                            f"its {here[0]:,} rows are not the {there[0]:,} that the kept evidence"
                            " gives; `oomdb rebuild` makes a database of these"
                        ),
                    )
    finally:
        new.unlink(missing_ok=True)


#: Tables that say when and how logs were read; a new database has others.
_NOT_COMPARED = frozenset({"alembic_version", *(table.name for table in tables.HISTORY)})


def _files(
    connection: Connection,
    done: Verified,
    limits: Limits | None,
    progress: Callable[[int, int, str], None] | None,
) -> Found:
    done.originals = check_originals(connection, limits, progress)
    yield from done.originals.differing
