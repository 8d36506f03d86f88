"""Keeping SQL that a stranger wrote inside the database.

DuckDB's own settings do most of it. They leave the database's own file open to COPY and
ATTACH, so the file systems are switched off as well, and only statements that ask are taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError

if TYPE_CHECKING:
    import duckdb

    from oomdb.guard.child import Inside
    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection

#: More threads than these help few questions, and others have some too.
_MOST_THREADS = 4

#: What the lock switches off, whatever the limits.
_CLOSED = (
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET allow_unsigned_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET allow_unredacted_secrets = false",
    "SET home_directory = ''",
    "SET secret_directory = ''",
    "SET enable_external_access = false",
)
#: Without a file system DuckDB cannot write temporary files, nor read its own file by name.
_WITHOUT_FILES = "SET disabled_filesystems = 'LocalFileSystem'"
_LOCKED = "SET lock_configuration = true"

#: After these words and their brackets an EXPLAIN is of a question; of anything else it could
#: be the way to run it.
_EXPLAINS_A_QUESTION = re.compile(
    r"explain (?:analyze |analyse |verbose )*(?:\( [^()]*\) )?(?:\( )*"
    r"(?:select|with|from|values|table|unpivot|describe|desc|summarize|show)\b"
)
_CREATES_TEMPORARY = re.compile(
    r"create (?:or replace )?temp(?:orary)? (?:recursive )?"
    r"(?:table|view|macro|function|type|sequence)\b"
)
_WORD = re.compile(r"\w+")
#: Where a statement says what it does: no longer list of options and no longer word is looked at.
_MOST_TOKENS = 64
_LONGEST_TOKEN_BYTES = 64


def confine(connection: Connection, inside: Inside) -> None:
    """Give the connection its limits and lock it.

    What it is asked then reaches no files but temporary ones, no network, no extensions,
    no settings and no variables of this program.
    """
    limit(connection, inside)
    has_files = inside.temp_folder is not None
    reading.execute(connection, *_CLOSED, *(() if has_files else (_WITHOUT_FILES,)), _LOCKED)
    inside.begin(is_locked=True)


def confine_own(connection: Connection, inside: Inside) -> None:
    """Lock the connection as for any SQL: views can be changed in a file."""
    confine(connection, inside)


def loosen(connection: Connection, inside: Inside) -> None:
    """Give the connection its limits and no lock."""
    limit(connection, inside)
    inside.begin(is_locked=False)


def limit(connection: Connection, inside: Inside) -> None:
    """Cap the memory, the threads and the temporary files of the connection."""
    inside.make_temp_folder()
    folder = (inside.temp_folder or "").replace("'", "''")
    settings = [f"SET temp_directory = '{folder}'"]
    if folder:
        settings.append(f"SET max_temp_directory_size = '{inside.limits.temp_bytes}B'")
    if inside.limits.memory_bytes is not None:
        settings.append(f"SET memory_limit = '{inside.limits.memory_bytes}B'")
    threads = reading.records(connection, "SELECT current_setting('threads') AS threads")
    settings.append(f"SET threads = {min(int(threads[0]['threads']), _MOST_THREADS)}")
    reading.execute(connection, *settings)


def answer(connection: Connection, text: str) -> Rows:
    """The rows of the last statement of `text`, when each of them only asks.

    The connection must be confined: some statements act while they are parsed.
    """
    statements = reading.statements(connection, text)
    # DuckDB puts a CREATE without a text of its own before a PIVOT, and then what it gives as
    # the text of the others cannot be relied on: an EXPLAIN could be of anything.
    has_texts = all(statement.query for statement in statements)
    for statement in statements:
        if not _only_asks(statement, has_texts=has_texts):
            raise OomdbError(
                f"{statement.type.name.replace('_', ' ')} is locked out: the database is read-only,"
                " and what is taken is SELECT (with PIVOT, DESCRIBE, SUMMARIZE, SHOW), EXPLAIN of"
                " it and CREATE TEMP; --unsafe takes everything else"
            )
    for statement in statements[:-1]:
        reading.execute(connection, statement)
    return reading.rows(connection, statements[-1])


def _only_asks(statement: duckdb.Statement, *, has_texts: bool) -> bool:
    kind = statement.type.name
    if kind == "SELECT":
        return True
    if not has_texts:
        return kind == "CREATE"
    if kind == "EXPLAIN":
        return bool(_EXPLAINS_A_QUESTION.match(_words(statement.query)))
    return kind == "CREATE" and bool(_CREATES_TEMPORARY.match(_words(statement.query)))


def _words(sql: str) -> str:
    """The first tokens of a statement in small letters, without its comments."""
    import duckdb

    raw = sql.encode()
    found = []
    for offset, _ in duckdb.tokenize(sql)[:_MOST_TOKENS]:
        token = raw[offset : offset + _LONGEST_TOKEN_BYTES].decode("utf-8", "replace")
        word = _WORD.match(token)
        found.append(word[0].lower() if word else token[:1])
    return " ".join(found)
