"""The command line from outside, and in process where speed matters."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from oomdb import __version__, cli, databases

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = next((Path(__file__).parent.parent / "samples").rglob("rocketmq-8g.log"))
COMMANDS = (
    "ingest",
    "events",
    "explain",
    "query",
    "sql",
    "views",
    "sources",
    "reparse",
    "dump",
    "hosts",
    "budgets",
    "config",
    "schedule",
    "spark",
    "metrics",
)
#: The folder that holds the package under test.
CODE = str(Path(cli.__file__).parent.parent.parent)
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C", "COLUMNS": "80"}


def run(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """The real command in `folder`, with a clean environment and no terminal."""
    return subprocess.run(
        [sys.executable, "-m", "oomdb", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONPATH": CODE, **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class InProcess:
    """The same `main()` without a process of its own."""

    def __init__(self, database: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self.capfd = capfd
        self.stderr = ""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Stdout of a command whose exit code must be `code`."""
        self.capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setenv("OOMDB_DB", str(self.database))
            patch.setenv("COLUMNS", "80")
            patch.setattr(sys, "argv", ["oomdb", *arguments])
            cli.main()
        printed = self.capfd.readouterr()
        self.stderr = printed.err
        assert (ended.value.code or 0) == code, printed.err
        assert "Traceback" not in printed.err
        return printed.out


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds the seed log, made by the real command in an empty folder."""
    folder = tmp_path_factory.mktemp("seeded")
    logs = folder / "logs"
    logs.mkdir()
    shutil.copy(SEED, logs)
    done = run(folder, "ingest", "logs")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def oomdb(seeded: Path, capfd: pytest.CaptureFixture[str]) -> InProcess:
    return InProcess(seeded / "oomdb.duckdb", capfd)


@pytest.fixture
def nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> InProcess:
    """Commands in an empty folder, where no database is."""
    monkeypatch.chdir(tmp_path)
    return InProcess(Path("oomdb.duckdb"), capfd)


# Without a database


def test_version(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"oomdb {__version__}\n", "")


def test_help_names_every_command(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


def test_the_database_can_be_named_before_the_command(oomdb: InProcess) -> None:
    database, oomdb.database = str(oomdb.database), Path("/nonexistent")
    for words in (
        ("--db", database, "events"),
        ("--db", "/nonexistent", "events", "--db", database),
    ):
        assert "iZ23tpcto8eZ" in oomdb(*words)
        assert oomdb.stderr == ""


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['oomdb', '--help']\n"
        "from oomdb.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'duckdb', 'sqlalchemy', 'alembic', 'pyarrow', 'rich', 'zstandard'}\n"
        "heavy |= {'jinja2', 'matplotlib', 'numpy', 'fsspec', 'pandas', 'pyspark'}\n"
        "assert len(sys.modules) < 220, len(sys.modules)\n"
        "sys.exit(f'imported: {heavy & set(sys.modules)}' if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**ENVIRONMENT, "PYTHONPATH": CODE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, nowhere: InProcess) -> None:
    assert nowhere(command, "--help").startswith(f"Usage: oomdb {command}")


def test_completion_for_the_shell(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        env={"_OOMDB_COMPLETE": "complete_bash", "COMP_WORDS": "oomdb expl", "COMP_CWORD": "1"},
    )
    assert done.stdout.split() == ["explain"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("events", "--format", "xml"),
        ("ingest",),
        ("ingest", "no-such-folder"),
        ("events", "--since", "yesterday"),
        ("events", "--since", "2026-05-31", "--until", "2026-05-31"),
        ("events", "--kind", "oom_kil"),
        ("query", "zone_falbacks"),
        ("query", "zone_fallbacks", "--until", "soon"),
        ("sql", "  "),
        ("views", "nonsense"),
    ],
)
def test_wrong_usage_is_exit_2_with_a_message(
    arguments: tuple[str, ...], nowhere: InProcess, tmp_path: Path
) -> None:
    nowhere(*arguments, code=2)
    assert nowhere.stderr.strip()
    assert list(tmp_path.iterdir()) == []


def test_close_matches_of_a_view_are_named(nowhere: InProcess) -> None:
    nowhere("query", "zone_falbacks", code=2)
    assert "did you mean zone_fallbacks" in nowhere.stderr


@pytest.mark.parametrize("command", [("events",), ("explain", "latest"), ("sql", "SELECT 1")])
def test_without_a_database_the_way_to_one_is_told(
    command: tuple[str, ...], nowhere: InProcess, tmp_path: Path
) -> None:
    assert nowhere(*command, code=1) == ""
    assert "oomdb ingest" in nowhere.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_not_touched(nowhere: InProcess, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"SQLite format 3\x00" + bytes(5000))
    before = other.read_bytes()
    for command in (("events",), ("ingest", ".")):
        nowhere(*command, "--db", "other.db", code=1)
        assert other.read_bytes() == before


# Ingest


def test_ingest_of_a_folder_without_a_report_says_so(nowhere: InProcess, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("java.lang.OutOfMemoryError: Java heap space\n")
    assert "no OOM report was found" in nowhere("ingest", "app.log")
    assert nowhere.stderr == ""


def test_ingest_twice_adds_nothing(nowhere: InProcess, tmp_path: Path) -> None:
    shutil.copy(SEED, tmp_path / "kern.log")
    first = json.loads(nowhere("ingest", ".", "--format", "json"))
    second = json.loads(nowhere("ingest", ".", "--format", "json"))
    assert (first["new_events"], first["known_events"], first["known_files"]) == (1, 0, 0)
    assert (second["new_events"], second["known_events"], second["known_files"]) == (0, 1, 1)
    assert first["files"] == second["files"] == 1


def test_ingest_sums_up(nowhere: InProcess, tmp_path: Path) -> None:
    shutil.copy(SEED, tmp_path / "kern.log")
    told = nowhere("ingest", "kern.log")
    assert nowhere.stderr == ""
    size = SEED.stat().st_size
    assert told == (
        f"files      1, {size:,} bytes ({size / 1024:.1f} KiB)\n"
        "events     1 new (oom_kill 1), 0 already known\n"
        "hosts      1\n"
        "damaged    1 of the new events\n"
        "unparsed   0 lines not understood\n"
    )


needs_limits = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@needs_limits
@pytest.mark.parametrize("paths", [(".",), ("kern.log", "secret.log")])
def test_an_unreadable_file_is_set_aside(
    nowhere: InProcess, tmp_path: Path, paths: tuple[str, ...]
) -> None:
    shutil.copy(SEED, tmp_path / "kern.log")
    (tmp_path / "secret.log").write_text("x")
    (tmp_path / "secret.log").chmod(0)
    check_set_aside(nowhere, "secret.log", *paths)


@needs_limits
@pytest.mark.parametrize("name", ["closed", "closed/kern.log"])
def test_what_lies_in_a_closed_folder_is_set_aside(
    nowhere: InProcess, tmp_path: Path, name: str
) -> None:
    shutil.copy(SEED, tmp_path / "kern.log")
    (tmp_path / "closed").mkdir(mode=0)
    check_set_aside(nowhere, Path(name).name, "kern.log", name)


def test_it_is_the_ingest_that_judges_what_can_be_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK and access(path, mode))
    oomdb = InProcess(tmp_path / "oomdb.duckdb", capfd)
    assert "oom_kill 1" in oomdb("ingest", str(SEED))
    assert "oom_kill" in oomdb("events")


def test_a_dead_link_is_set_aside(nowhere: InProcess, tmp_path: Path) -> None:
    shutil.copy(SEED, tmp_path / "kern.log")
    (tmp_path / "dead.log").symlink_to("nowhere")
    check_set_aside(nowhere, "dead.log", ".")


def check_set_aside(oomdb: InProcess, name: str, *paths: str) -> None:
    summary = json.loads(oomdb("ingest", *paths, "--format", "json", code=3))
    assert re.search(rf"set aside: .*{name}: \S", oomdb.stderr)
    assert summary["new_events"] == 1
    assert [Path(item["path"]).name for item in summary["set_aside"]] == [name]


# Rows


def test_events_of_the_seed(oomdb: InProcess) -> None:
    (event,) = json.loads(oomdb("events", "--format", "json"))
    assert event["hostname"] == "iZ23tpcto8eZ"
    assert event["kind"] == "oom_kill"
    assert (event["victim_comm"], event["victim_pid"], event["victim_count"]) == ("java", 5424, 1)
    assert event["constraint_kind"] is None


def test_events_as_a_table_fit_a_screen(oomdb: InProcess) -> None:
    lines = oomdb("events").splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80
    assert "java (5424)" in lines[2]


def test_events_are_chosen_by_host(oomdb: InProcess) -> None:
    assert len(json.loads(oomdb("events", "-f", "json", "--host", "iz23*"))) == 1
    assert json.loads(oomdb("events", "-f", "json", "--host", "db1")) == []


def test_events_without_a_known_time_are_in_no_period(oomdb: InProcess) -> None:
    rows = json.loads(oomdb("events", "-f", "json", "--since", "2000-01-01"))
    dated = json.loads(oomdb("sql", "SELECT occurred_at FROM events", "-f", "json"))
    assert len(rows) == sum(row["occurred_at"] is not None for row in dated)
    assert ("their time is unknown" in oomdb_stderr(oomdb)) == (not rows)


def oomdb_stderr(command: InProcess) -> str:
    command("events", "-f", "json", "--since", "2000-01-01")
    return command.stderr


def test_query_of_a_view(oomdb: InProcess) -> None:
    rows = json.loads(oomdb("query", "gfp_flags", "--format", "json", "--event", "latest"))
    assert {row["flag"] for row in rows} == {
        "HIGHMEM",
        "MOVABLE",
        "WAIT",
        "IO",
        "FS",
        "COLD",
        "HARDWALL",
    }


def test_query_by_host(oomdb: InProcess) -> None:
    assert json.loads(oomdb("query", "zone_fallbacks", "-f", "json", "--host", "db1")) == []


def test_out_writes_a_file_by_its_suffix(oomdb: InProcess, tmp_path: Path) -> None:
    out = tmp_path / "zones.parquet"
    assert oomdb("query", "zone_fallbacks", "--out", str(out)) == ""
    with duckdb.connect() as connection:
        counted = connection.execute(f"SELECT COUNT(*) FROM '{out}'").fetchone()
    assert counted == (3,)


def test_out_goes_through_a_link(oomdb: InProcess, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("events.csv")
    oomdb("events", "--out", str(tmp_path / "link.csv"))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "events.csv").read_text().startswith("event_id,")


@pytest.mark.parametrize("out", [".", "no/x.csv"])
def test_out_to_no_file_is_told(seeded: Path, out: str) -> None:
    done = run(seeded, "events", "--out", out)
    assert done.returncode == 1
    assert done.stderr.startswith("oomdb: cannot write")


def test_out_to_standard_output_is_not_replaced(seeded: Path, tmp_path: Path) -> None:
    with (tmp_path / "printed.csv").open("w") as printed:
        subprocess.run(
            [sys.executable, "-m", "oomdb", "events", "-f", "csv", "-o", "/dev/stdout"],
            cwd=seeded,
            env={**ENVIRONMENT, "PYTHONPATH": CODE},
            stdout=printed,
            timeout=120,
            check=True,
        )
        assert os.fstat(printed.fileno()).st_nlink == 1
    assert (tmp_path / "printed.csv").read_text().startswith("event_id,")


def test_out_does_not_replace_the_database(oomdb: InProcess) -> None:
    before = oomdb.database.read_bytes()
    oomdb("events", "--out", str(oomdb.database), code=2)
    assert oomdb.database.read_bytes() == before


def test_sql(oomdb: InProcess) -> None:
    printed = oomdb("sql", "SELECT COUNT(*) AS n FROM processes", "-f", "csv")
    assert printed == "n\n36\n"


def test_sql_may_begin_with_a_comment(oomdb: InProcess) -> None:
    assert oomdb("sql", "-- one\nSELECT 1 AS one", "-f", "csv") == "one\n1\n"


def test_sql_from_standard_input(seeded: Path) -> None:
    done = run(seeded, "sql", "-", "--format", "csv", stdin="SELECT 1 AS one")
    assert done.stdout == "one\n1\n"


@pytest.mark.parametrize("utf8", ["0", "1"])
def test_text_is_utf8_whatever_the_locale(seeded: Path, utf8: str) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"}
    done = run_bytes(seeded, plain, b"sql", "SELECT 'ä' AS ü".encode(), b"-f", b"csv")
    assert (done.returncode, done.stdout) == (0, "ü\nä\n".encode())
    done = run_bytes(seeded, plain, b"events", b"--host", "ä".encode(), b"-f", b"csv")
    assert done.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (b"sql", b"SELECT '\xff'"),
        (b"events", b"--host", b"\xff"),
        (b"explain", b"\xff"),
        (b"query", b"gfp_flags", b"--event", b"\xff"),
        (b"query", b"\xff"),
    ],
)
def test_text_that_is_not_utf8_is_wrong_usage(
    oomdb: InProcess, arguments: tuple[bytes, ...]
) -> None:
    oomdb(*map(os.fsdecode, arguments), code=2)
    assert oomdb.stderr.startswith("oomdb: ")


@pytest.mark.parametrize("statement", [b"SELECT '\xff'", b"-"])
def test_so_is_it_from_outside(seeded: Path, statement: bytes) -> None:
    done = run_bytes(seeded, {}, b"sql", statement)
    assert done.returncode == 2
    assert done.stderr.startswith(b"oomdb: ")


def run_bytes(
    folder: Path, env: dict[str, str], *arguments: bytes
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"oomdb", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONPATH": CODE, **env},
        input=b"\xff",
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELEC 1", "syntax error"),
        ("-- only a comment", "no statement"),
        (";", "no statement"),
        ("SELECT nothing FROM events", "nothing"),
        ("SELECT * FROM no_such_table", "no_such_table"),
        ("SELECT CAST(hostname AS INTEGER) AS n FROM hosts", "Could not convert"),
        ("DELETE FROM events", "read-only"),
        ("CREATE TABLE t (n INTEGER)", "read-only"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SELECT * FROM '/etc/passwd'", "passwd"),
        ("COPY events TO 'stolen.csv'", "COPY is locked out"),
        ("ATTACH 'other.duckdb'", "ATTACH is locked out"),
        ("SET enable_external_access = true", "SET is locked out"),
        ("INSTALL httpfs", "LOAD is locked out"),
    ],
)
def test_sql_that_fails_gives_the_databases_message(
    oomdb: InProcess, statement: str, message: str
) -> None:
    assert oomdb("sql", statement, code=1) == ""
    assert message in oomdb.stderr


def test_sql_reads_the_environment_of_nobody(oomdb: InProcess) -> None:
    oomdb("sql", "SELECT getenv('HOME') AS h", code=1)


def test_views_are_listed_with_their_facts(oomdb: InProcess) -> None:
    rows = {row["view"]: row for row in json.loads(oomdb("views", "-f", "json"))}
    assert rows["zone_fallbacks"]["layer"] == "facts"
    assert all(row["fact"] for row in rows.values())


def test_every_view_answers(oomdb: InProcess) -> None:
    names = [row["view"] for row in json.loads(oomdb("views", "-f", "json"))]
    with databases.open_for_reading(oomdb.database) as reader:
        for name in names:
            columns = json.loads(oomdb("views", name, "-f", "json"))
            answer = reader.connection.execute(f"SELECT * FROM {name}")
            header = [column[0] for column in answer.description or ()]
            assert header == [column["column"] for column in columns]
            assert all(column["meaning"] for column in columns)
            answer.fetchall()


@pytest.mark.parametrize("view", ["zone_fallbacks", "hosts_at_risk"])
def test_a_view_is_answered_with_its_columns(view: str, oomdb: InProcess) -> None:
    columns = json.loads(oomdb("views", view, "-f", "json"))
    header = oomdb("query", view, "-f", "csv").splitlines()[0]
    assert header.split(",") == [column["column"] for column in columns]


# Explain


def test_explain_of_the_seed(oomdb: InProcess, golden: Callable[[str, str], None]) -> None:
    text = oomdb("explain", "latest")
    assert max(map(len, text.splitlines())) <= 80
    shown = re.sub(r"^event   [0-9a-f]{16}$", "event   EVENT", text, flags=re.MULTILINE)
    golden("explain-rocketmq-8g.txt", _without_folder(shown))


def _without_folder(story: str) -> str:
    """The story with the log's path as if it lay in /logs, however the long one was wrapped."""

    def short(found: re.Match[str]) -> str:
        path, carrier = re.sub(r"\s", "", found.group(1)), found.group(2)
        return f"   /logs/{path.rpartition('/logs/')[2]} {carrier}"

    return re.sub(r"^   (/[^()]*?)\s*(\(syslog\))", short, story, flags=re.MULTILINE)


