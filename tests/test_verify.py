"""What is changed, lost or damaged in a database is found, and evidence alone makes it anew."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import shutil
import tarfile
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import pytest

from oomdb import databases, tables
from oomdb.cli.app import app
from oomdb.errors import OomdbError, UsageError
from oomdb.fleet.labels import import_labels
from oomdb.incidents import copies
from oomdb.incidents.kept import compress
from oomdb.ingest import Options, ingest
from oomdb.reparse import rebuild, reparse
from oomdb.sources.limits import Limits
from oomdb.store import custody, dump
from oomdb.tables import Type
from oomdb.verify import verify
from tests.printed import log, report_6_1, syslog
from tests.tables_alone import tables_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs, and a database of two ingests and labels."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "logs").mkdir()
    for host, pid in (("web1", 11), ("web2", 12)):
        text = log(syslog(report_6_1(pid=pid), host))
        (folder / "logs" / f"{host}.log").write_bytes(text)
        ingest([folder / "logs"], folder / "oomdb.duckdb")
    (folder / "hosts.csv").write_text("host,role\nweb*,web\n", encoding="utf-8")
    import_labels(folder / "hosts.csv", folder / "oomdb.duckdb")
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed; the logs stay where they were read."""
    return shutil.copytree(filled, tmp_path / "copy")


def canonical(database: Path) -> list[str]:
    with databases.open_for_reading(database) as reader:
        return list(dump.canonical(reader))


def found(database: Path, **options: bool | str) -> set[str]:
    """The checks that found something."""
    return {one.check for one in verify(database, **options).problems}  # type: ignore[arg-type]


