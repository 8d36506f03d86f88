"""Who did what to the database: an append-only list of acts, each chained to the one before.

An entry holds the hash of the entry before it and one over the sources that it added or
took out, and of these the hash over all the evidence kept. So whoever noted the hash of one
entry elsewhere can tell whether anything up to it was changed since.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import __version__, tables
from oomdb.errors import UsageError
from oomdb.store.insertion import among, insert, insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.store.connection import Connection, Result


#: A hash or its first digits: fewer may be those of several entries.
_NOTED = re.compile(r"[0-9A-Fa-f]{8,64}")
#: Rows that are fetched at a time.
_MOST_FETCHED = 10_000
#: What the kernel says of a process that nobody logged in for.
_NO_LOGIN = 2**32 - 1
#: The hash over no rows.
_NO_ROWS = hashlib.sha256().hexdigest()
#: Who did what nobody shall know.
_NAMELESS = "redacted"

_SOURCE = "path, sha256, size_bytes, evidence_digest"
#: Sources that an act has changed: those that are gone or kept otherwise, those that are new.
_CHANGES = """
SELECT change, turn, {source}
FROM (
  SELECT 'removed' AS change, 0 AS turn, b.path, b.sha256, b.size_bytes, b.evidence_digest
  FROM sources_before AS b
  LEFT JOIN (SELECT * FROM sources WHERE source_id {among_before}) AS s
    ON s.source_id = b.source_id
  WHERE s.source_id IS NULL OR s.evidence_digest IS DISTINCT FROM b.evidence_digest
    OR s.size_bytes <> b.size_bytes
  UNION ALL
  SELECT 'added' AS change, 1 AS turn, s.path, s.sha256, s.size_bytes, s.evidence_digest
  FROM sources AS s
  LEFT JOIN sources_before AS b ON b.source_id = s.source_id
  WHERE s.source_id {among_touched}
    AND (b.source_id IS NULL OR s.evidence_digest IS DISTINCT FROM b.evidence_digest
        OR s.size_bytes <> b.size_bytes)
) AS changed"""

#: What the entries together say is in the database, against what is.
_UNTOLD = """
SELECT COALESCE(s.path, told.path) AS path,
  CASE WHEN s.path IS NULL THEN 'custody says that it was added; it is not in sources'
    WHEN told.path IS NULL THEN 'it is in sources; custody does not say that it was added'
    ELSE 'size or evidence are not what custody says was added' END AS problem
FROM sources AS s
FULL JOIN (
  SELECT path, sha256, size_bytes, evidence_digest
  FROM (
    SELECT path, sha256, size_bytes, evidence_digest, change,
      ROW_NUMBER() OVER (PARTITION BY path, sha256 ORDER BY entry_no DESC, change_no DESC) AS turn
    FROM custody_sources
  ) AS changes
  WHERE turn = 1 AND change = 'added'
) AS told ON told.path = s.path AND told.sha256 = s.sha256
WHERE s.path IS NULL OR told.path IS NULL OR s.size_bytes <> told.size_bytes
  OR s.evidence_digest IS DISTINCT FROM told.evidence_digest
ORDER BY path"""


@dataclass(frozen=True, slots=True)
class Act:
    """What is done to a database: the command, and what was asked of it as JSON has it.

    Of an `is_anonymous` one nothing tells who did it, and where.
    """

    action: str
    options: dict[str, object] = field(default_factory=dict)
    is_anonymous: bool = False


class Ledger:
    """What one act changes, kept until its entry is written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute(
            "CREATE TEMP TABLE sources_before AS"
            f" SELECT source_id, {_SOURCE} FROM sources WHERE false"
        )
        connection.execute("CREATE TEMP TABLE sources_touched (source_id VARCHAR)")
        self._told: list[str] = []

    def told(self, table: tables.Table) -> None:
        """Note that all rows of a table were put there by users."""
        self._told.append(table.name)

    def inherit(self, old: Connection) -> None:
        """Take the sources of another database for what is there before the act."""
        rows = old.execute(f"SELECT source_id, {_SOURCE} FROM sources").to_arrow_table()
        insert(self._connection, "sources_before", rows)
        self._touch("sources_before")

    def leaving(self, relation: str) -> None:
        """Note sources, whose ids are in a relation, before they are taken out."""
        self._connection.execute(
            f"INSERT INTO sources_before SELECT source_id, {_SOURCE} FROM sources"
            f" WHERE source_id {among(self._connection, relation, 'source_id')}"
            " AND source_id NOT IN (SELECT source_id FROM sources_touched)"
        )
        self._touch(relation)

    def added(self, relation: str) -> None:
        """Note sources, whose ids are in a relation, that were added."""
        self._touch(relation)

    def _touch(self, relation: str) -> None:
        self._connection.execute(f"INSERT INTO sources_touched SELECT source_id FROM {relation}")

    def write(self, act: Act) -> None:
        """Append the entry of the act."""
        connection = self._connection
        last_no, previous = head(connection)
        entry_no = last_no + 1
        changes = _CHANGES.format(
            source=_SOURCE,
            among_before=among(connection, "sources_before", "source_id"),
            among_touched=among(connection, "sources_touched", "source_id"),
        )
        connection.execute(
            f"INSERT INTO custody_sources (entry_no, change_no, change, {_SOURCE})"
            f" SELECT {entry_no}, ROW_NUMBER() OVER (ORDER BY path, sha256, turn),"
            f" change, {_SOURCE} FROM ({changes}) AS changes"
        )
        options = dict(act.options)
        for name in self._told:
            options[_rows_option(name)] = rows_sha256(connection, name)
        entry: dict[str, object] = {
            "entry_no": entry_no,
            "happened_at": datetime.now(UTC).replace(tzinfo=None),
            "action": act.action,
            "actor": _NAMELESS if act.is_anonymous else _name_of(os.geteuid()),
            "login": None if act.is_anonymous else _login(),
            "machine": _NAMELESS if act.is_anonymous else platform.node() or "unknown",
            "oomdb_version": __version__,
            "options": json.dumps(options, ensure_ascii=True, sort_keys=True),
            "sources_sha256": _sources_sha256(connection, entry_no),
            "previous_sha256": previous,
        }
        entry["entry_sha256"] = entry_sha256(entry)
        insert_rows(connection, "custody", [entry])
        for name in ("sources_before", "sources_touched"):
            connection.execute(f"DELETE FROM {name}")