def test_explain_by_a_prefix_as_json(oomdb: InProcess) -> None:
    (event,) = json.loads(oomdb("events", "-f", "json"))
    story = json.loads(oomdb("explain", event["event_id"][:4], "--format", "json"))
    assert story["event"]["event_id"] == event["event_id"]
    assert story["request"]["size_kb"] == 4
    assert [
        (zone["zone"], zone["short_min_kb"], zone["verdict"]) for zone in story["fallbacks"]
    ] == [
        ("Normal", 6992, "below_watermark"),
        ("DMA32", 712, "reserve_blocked"),
        ("DMA", 15400, "reserve_blocked"),
    ]


def test_explain_of_an_unknown_event(oomdb: InProcess) -> None:
    oomdb("explain", "zz", code=1)
    assert "no event whose id begins with 'zz'" in oomdb.stderr


def test_explain_raw_gives_the_lines_of_the_log(oomdb: InProcess) -> None:
    lines = [line for line in SEED.read_bytes().splitlines() if line.strip()]
    assert oomdb("explain", "latest", "--raw").encode().splitlines() == lines


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("event.html", "<!DOCTYPE html>"),
        ("event.HTM", "<!DOCTYPE html>"),
        ("event.md", "# Out of memory"),
        ("event.json", "{"),
        ("event.txt", "Out of memory"),
        ("event", "Out of memory"),
    ],
)
def test_explain_into_a_file(oomdb: InProcess, tmp_path: Path, name: str, begins: str) -> None:
    out = tmp_path / name
    assert oomdb("explain", "latest", "--out", str(out)) == ""
    written = out.read_text(encoding="utf-8")
    assert written.startswith(begins)
    assert written.endswith("\n")
    assert not written.endswith("\n\n")
    asked = {"HTM": "html", "txt": "text", "event": "text"}.get(name.rpartition(".")[2])
    form = asked or name.rpartition(".")[2]
    assert oomdb("explain", "latest", "--format", form) == written