def change(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_nothing_is_wrong_with_what_was_ingested(filled: Path) -> None:
    done = verify(filled / "oomdb.duckdb", again=True)
    assert done.problems == []
    assert (done.evidence, done.entries) == (2, 3)
    assert done.originals is not None
    assert (done.originals.same, done.originals.gone) == (2, 0)
    assert done.tables > len(tables.TABLES)


FIRST_EVENT = "WHERE event_id = (SELECT MIN(event_id) FROM events)"
WEB1, WEB2 = "WHERE path LIKE '%web1.log'", "WHERE path LIKE '%web2.log'"
#: Changes, and all that is found where each is made: the check, and in what. Those of one list
#: are made in one database, as none of them is found where another is.
CHANGES: list[dict[str, set[tuple[str, str]]]] = [
    {
        "DELETE FROM hosts": {
            *(("orphans", table) for table in ("events", "host_names", "host_labels"))
        },
        "UPDATE sources SET event_count = 7": {("counts", "web1.log"), ("counts", "web2.log")},
        "UPDATE sightings SET evidence = NULL": {("evidence", "sighting")},
        "DELETE FROM host_rules": {("custody", "host_rules")},
        "CREATE OR REPLACE VIEW incidents AS SELECT 1 AS forged": {("views", "main.incidents")},
    },
    {
        "UPDATE events SET copy_digest = 'other'": {("orphans", "events")},
        "INSERT INTO processes SELECT * FROM processes": {("counts", "processes")},
        "UPDATE sightings SET evidence = evidence[2:]": {("evidence", "sighting")},
        "UPDATE host_rules SET value = 'db'": {("custody", "host_rules")},
        "INSERT INTO budgets (budget_no, budget_kb) VALUES (1, 1)": {("custody", "budgets")},
        "DROP VIEW incidents": {("views", "main.incidents")},
    },
    {
        "INSERT INTO victims (event_id, victim_no) VALUES ('none', 1)": {("orphans", "victims")},
        "UPDATE sightings SET evidence_sha256 = '\\x00'::BLOB": {
            *(("evidence", subject) for subject in ("sighting", "web1.log", "web2.log"))
        },
        "DELETE FROM custody_sources WHERE entry_no = 1": {
            *(("custody", subject) for subject in ("entry 1", "web1.log"))
        },
        "CREATE VIEW more AS SELECT 1 AS one": {("views", "main.more")},
        "ALTER TABLE victims ADD COLUMN more INTEGER": {("views", "main.victims")},
    },
    {
        f"DELETE FROM sightings {FIRST_EVENT}": {
            *((check, "web1.log") for check in ("counts", "evidence")),
            ("orphans", "events"),
        },
        "DELETE FROM custody WHERE entry_no = 1": {
            *(("orphans", "custody_sources"), ("custody", "entry 2"))
        },
        "CREATE MACRO more(n) AS n": {("views", "main.more")},
    },
    {
        f"UPDATE sources SET evidence_digest = 'other' {WEB1}": {
            *((check, "web1.log") for check in ("custody", "evidence"))
        },
        f"UPDATE sources SET evidence_digest = NULL {WEB2}": {
            *((check, "web2.log") for check in ("custody", "evidence"))
        },
    },
    {
        "DELETE FROM custody WHERE entry_no = 2": {
            *(("orphans", "custody_sources"), ("custody", "entry 3"))
        },
    },
    {
        "UPDATE custody_sources SET path = 'x' WHERE entry_no = 1": {
            *(("custody", subject) for subject in ("entry 1", "web1.log", "x"))
        },
        f"UPDATE sources SET path = path || 'x', source_id = source_id || 'x' {WEB2}": {
            *((check, "web2.logx") for check in ("counts", "custody", "evidence")),
            *(("orphans", "sightings"), ("custody", "web2.log")),
        },
    },
    {
        "DELETE FROM sources": {
            *(("orphans", "sightings"), ("custody", "web1.log"), ("custody", "web2.log"))
        },
    },
    {
        "DELETE FROM custody; DELETE FROM custody_sources": {
            *(("custody", subject) for subject in ("host_rules", "web1.log", "web2.log"))
        },
    },
    {
        "DROP TABLE budget_hosts": {
            *(("orphans", "oomdb.duckdb"), ("views", "main.budget_hosts")),
        },
    },
]


@pytest.mark.parametrize("changes", CHANGES)
def test_what_was_changed_is_found(folder: Path, changes: dict[str, set[tuple[str, str]]]) -> None:
    each = [found for told in changes.values() for found in told]
    assert len(each) == len(set(each))
    change(folder / "oomdb.duckdb", *(one for told in changes for one in told.split("; ")))
    problems = verify(folder / "oomdb.duckdb", originals=False).problems
    subjects = [
        (one.check, "sighting" if ", sighting in " in one.subject else Path(one.subject).name)
        for one in problems
    ]
    assert set(subjects) == set(each)


def test_rows_of_an_event_that_is_gone_are_found_in_every_table(folder: Path) -> None:
    change(folder / "oomdb.duckdb", f"DELETE FROM events {FIRST_EVENT}")
    assert found(folder / "oomdb.duckdb", originals=False) == {"orphans"}


def test_a_row_that_points_at_none_is_found_in_every_table(folder: Path) -> None:
    """Each column called as the key of another table, in a row that only it makes wrong."""
    owners = {
        "event_id": tables.EVENTS,
        "copy_digest": tables.SIGHTINGS,
        "source_id": tables.SOURCES,
        "host_id": tables.HOSTS,
        "budget_no": tables.BUDGETS,
        "entry_no": tables.CUSTODY,
    }
    expected = {("events", "event_id")}  # each event has a sighting
    statements = []
    for table in tables.TABLES:
        pointers = {one.name for one in table.columns if owners.get(one.name, table) is not table}
        if pointers:
            filled = [one for one in table.columns if one.required or one.name in pointers]
            values = [_filling(one, table.name) for one in filled]
            names = ", ".join(one.name for one in filled)
            statements.append(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(values)})")
            expected |= {(table.name, name) for name in pointers}
    database = folder / "oomdb.duckdb"
    change(database, *statements)
    problems = verify(database, originals=False).problems
    texts = [(one.subject, one.problem) for one in problems if one.check == "orphans"]
    assert {(table, text.split(" whose ")[1].split()[0]) for table, text in texts} == expected


def _filling(column: tables.Column, text: str) -> str:
    """SQL of a value that no row has in such a column."""
    values = {
        Type.TEXT: f"'{text}'",
        Type.BLOB: "'x'::BLOB",
        Type.TIMESTAMP: "TIMESTAMP '2001-01-01'",
        Type.BOOLEAN: "TRUE",
    }
    return values.get(column.type, "77")


