"""A function that oomdb's SQL calls says on a server what it says in a file."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import duckdb
import psycopg
import pytest

from oomdb.store import functions

if TYPE_CHECKING:
    from collections.abc import Iterator

PATTERNS = [
    *("*", "?", "", "web*", "*b1", "w?b", "web[12]", "web[!1]", "web[^1]", "web[a-c]", "web[0-9]*"),
    *("a[*]b", "a[?]b", "a.b", "a+b", "a(b", "a|b", "a$b", "a^b", "a{2}", "a_b", "a%b", "a-b"),
    *("a\\*b", "a\\?b", "a\\b", "w*[1]?", "[]a]", "[!]a]", "[a\\]", "[*]", "[--0]"),
    *("[", "[a", "a]", "[]", "web[", "db[0-9", "[!a]", "**", "?*", "*.*", "web1.*", "ü*"),
]
TEXTS = [
    *("", "web1", "web2", "weba", "web", "w.b", "a.b", "a*b", "a?b", "a+b", "a(b", "a|b", "a$b"),
    *("a^b", "aa", "a_b", "a%b", "axb", "a-b", "[", "[a", "a]", "a", "b", "web[", "db[0-9"),
    *("web1.example.com", "WEB1", "übel", "a\nb", "web1\n"),
]


@pytest.fixture(scope="module")
def session(postgresql_server: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(f"postgresql://{postgresql_server}/postgres") as session:
        for function in functions.POSTGRESQL:
            session.execute(function)
        yield session
        session.rollback()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_the_same_texts(session: psycopg.Connection, pattern: str) -> None:
    with duckdb.connect() as database:
        database.execute(functions.DUCKDB)
        sql = "SELECT MATCHES_PATTERN({}::VARCHAR, {}::VARCHAR)"
        for text, given in itertools.product(TEXTS, [pattern]):
            expected = database.execute(sql.format("$1", "$2"), [text, given]).fetchone()
            found = session.execute(sql.format("%s", "%s"), [text, given]).fetchone()
            assert found == expected, text


@pytest.mark.parametrize(
    "number", [0, 1, -1, 1717521613123456, 253402300799999999, -62135596799999999]
)
def test_a_number_is_the_same_point_in_time(session: psycopg.Connection, number: int) -> None:
    with duckdb.connect() as database:
        database.execute(functions.DUCKDB)
        expected = database.execute("SELECT TIMESTAMP_OF_US($1::BIGINT)", [number]).fetchone()
    found = session.execute("SELECT TIMESTAMP_OF_US(%s::BIGINT)", [number]).fetchone()
    assert found == expected
