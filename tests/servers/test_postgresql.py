"""The server of the tests: each test has an empty database, whose text order is not bytes'."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_has_an_empty_database(postgresql_url: str, attempt: int) -> None:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE only_here (number BIGINT)"))
        connection.execute(text("INSERT INTO only_here VALUES (:attempt)"), {"attempt": attempt})
        rows = connection.execute(text("SELECT number FROM only_here")).fetchall()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(attempt,)]


def test_text_is_not_ordered_by_bytes_unless_asked(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT 'a' < 'B', 'a' < 'B' COLLATE \"C\"")).one()
    engine.dispose()
    assert tuple(row) == (True, False)