@pytest.mark.parametrize(
    ("table", "key"),
    [("victims", "victim_no"), ("processes", "row_no"), ("unparsed_lines", "line_no")],
)
def test_a_row_that_is_there_twice_is_found(folder: Path, table: str, key: str) -> None:
    database = folder / "oomdb.duckdb"
    names = [one.name for one in tables.BY_NAME[table].columns if one.required]
    names = list(dict.fromkeys(["event_id", key, *names]))
    values = ", ".join(_filling(tables.BY_NAME[table].column(name), "x") for name in names)
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
    change(database, insert, insert)
    problems = verify(database, originals=False).problems
    assert [one.subject for one in problems if one.check == "counts"] == [table]


@pytest.mark.parametrize("host", ["web1", "web2"])
def test_evidence_is_held_against_its_hash_and_that_against_its_source(
    folder: Path, host: str
) -> None:
    """Of each source, wherever it stands among them."""
    database = folder / "oomdb.duckdb"
    of_host = f"WHERE source_id = (SELECT source_id FROM sources WHERE path LIKE '%{host}.log')"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"UPDATE sightings SET evidence = ? {of_host}", [compress(b"oom-killer: forged\n")]
        )
    [problem] = verify(database, originals=False).problems
    assert (problem.check, "SHA-256 differs" in problem.problem) == ("evidence", True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"UPDATE sightings SET evidence_sha256 = ? {of_host}",
            [hashlib.sha256(b"oom-killer: forged\n").digest()],
        )
    [problem] = verify(database, originals=False).problems
    assert (problem.check, Path(problem.subject).name) == ("evidence", f"{host}.log")


@tables_alone()
def test_a_change_in_what_the_log_told_of_a_sighting_is_found(tmp_path: Path) -> None:
    """Each column is changed in the sighting of a log of its own; of one log in none."""
    database, logs = tmp_path / "oomdb.duckdb", tmp_path / "logs"
    logs.mkdir()
    for number, column in enumerate((*copies.KEPT, "none")):
        (logs / f"{column}.log").write_bytes(log(syslog(report_6_1(pid=11 + number), "web1")))
    ingest([logs], database)
    values = {Type.TEXT: "'x'", Type.TIMESTAMP: "TIMESTAMP '2001-01-01'"}
    statements = []
    for column in copies.KEPT:
        kind = tables.SIGHTINGS.column(column).type
        value = f"{column} IS NOT TRUE" if kind is Type.BOOLEAN else values.get(kind, "7")
        statements.append(
            f"UPDATE sightings SET {column} = {value} WHERE source_id ="
            f" (SELECT source_id FROM sources WHERE path LIKE '%/{column}.log')"
        )
    change(database, *statements)
    problems = verify(database, originals=False).problems
    assert sorted((one.check, Path(one.subject).stem) for one in problems) == [
        ("evidence", column) for column in sorted(copies.KEPT)
    ]


def test_rows_that_do_not_follow_from_the_evidence_are_found(folder: Path) -> None:
    """In each table that was changed, and in no other."""
    database = folder / "oomdb.duckdb"
    statements = {
        "victims": "DELETE FROM victims",
        "events": "UPDATE events SET chosen_comm = 'innocent'",
        "hosts": "UPDATE hosts SET hostname = 'evil'",
        "processes": "UPDATE processes SET rss_pages = rss_pages + 1 WHERE row_no = 1",
        "facts.memory_suspects": "DELETE FROM facts.memory_suspects",
    }
    change(database, *statements.values())
    problems = verify(database, originals=False, again=True).problems
    assert {one.subject for one in problems if one.check == "rows"} == statements.keys()


def test_a_change_in_any_column_of_custody_is_found(folder: Path) -> None:
    values = {"entry_no": "9", "happened_at": "TIMESTAMP '2020-01-01'"}
    with duckdb.connect(str(folder / "oomdb.duckdb")) as connection:
        connection.execute("CREATE TEMP TABLE unchanged AS FROM custody")
        for column in tables.CUSTODY.columns:
            value = values.get(column.name, "'x'")
            connection.execute(f"UPDATE custody SET {column.name} = {value} WHERE entry_no = 2")
            assert list(custody.problems(connection)), column.name
            connection.execute("DELETE FROM custody")
            connection.execute("INSERT INTO custody FROM unchanged")
            assert list(custody.problems(connection)) == []