def entry_sha256(entry: dict[str, object]) -> str:
    """SHA-256 of an entry as a JSON array of its columns, in their order, but the last."""
    values = [entry[column.name] for column in tables.CUSTODY.columns[:-1]]
    return hashlib.sha256(_line(values)).hexdigest()


def evidence_digest(kept: Iterable[str]) -> str | None:
    """`sources.evidence_digest` of what each sighting keeps, as `copies.kept_line` has it."""
    lines = [f"{line}\n" for line in sorted(kept)]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else None


def rows_sha256(connection: Connection, table: str) -> str:
    """SHA-256 over the rows of a table, each as a JSON array, in the order of its columns."""
    names = ", ".join(column.name for column in tables.BY_NAME[table].columns)
    sql = f"SELECT {names} FROM {table} ORDER BY {names}"
    return _sha256(connection.cursor().execute(sql))


def _rows_option(table: str) -> str:
    """The option of an entry that holds the hash of what users told."""
    return f"{table}_sha256"


def problems(connection: Connection) -> Iterator[tuple[str, str]]:
    """What is wrong in the chain, as the entry or source and the problem, in order."""
    previous = None
    told = {table.name: _NO_ROWS for table in tables.TOLD}
    rows = _rows_of(connection, "SELECT * FROM custody ORDER BY entry_no")
    for expected_no, entry in enumerate(rows, 1):
        name = f"entry {entry['entry_no']}"
        if entry["entry_no"] != expected_no:
            yield name, f"entry {expected_no} should come here"
            return
        if entry["entry_sha256"] != entry_sha256(entry):
            yield name, "it was changed: its hash is not that of its columns"
        if entry["previous_sha256"] != previous:
            yield name, "it does not follow the entry before: the hashes differ"
        if entry["sources_sha256"] != _sources_sha256(connection, expected_no):
            yield name, "its sources were changed: their hash is not the one that it holds"
        previous = entry["entry_sha256"]
        told |= _told_in(entry)
    for name, sha256 in told.items():
        if rows_sha256(connection, name) != sha256:
            yield name, "its rows are not those of the last import"
    yield from connection.execute(_UNTOLD).fetchall()


def _told_in(entry: dict[str, object]) -> dict[str, str]:
    """The hashes of what users told that an entry holds, by table."""
    try:
        options = json.loads(str(entry["options"]))
    except ValueError:
        return {}
    names = {table.name: _rows_option(table.name) for table in tables.TOLD}
    return {name: options[option] for name, option in names.items() if option in options}


def head(connection: Connection) -> tuple[int, str | None]:
    """How many entries there are, and the hash of the last; None without any."""
    row = connection.execute(
        "SELECT entry_no, entry_sha256 FROM custody ORDER BY entry_no DESC LIMIT 1"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, None)


def noted_hash(text: str) -> str:
    """The hash of an entry, or its first digits, as somebody noted it; UsageError for no such."""
    if not _NOTED.fullmatch(text.strip()):
        raise UsageError(
            f"--entry {text!r} is no hash of an entry: give its 64 hexadecimal digits, or the"
            " first 8 or more (`oomdb custody` lists them)"
        )
    return text.strip().lower()


def has_entry(connection: Connection, sha256: str) -> bool:
    """Whether an entry has that hash, or one that begins so."""
    sql = "SELECT COUNT(*) FROM custody WHERE STARTS_WITH(entry_sha256, ?)"
    row = connection.execute(sql, [sha256]).fetchone()
    return row is not None and row[0] > 0


def _sources_sha256(connection: Connection, entry_no: int) -> str:
    names = ", ".join(column.name for column in tables.CUSTODY_SOURCES.columns[1:])
    sql = f"SELECT {names} FROM custody_sources WHERE entry_no = ? ORDER BY change_no"
    return _sha256(connection.cursor().execute(sql, [entry_no]))


def _sha256(result: Result) -> str:
    """SHA-256 over the rows of a result, each as a line."""
    hashed = hashlib.sha256()
    while rows := result.fetchmany(_MOST_FETCHED):
        for row in rows:
            hashed.update(_line(row))
    return hashed.hexdigest()


def _line(values: Sequence[object]) -> bytes:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _rows_of(connection: Connection, sql: str) -> Iterator[dict[str, object]]:
    result = connection.cursor().execute(sql)
    names = [column[0] for column in result.description or ()]
    while rows := result.fetchmany(_MOST_FETCHED):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def _name_of(uid: int) -> str:
    """The name of a user as the system knows it, not as the environment says it."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _login() -> str | None:
    """The user whom the kernel's audit knows to have logged in, whoever he became since."""
    try:
        uid = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return _name_of(uid) if uid != _NO_LOGIN else None
