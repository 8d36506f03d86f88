"""A copy to hand on: nothing that people named is in it, and every number still is."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from oomdb import databases, tables
from oomdb.cli.app import app
from oomdb.errors import OomdbError, UsageError
from oomdb.export import export, key_in
from oomdb.fleet.budgets import import_budgets
from oomdb.fleet.labels import import_labels
from oomdb.ingest import ingest
from oomdb.redaction import columns
from oomdb.redaction.patterns import KERNEL_WORDS
from oomdb.reparse import rebuild, reparse
from oomdb.store import dump
from oomdb.tables import Type
from oomdb.verify import verify
from oomdb.views import load_views
from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLES = Path(__file__).parent.parent / "samples"
KEY = b"a key for tests alone, not for you"
NUMERIC = {Type.INTEGER, Type.REAL, Type.BOOLEAN, Type.TIMESTAMP}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples."""
    path = tmp_path_factory.mktemp("export") / "oomdb.duckdb"
    ingest([SAMPLES], path)
    return path


@pytest.fixture(scope="module")
def redacted(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as strangers may see it."""
    path = tmp_path_factory.mktemp("export") / "redacted.duckdb"
    export(database, path, KEY)
    return path


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    (found,) = rows_of_each(path, [sql])
    return found


def rows_of_each(path: Path, statements: Iterable[str]) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return [connection.execute(sql).fetchall() for sql in statements]


def values(path: Path, *places: str) -> set[str]:
    return set().union(*values_of_each(path, places))


def values_of_each(path: Path, places: Iterable[str]) -> list[set[str]]:
    split = (place.split(".") for place in places)
    statements = [f"SELECT DISTINCT {column} FROM {table}" for table, column in split]
    return [{str(row[0]) for row in found} - {"None"} for found in rows_of_each(path, statements)]


def test_every_column_that_is_named_exists() -> None:
    known = {f"{table.name}.{column.name}" for table in tables.TABLES for column in table.columns}
    parts = (set(KERNEL_WORDS), columns.IDS, set(columns.NAMES), set(columns.PRINTED_NAMES))
    assert set().union(*parts) <= known
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert set(tables.BY_NAME) >= columns.LEFT_OUT


def test_every_number_and_time_is_as_it_was(database: Path, redacted: Path) -> None:
    statements = {}
    for table in tables.TABLES:
        if table in tables.HISTORY or table is tables.PROPERTIES:
            continue
        names = [column.name for column in table.columns if column.type in NUMERIC]
        statements[table.name] = f"SELECT {', '.join([*names, '1'])} FROM {table.name}"
    there, here = (rows_of_each(path, statements.values()) for path in (database, redacted))
    for name, before, after in zip(statements, there, here, strict=True):
        assert Counter(after) == Counter(before), name


def test_no_name_of_the_original_is_left_anywhere(database: Path, redacted: Path) -> None:
    ids = columns.IDS | {"sources.evidence_digest", "events.host_id"}
    secret = values(database, *columns.NAMES, *ids)
    kept = values(database, *KERNEL_WORDS, *columns.PRINTED_NAMES)
    secret = {name for name in secret - kept if len(name) > 1 and not name.isdecimal()}
    assert len(secret) > 700
    with databases.open_for_reading(redacted) as reader:
        cells = set()
        for line in dump.everything(reader):
            cells |= set(re.findall(r'"((?:[^"\\]|\\.)*)"', line))
    words = cells | {part for cell in cells for part in re.split(r"[/.@:]", cell)}
    of_systemd = {"user.slice", "system.slice", "kubepods.slice", "/lxc"}
    assert words & secret <= of_systemd | {"/", "/user.slice/user-1000.slice/session-4.scope"}
    assert rows(redacted, "SELECT actor, login, machine, options FROM custody") == [
        ("redacted", None, "redacted", "{}")
    ]


def test_no_text_of_a_report_is_left(database: Path, redacted: Path) -> None:
    for place in (
        "sightings.evidence",
        "unparsed_lines.text",
        "trace_lines.text",
        "events.kernel_build",
        "events.hardware_name",
        "events.workqueue",
        "stack_frames.source",
    ):
        assert len(values(database, place)) > 1
        assert values(redacted, place) <= {""}
    content = redacted.read_bytes()
    assert b"AliYunDun" not in content
    assert b"iZ23tpcto8eZ" not in content


def test_what_users_told_is_left_out(tmp_path: Path) -> None:
    database, copy = tmp_path / "oomdb.duckdb", tmp_path / "copy.duckdb"
    (tmp_path / "kern.log").write_bytes(log(syslog(report_6_1(), "web1")))
    ingest([tmp_path / "kern.log"], database)
    (tmp_path / "hosts.csv").write_text("host,role\nweb*,web\n", encoding="utf-8")
    (tmp_path / "budgets.csv").write_text("host,comm,kb\nweb*,java,1000\n", encoding="utf-8")
    import_labels(tmp_path / "hosts.csv", database)
    import_budgets(tmp_path / "budgets.csv", database)
    export(database, copy, KEY)
    for table in ("host_rules", "host_labels", "budgets", "budget_hosts"):
        sql = f"SELECT COUNT(*) FROM {table}"
        assert (rows(database, sql), rows(copy, sql)) == ([(1,)], [(0,)]), table


def test_equal_names_stay_equal_and_others_differ(database: Path, redacted: Path) -> None:
    places = [*columns.NAMES, *columns.PRINTED_NAMES, *columns.IDS]
    there, here = (values_of_each(path, places) for path in (database, redacted))
    for place, before, after in zip(places, there, here, strict=True):
        assert len(before) == len(after), place
    counted = "SELECT COUNT(*) AS n FROM {0} JOIN {1} USING ({2})"
    for join in (
        ("victims", "processes", "event_id, pid, comm"),
        ("events", "hosts", "host_id"),
        ("sightings", "sources", "source_id"),
        ("events", "sightings", "event_id, copy_digest"),
    ):
        sql = counted.format(*join)
        assert rows(database, sql) == rows(redacted, sql) != [(0,)]


def test_every_view_gives_as_many_rows(database: Path, redacted: Path) -> None:
    statements = [f"SELECT COUNT(*) FROM {view.name}" for view in load_views()]
    there, here = (rows_of_each(path, statements) for path in (database, redacted))
    for sql, before, after in zip(statements, there, here, strict=True):
        assert after == before, sql


def test_cgroups_are_still_understood(database: Path, redacted: Path) -> None:
    sql = (
        "SELECT cgroup_role, runtime, qos_class, limit_relation, limit_level, levels_up, user_id,"
        " unit IS NULL, slice IS NULL, pod_uid IS NULL, container_id IS NULL FROM cgroup_identity"
    )
    assert Counter(rows(database, sql)) == Counter(rows(redacted, sql))


def test_another_key_gives_other_names_and_the_same_key_the_same(
    database: Path, redacted: Path, tmp_path: Path
) -> None:
    export(database, tmp_path / "same.duckdb", KEY)
    export(database, tmp_path / "other.duckdb", KEY[::-1])
    for place in ("victims.comm", "hosts.hostname", "events.event_id", "sources.path"):
        assert values(tmp_path / "same.duckdb", place) == values(redacted, place)
        assert not values(tmp_path / "other.duckdb", place) & values(redacted, place)


def test_a_redacted_copy_is_whole_but_can_only_be_read(redacted: Path, tmp_path: Path) -> None:
    assert verify(redacted).problems == []
    for write in (reparse, lambda path: ingest([SAMPLES], path)):
        with pytest.raises(OomdbError, match="redacted copy"):
            write(redacted)
    with pytest.raises(OomdbError, match="keeps no evidence"):
        rebuild(redacted, tmp_path / "new.duckdb")


def test_a_folder_of_parquet_holds_the_same(redacted: Path, database: Path, tmp_path: Path) -> None:
    done = export(database, tmp_path / "parquet", KEY)
    assert {file.stem for file in (tmp_path / "parquet").iterdir()} == set(tables.BY_NAME)
    assert [file.name for file in tmp_path.iterdir()] == ["parquet"]
    for table in (tables.EVENTS, tables.PROCESSES, tables.HOSTS):
        names = ", ".join(column.name for column in table.columns)
        file = tmp_path / "parquet" / f"{table.name}.parquet"
        written = duckdb.execute(f"SELECT {names} FROM '{file}'").fetchall()
        assert Counter(written) == Counter(rows(redacted, f"SELECT {names} FROM {table.name}"))
        assert done.rows[table.name] == len(written)


def test_a_copy_as_it_is(database: Path, tmp_path: Path) -> None:
    export(database, tmp_path / "copy.duckdb", None)
    export(database, tmp_path / "parquet", None)
    with (
        databases.open_for_reading(database) as old,
        databases.open_for_reading(tmp_path / "copy.duckdb") as new,
    ):
        assert list(dump.everything(new)) == list(dump.everything(old))
    file = tmp_path / "parquet" / "victims.parquet"
    sql = "SELECT event_id, comm, pid FROM {}"
    assert Counter(duckdb.execute(sql.format(f"'{file}'")).fetchall()) == Counter(
        rows(database, sql.format("victims"))
    )


@pytest.mark.parametrize(("mode", "of_folder"), [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755)])
def test_who_may_read_the_database_may_read_its_copy_and_nobody_else(
    database: Path, tmp_path: Path, mode: int, of_folder: int
) -> None:
    private = tmp_path / "private.duckdb"
    shutil.copy(database, private)
    private.chmod(mode)
    before = os.umask(0o022)
    try:
        export(private, tmp_path / "copy.duckdb", None)
        export(private, tmp_path / "parquet", None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "copy.duckdb").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "parquet").stat().st_mode) == of_folder


def test_changes_that_lie_aside_are_not_left_out_without_a_word(
    database: Path, tmp_path: Path
) -> None:
    shutil.copy(database, tmp_path / "oomdb.duckdb")
    (tmp_path / "oomdb.duckdb.wal").write_bytes(b"changes")
    with pytest.raises(OomdbError, match="left changes"):
        export(tmp_path / "oomdb.duckdb", tmp_path / "copy.duckdb", None)
    assert not (tmp_path / "copy.duckdb").exists()


def test_what_lies_beside_the_copy_does_not_get_into_it(
    database: Path, redacted: Path, tmp_path: Path
) -> None:
    shutil.copy(database, tmp_path / "parquet.export.duckdb")
    export(database, tmp_path / "parquet", KEY)
    sql = "SELECT COUNT(*) FROM {}"
    [count] = duckdb.execute(sql.format(f"'{tmp_path}/parquet/events.parquet'")).fetchall()
    assert [count] == rows(redacted, sql.format("events"))
    assert (tmp_path / "parquet.export.duckdb").exists()


def test_what_exists_is_not_replaced(database: Path, tmp_path: Path) -> None:
    for name in ("a.duckdb", "folder"):
        (tmp_path / name).mkdir()
        with pytest.raises(UsageError, match="exists"):
            export(database, tmp_path / name, KEY)


def test_a_key_comes_from_a_file_that_holds_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_bytes(b"short\n")
    with pytest.raises(UsageError, match="5 bytes"):
        key_in(tmp_path / "key")
    with pytest.raises(UsageError, match="No such file"):
        key_in(tmp_path / "none")
    (tmp_path / "key").write_bytes(b"15 bytes of key\n")
    with pytest.raises(UsageError, match="15 bytes; a key has at least 16"):
        key_in(tmp_path / "key")
    (tmp_path / "key").write_bytes(KEY + b"\n")
    assert key_in(tmp_path / "key") == KEY
    with pytest.raises(SystemExit) as ended:
        app(["export", "x", "--key-file", str(tmp_path / "key")], prog_name="oomdb")
    assert ended.value.code == 2
    assert "--key-file is for --redact" in capsys.readouterr().err