def test_an_entry_that_was_written_anew_does_not_fit_the_next(folder: Path) -> None:
    database = folder / "oomdb.duckdb"
    names = [column.name for column in tables.CUSTODY.columns]
    with duckdb.connect(str(database)) as connection:
        [row] = connection.execute("SELECT * FROM custody WHERE entry_no = 1").fetchall()
        entry = dict(zip(names, row, strict=True)) | {"actor": "x"}
        connection.execute(
            "UPDATE custody SET actor = 'x', entry_sha256 = ? WHERE entry_no = 1",
            [custody.entry_sha256(entry)],
        )
    [problem] = verify(database, originals=False).problems
    assert (problem.subject, "hashes differ" in problem.problem) == ("entry 2", True)


@pytest.mark.parametrize(
    ("statement", "subject", "text"),
    [
        # What was taken out says nothing of what is there: only the hash tells.
        (
            "INSERT INTO custody_sources SELECT 3 AS entry_no, 1 AS change_no, 'removed', 'x', 'x',"
            " 1, NULL",
            "entry 3",
            "its sources were changed",
        ),
        (
            "UPDATE sources SET size_bytes = size_bytes + 1 WHERE path LIKE '%web1.log'",
            "web1.log",
            "size or evidence are not",
        ),
    ],
)
def test_what_an_entry_says_of_sources_is_held_against_its_hash_and_them(
    folder: Path, statement: str, subject: str, text: str
) -> None:
    database = folder / "oomdb.duckdb"
    change(database, statement)
    [problem] = verify(database, originals=False).problems
    assert Path(problem.subject).name == subject
    assert text in problem.problem


def test_evidence_that_was_exchanged_with_its_hashes_breaks_the_chain(folder: Path) -> None:
    database = folder / "oomdb.duckdb"
    forged = log(syslog(report_6_1(pid=99), "web1"))
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "UPDATE sightings SET evidence = ?, evidence_sha256 = ? WHERE source_id ="
            " (SELECT source_id FROM sources WHERE path LIKE '%web1.log')",
            [compress(forged), hashlib.sha256(forged).digest()],
        )
        columns = ["evidence_sha256", "copy_damage", *copies.KEPT]
        for (source_id,) in connection.execute("SELECT source_id FROM sources").fetchall():
            kept = connection.execute(
                f"SELECT {', '.join(columns)} FROM sightings WHERE source_id = ?", [source_id]
            ).fetchall()
            lines = [copies.kept_line(dict(zip(columns, row, strict=True))) for row in kept]
            connection.execute(
                "UPDATE sources SET evidence_digest = ? WHERE source_id = ?",
                [custody.evidence_digest(lines), source_id],
            )
    assert found(database, originals=False) == {"custody"}


def test_a_chain_that_was_made_anew_is_told_by_a_hash_noted_before(folder: Path) -> None:
    database = folder / "oomdb.duckdb"
    noted = verify(database, originals=False).head
    assert noted is not None
    import_labels(folder / "hosts.csv", database)
    assert found(database, originals=False, entry=noted) == set()
    with duckdb.connect(str(database)) as connection:
        previous = None
        names = [column.name for column in tables.CUSTODY.columns]
        for row in connection.execute("SELECT * FROM custody ORDER BY entry_no").fetchall():
            entry = dict(zip(names, row, strict=True)) | {"actor": "x", "previous_sha256": previous}
            previous = custody.entry_sha256(entry)
            connection.execute(
                "UPDATE custody SET actor = 'x', previous_sha256 = ?, entry_sha256 = ?"
                " WHERE entry_no = ?",
                [entry["previous_sha256"], previous, entry["entry_no"]],
            )
    assert found(database, originals=False) == set()
    assert found(database, originals=False, entry=noted) == {"custody"}