def test_explain_raw_into_a_file(oomdb: InProcess, tmp_path: Path) -> None:
    oomdb("explain", "latest", "--raw", "--out", str(tmp_path / "event.html"))
    assert (tmp_path / "event.html").read_text().startswith("Jun  4 17:19:10 iZ23tpcto8eZ")
    oomdb("explain", "latest", "--raw", "--format", "html", code=2)
    assert "--raw has no format" in oomdb.stderr


def test_explain_leaves_a_file_alone_when_it_fails(
    oomdb: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "event.html"
    out.write_text("what was there")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    oomdb("explain", "latest", "--out", str(out), code=1)
    assert "pip install 'oomdb[report]'" in oomdb.stderr
    assert out.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [out]
    oomdb("explain", "latest", "--out", str(oomdb.database), code=2)
    assert "is the database itself" in oomdb.stderr
    oomdb("explain", "latest", "--out", str(tmp_path / "no" / "event.md"), code=1)
    assert "cannot write" in oomdb.stderr


OUTPUTS = {
    "report": ("report", "--always", "--to"),
    "site": ("report", "--site"),
    "out": ("report", "--out"),
    "metrics": ("metrics", "--out"),
    "events": ("events", "--out"),
    "sql": ("sql", "SELECT 1", "--out"),
    "views": ("views", "--out"),
    "config": ("config", "show", "--out"),
    "export": ("export",),
    "rebuild": ("rebuild",),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_output_replaces_the_database_or_what_belongs_to_it(
    name: str, oomdb: InProcess, tmp_path: Path
) -> None:
    database = tmp_path / "fleet.duckdb"
    shutil.copy(oomdb.database, database)
    link = tmp_path / "link"
    link.symlink_to(database)
    before = database.read_bytes()
    oomdb.database = database
    companions = ("staged", "staged.wal", "lock", "wal", "deliveries/x")
    outs = [database, link, *(f"{database}.{one}" for one in companions)]
    for out in outs:
        oomdb(*OUTPUTS[name], str(out), code=2)
        assert "is the database itself" in oomdb.stderr or "belongs to the database" in oomdb.stderr
    assert database.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [database, link]


# Sources and evidence


def test_sources_tell_what_was_read(oomdb: InProcess) -> None:
    [row] = json.loads(oomdb("sources", "-f", "json"))
    assert (Path(row["path"]).name, row["carrier"], row["event_count"]) == (
        "rocketmq-8g.log",
        "syslog",
        1,
    )
    assert row["size_bytes"] == SEED.stat().st_size
    assert "rocketmq-8g.log" in oomdb("sources").replace("\n", "")


def test_reparse_derives_the_same_rows_without_the_log(oomdb: InProcess, tmp_path: Path) -> None:
    before = oomdb("dump", "--canonical")
    database = tmp_path / "copy.duckdb"
    shutil.copy(oomdb.database, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("UPDATE victims SET pid = 1")
        connection.execute("DELETE FROM processes")
    changed = oomdb("dump", "--canonical", "--db", str(database))
    assert changed != before
    assert "1 (before: 1)" in oomdb("reparse", "--db", str(database))
    assert oomdb("dump", "--canonical", "--db", str(database)) == before


def test_a_dump_names_every_table(oomdb: InProcess) -> None:
    whole = [json.loads(line) for line in oomdb("dump").splitlines()]
    assert {row[0] for row in whole} >= {"hosts", "sources", "inputs", "events", "victims"}
    assert len(whole) > len(oomdb("dump", "--canonical").splitlines())


# Streams


def test_a_closed_pipe_ends_quietly(seeded: Path) -> None:
    command = (
        f"'{sys.executable}' -m oomdb sql 'SELECT range AS n FROM range(1000000)' -f csv | head -2"
    )
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=seeded,
        env={**ENVIRONMENT, "PYTHONPATH": CODE},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "n\n0\n", "")


@pytest.mark.parametrize(
    ("command", "code", "closing"),
    [
        ("events", 0, ">&-"),
        ("explain zzz", 1, ">&- 2>&-"),
        ("events", 0, "<&- >&- 2>&-"),
        ("explain zzz", 1, "<&- >&- 2>&-"),
        ("sql -", 2, "<&-"),
        ("sql -", 2, "<&- >&- 2>&-"),
    ],
)
def test_closed_streams_are_nowhere(seeded: Path, command: str, code: int, closing: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m oomdb {command} {closing}"],
        cwd=seeded,
        env={**ENVIRONMENT, "PYTHONPATH": CODE},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_error(seeded: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "oomdb", "events", "-f", "csv"],
            cwd=seeded,
            env={**ENVIRONMENT, "PYTHONPATH": CODE},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), duckdb.InterruptException("stop"), RuntimeError("Query interrupted")],
)
def test_interrupt_is_no_traceback(
    oomdb: InProcess, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("oomdb.selection.event_rows", interrupted)
    oomdb("events", code=130)
    assert "interrupted" in oomdb.stderr
