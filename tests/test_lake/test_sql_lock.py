"""SQL that a stranger wrote reaches the rows of a lake and nothing else, its own files neither."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from oomdb import databases
from oomdb.errors import OomdbError
from oomdb.guard import child, lock
from oomdb.guard.limits import Limits
from tests.test_lake.lakes import lake_in
from tests.test_sql_lock import ESCAPES, QUESTIONS, SECRET, WITHOUT_EFFECT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from oomdb.guard.child import Inside

#: FILE is a file of the lake's rows.
INTO_THE_LAKE = [
    "FROM 'FILE'",
    "FROM read_parquet('FILE')",
    "FROM read_blob('FILE')",
    "FROM parquet_metadata('FILE')",
    "COPY (SELECT 1) TO 'FILE'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'FILE'",
    "FROM enable_logging(storage = 'file', storage_path = 'FILE'); SELECT 1",
    "ATTACH 'FILE' AS other",
    "FROM glob('FOLDER/lake/*')",
    "INSERT INTO events SELECT * FROM events",
    "DROP VIEW events",
    "CREATE OR REPLACE VIEW events AS SELECT 1",
]


@pytest.fixture(scope="module")
def folder(fleet: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake-lock")
    shutil.copytree(fleet / "lake", folder / "lake")
    (folder / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    return folder


def answers(folder: Path, statements: Iterable[str]) -> dict[str, str]:
    """What comes of each statement that is answered, asked one after the other."""
    file = next((folder / "lake").glob("events/*/*/*.parquet"))

    def job(inside: Inside) -> None:
        with databases.open_for_reading(lake_in(folder)) as reader:
            lock.confine(reader.connection, inside)
            for number, sql in enumerate(statements):
                sql = sql.replace("FILE", str(file)).replace("FOLDER", str(folder))
                try:
                    rows = lock.answer(reader.connection, sql)
                    found = [batch.to_pylist() for batch in rows.batches]
                except OomdbError:
                    continue
                inside.output.write(f"{number}\t{found!r}\n".encode())

    told = b"".join(child.run(job, Limits.of("120", None, "0"))).decode()
    lines = (line.partition("\t") for line in told.splitlines())
    every = list(statements)
    return {every[int(number)]: rows for number, _, rows in lines}


def test_no_way_out(folder: Path) -> None:
    before = contents(folder)
    assert answers(folder, [*ESCAPES, *INTO_THE_LAKE]) == {}
    assert contents(folder) == before


def test_what_an_analyst_asks_is_answered(folder: Path) -> None:
    assert set(answers(folder, QUESTIONS)) == set(QUESTIONS)


def test_calls_without_effect(folder: Path) -> None:
    before = contents(folder)
    assert SECRET not in str(answers(folder, WITHOUT_EFFECT))
    assert contents(folder) == before


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