def test_damaged_blocks_are_found_wherever_they_are(filled: Path, tmp_path: Path) -> None:
    whole = (filled / "oomdb.duckdb").read_bytes()
    before = canonical(filled / "oomdb.duckdb")
    damaged = tmp_path / "damaged.duckdb"
    draw = random.Random(7)
    told = 0
    for _ in range(8):
        content = bytearray(whole)
        at = draw.randrange(len(content))
        content[at : at + 64] = draw.randbytes(64)
        damaged.write_bytes(content)
        try:
            problems = verify(damaged, originals=False).problems
        except OomdbError:
            told += 1  # its first bytes do not say any more that it is a database
            continue
        told += bool(problems)
        if not problems:  # nothing is stored in that place
            assert canonical(damaged) == before
    assert told > 3


# The logs themselves


def _append(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"Jun  4 17:20:00 web1 kernel: more\n")


def _change(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:50] + b"X" + content[51:])


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def _replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.fixture(scope="module")
@tables_alone()
def read_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A log that is alone in its folder, and the database that it was read into."""
    folder = tmp_path_factory.mktemp("read")
    file, database = folder / "logs" / "kern.log", folder / "oomdb.duckdb"
    file.parent.mkdir()
    file.write_bytes(log(syslog(report_6_1(pid=11), "web1")))
    ingest([file], database)
    return file, database


@pytest.fixture
def read_log(read_once: tuple[Path, Path]) -> Iterator[tuple[Path, Path]]:
    """The same; the folder is as it was when the test is over."""
    file, _ = read_once
    text = file.read_bytes()
    yield read_once
    shutil.rmtree(file.parent)
    file.parent.mkdir()
    file.write_bytes(text)


@pytest.mark.parametrize(
    ("act", "counts", "problem"),
    [
        (lambda file: None, (1, 0, 0), None),
        (_append, (0, 1, 0), None),
        (Path.unlink, (0, 0, 1), None),
        (_change, (0, 0, 0), "SHA-256 differs"),
        (_cut, (0, 0, 0), "100 bytes"),
        (_replace_by_folder, (0, 0, 0), "not a regular file"),
    ],
)
def test_a_log_is_held_against_what_was_read_of_it(
    read_log: tuple[Path, Path],
    act: Callable[[Path], None],
    counts: tuple[int, ...],
    problem: str | None,
) -> None:
    file, database = read_log
    act(file)
    done = verify(database)
    assert done.originals is not None
    assert (done.originals.same, done.originals.grown, done.originals.gone) == counts
    assert [problem in one.problem for one in done.problems if problem] == [True] * bool(problem)


@tables_alone()
def test_rotation_is_no_difference(tmp_path: Path) -> None:
    logs, database = tmp_path / "logs", tmp_path / "oomdb.duckdb"
    logs.mkdir()
    for pid in (11, 12, 13):
        for number in (1, 0):
            older = logs / f"kern.log{f'.{number}' if number else ''}"
            if older.exists():
                older.rename(logs / f"kern.log.{number + 1}")
        (logs / "kern.log").write_bytes(log(syslog(report_6_1(pid=pid), "web1")))
        ingest([logs], database)
        done = verify(database)
        assert done.problems == []
    assert done.originals is not None
    assert done.originals.same == 3


@pytest.mark.parametrize("how", ["renamed", "copied and cut", "renamed and compressed"])
@tables_alone()
def test_rotation_before_the_next_ingest_is_no_difference(
    read_log: tuple[Path, Path], how: str
) -> None:
    file, database = read_log
    text = file.read_bytes()
    if how == "renamed and compressed":
        rotated = file.with_name("kern.log.1.gz")
        rotated.write_bytes(gzip.compress(text))
    else:
        rotated = file.with_name("kern.log.1")
        rotated.write_bytes(text)
    new = b"" if how == "copied and cut" else log(syslog(report_6_1(pid=12), "web1"))
    file.write_bytes(new)
    done = verify(database)
    assert done.problems == []
    assert done.originals is not None
    rotated.unlink()
    assert [one.check for one in verify(database).problems] == ["files"]
    assert (done.originals.moved, done.originals.gone) == (1, 0)


@tables_alone()
def test_a_version_that_is_nowhere_any_more_is_counted(tmp_path: Path) -> None:
    file, database = tmp_path / "kern.log", tmp_path / "oomdb.duckdb"
    for pid in (11, 12):
        file.write_bytes(log(syslog(report_6_1(pid=pid), "web1")))
        ingest([file], database)
    done = verify(database)
    assert done.problems == []
    assert done.originals is not None
    assert (done.originals.same, done.originals.gone) == (1, 1)


@tables_alone()
def test_logs_of_any_name_are_found_again(tmp_path: Path) -> None:
    database, files = tmp_path / "db.duckdb", []
    for pid, name in enumerate((b"a!/k.log", b"b\xff.log", b"c\x1b[2J\n.log", b"d\\x41.log"), 11):
        files.append(Path(os.fsdecode(bytes(tmp_path) + b"/logs/" + name)))
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(log(syslog(report_6_1(pid=pid))))
    ingest([tmp_path / "logs"], database)
    done = verify(database)
    assert (done.problems, done.originals and done.originals.same) == ([], 4)
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"oom", b"OOM"))
    assert [one.check for one in verify(database).problems] == ["files"] * 4


@tables_alone()
def test_a_log_by_raised_limits_is_read_by_them_again(tmp_path: Path) -> None:
    text = log(syslog(report_6_1()))
    for _ in range(9):
        text = gzip.compress(text)
    (tmp_path / "n.gz").write_bytes(text)
    limits = Limits(nesting=12)
    ingest([tmp_path / "n.gz"], tmp_path / "db.duckdb", Options(limits=limits))
    assert verify(tmp_path / "db.duckdb", limits=limits).problems == []
    [problem] = verify(tmp_path / "db.duckdb").problems
    assert "--limit nesting" in problem.problem


@tables_alone()
def test_members_of_archives_are_held_against_theirs(tmp_path: Path) -> None:
    text, database = log(syslog(report_6_1())), tmp_path / "oomdb.duckdb"
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "one.log.gz").write_bytes(gzip.compress(text))
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(text + name.encode())
    archive = tmp_path / "logs" / "all.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("a.log", "b.log"):
            tar.add(tmp_path / name, name)
    ingest([tmp_path / "logs"], database)
    assert verify(database).problems == []
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "b.log", "a.log")
    problems = {one.subject.rpartition("!/")[2]: one.problem for one in verify(database).problems}
    assert set(problems) == {"a.log", "b.log"}
    assert "SHA-256" in problems["a.log"]
    assert "not in its file any more" in problems["b.log"]


# Custody


def entries(database: Path) -> list[tuple[str, dict[str, object], list[tuple[str, str]]]]:
    """Action, options and changes of each entry, the name of the file alone for a path."""
    with databases.open_for_reading(database) as reader:
        sql = "SELECT entry_no, action, options FROM custody ORDER BY entry_no"
        acts = reader.connection.execute(sql).fetchall()
        changes = "SELECT change, path FROM custody_sources WHERE entry_no = ? ORDER BY change_no"
        return [
            (
                action,
                json.loads(options),
                [
                    (change, Path(path).name)
                    for change, path in reader.connection.execute(changes, [number]).fetchall()
                ],
            )
            for number, action, options in acts
        ]


def test_custody_tells_what_was_asked_and_what_it_changed(filled: Path) -> None:
    first, second, labels = entries(filled / "oomdb.duckdb")
    assert first == ("ingest", {"paths": [str(filled / "logs")]}, [("added", "web1.log")])
    assert second == ("ingest", {"paths": [str(filled / "logs")]}, [("added", "web2.log")])
    assert labels[0] == "hosts import"
    assert labels[1]["lines"] == 1
    assert labels[2] == []


@tables_alone()
def test_a_log_that_has_grown_is_taken_out_and_added(folder: Path) -> None:
    file, database = folder / "grown.log", folder / "grown.duckdb"
    file.write_bytes(log(syslog(report_6_1(pid=11), "web1")))
    ingest([file], database)
    file.write_bytes(file.read_bytes() + log(syslog(report_6_1(pid=12), "web1")))
    ingest([file], database)
    ingest([file], database)
    changes = [each[2] for each in entries(database)]
    assert changes[0] == [("added", "grown.log")]
    assert sorted(changes[1]) == [("added", "grown.log"), ("removed", "grown.log")]
    assert len(changes) == 2
    assert verify(database).problems == []


@tables_alone()
def test_a_log_of_which_something_else_is_told_now_is_taken_out_and_added(tmp_path: Path) -> None:
    file, database = tmp_path / "kern.log", tmp_path / "oomdb.duckdb"
    file.write_bytes(log(syslog(report_6_1(), "web1", "2026-06-04T17:19:10")))
    ingest([file], database, Options(zone=UTC))
    ingest([file], database, Options(zone=ZoneInfo("Asia/Tokyo")))
    changes = [each[2] for each in entries(database)]
    assert changes == [
        [("added", "kern.log")],
        [("removed", "kern.log"), ("added", "kern.log")],
    ]
    assert verify(database).problems == []


def test_reading_again_changes_no_source(folder: Path) -> None:
    reparse(folder / "oomdb.duckdb")
    assert entries(folder / "oomdb.duckdb")[-1] == ("reparse", {}, [])
    assert found(folder / "oomdb.duckdb", originals=False) == set()


def test_damaged_evidence_stops_reading_again_and_changes_nothing(folder: Path) -> None:
    database = folder / "oomdb.duckdb"
    change(database, "UPDATE sightings SET evidence = evidence[2:]")
    before = database.read_bytes()
    with pytest.raises(OomdbError, match=r"web[12]\.log:1: kept evidence cannot be read"):
        reparse(database)
    assert database.read_bytes() == before


# Made anew


@tables_alone()
def test_a_database_is_made_anew_of_its_evidence_alone(tmp_path: Path) -> None:
    database, new = tmp_path / "oomdb.duckdb", tmp_path / "new.duckdb"
    ingest([SAMPLES], database)
    before = canonical(database)
    assert verify(database).problems == []
    change(database, "UPDATE events SET kind = 'panic'", "DELETE FROM zones", "DELETE FROM victims")
    done = rebuild(database, new)
    assert (done.lost, done.without_report) == ((), 0)
    assert canonical(new) == before
    assert verify(new).problems == []
    assert [action for action, *_ in entries(new)] == ["ingest", "rebuild"]
    again = ingest([SAMPLES], new)
    assert (again.files, again.new_events) == (again.known_files, 0)


def test_labels_go_with_it(folder: Path) -> None:
    rebuild(folder / "oomdb.duckdb", folder / "new.duckdb")
    assert canonical(folder / "new.duckdb") == canonical(folder / "oomdb.duckdb")


def test_damaged_evidence_is_left_out_and_named(folder: Path) -> None:
    database = folder / "oomdb.duckdb"
    change(
        database,
        "UPDATE sightings SET evidence = evidence[2:] WHERE source_id IN"
        " (SELECT source_id FROM sources WHERE path LIKE '%web1.log')",
    )
    done = rebuild(database, folder / "new.duckdb")
    assert done.events == 1
    assert len(done.lost) == 1
    assert "web1.log:1: " in done.lost[0]
    assert found(folder / "new.duckdb", originals=False) == set()


def test_what_exists_is_not_replaced(folder: Path) -> None:
    (folder / "new.duckdb").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        rebuild(folder / "oomdb.duckdb", folder / "new.duckdb")
    assert (folder / "new.duckdb").read_text() == "mine"


# The commands


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        app(arguments, prog_name="oomdb")
    return int(ended.value.code or 0), capsys.readouterr().out


def test_exit_code_4_tells_that_something_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ["--db", str(folder / "oomdb.duckdb")]
    code, text = run(capsys, "verify", *database)
    assert (code, "problems   none" in text) == (0, True)
    change(folder / "oomdb.duckdb", "DELETE FROM hosts")
    code, text = run(capsys, "verify", "--no-files", *database)
    assert code == 4
    assert "orphans: events: 2 rows whose host_id is not in hosts" in text
    code, text = run(capsys, "verify", "--format", "json", *database)
    assert code == 4
    assert {one["check"] for one in json.loads(text)["problems"]} == {"orphans"}
    assert run(capsys, "custody", *database, "--format", "csv")[1].count("\n") == 4


def test_a_database_that_cannot_be_opened_is_a_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = folder / "oomdb.duckdb"
    database.write_bytes(database.read_bytes()[:8192])
    code, text = run(capsys, "verify", "--db", str(database))
    assert code == 4
    assert "is damaged" in text
