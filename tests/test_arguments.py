"""Arguments that mean something else than they say, and output that nobody can take."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.test_cli import CODE, ENVIRONMENT, SEED, InProcess, run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log and the database of it."""
    folder = tmp_path_factory.mktemp("arguments")
    (folder / "logs").mkdir()
    shutil.copy(SEED, folder / "logs" / "kern.log")
    done = run(folder, "ingest", "logs")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def oomdb(
    filled: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[InProcess]:
    monkeypatch.chdir(filled)
    before = sorted(filled.iterdir())
    yield InProcess(filled / "oomdb.duckdb", capfd)
    assert sorted(filled.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["ingest", ""], "an argument"),
        (["ingest", "logs", " "], "an argument"),
        (["ingest", "--", ""], "an argument"),
        (["ingest", "logs", "--host", ""], "the value of --host"),
        (["ingest", "logs", "--host="], "the value of --host"),
        (["ingest", "logs", "--db="], "the value of --db"),
        (["--config", "", "events"], "the value of --config"),
        (["events", "--host="], "the value of --host"),
        (["events", "--since", ""], "the value of --since"),
        (["events", "--db", ""], "the value of --db"),
        (["events", "--out", ""], "the value of --out"),
        (["events", "-o", ""], "the value of -o"),
        (["export", ""], "an argument"),
        (["export", "x", "--redact", "--key-file="], "the value of --key-file"),
        (["rebuild", ""], "an argument"),
        (["explain", ""], "an argument"),
        (["report", "--site", ""], "the value of --site"),
        (["report", "--to="], "the value of --to"),
        (["schedule", "daily", "--logs="], "the value of --logs"),
        (["hosts", "import", ""], "an argument"),
        (["verify", "--entry="], "the value of --entry"),
    ],
)
def test_an_empty_value_is_refused(oomdb: InProcess, arguments: list[str], what: str) -> None:
    oomdb(*arguments, code=2)
    assert f"{what} is empty" in oomdb.stderr


def test_sql_that_looks_like_an_option_is_sql(oomdb: InProcess) -> None:
    assert oomdb("sql", "-f", "csv", "--host=x\nSELECT '' AS a, 1 AS b") == 'a,b\n"",1\n'


@pytest.mark.parametrize("wait", ["nan", "inf", "-inf", "-1"])
@pytest.mark.parametrize("command", [["ingest", "logs"], ["reparse"], ["budgets", "import", "x"]])
def test_one_cannot_wait_for_ever(oomdb: InProcess, command: list[str], wait: str) -> None:
    oomdb(*command, f"--wait={wait}", code=2)
    assert "Invalid value for '--wait'" in oomdb.stderr


@pytest.mark.parametrize("option", ["--timeout", "--memory-limit", "--temp-limit"])
def test_limits_are_numbers(oomdb: InProcess, option: str) -> None:
    for value in ("nan", "inf", "-1", "1e400"):
        oomdb("sql", "SELECT 1", f"{option}={value}", code=2)


@pytest.mark.parametrize("field", ["message=a..b", "message=.a", "host=a.", "time= ", "message=."])
def test_a_field_has_a_name_at_every_step(oomdb: InProcess, field: str) -> None:
    oomdb("ingest", "logs", "--json-field", field, code=2)
    assert "names no field" in oomdb.stderr


def test_lists_of_paths_hold_no_empty_one(filled: Path) -> None:
    done = run(filled, "ingest", env={"OOMDB_INGEST_LOGS": "logs:"})
    assert done.returncode == 2
    assert done.stderr == "oomdb: OOMDB_INGEST_LOGS: is empty; leave it out\n"


def test_a_file_called_like_standard_input(tmp_path: Path) -> None:
    shutil.copy(SEED, tmp_path / "-")
    done = run(tmp_path, "ingest", "./-", stdin="nothing\n")
    assert "1 new" in done.stdout, done.stderr
    assert f'"{tmp_path}/-"' in run(tmp_path, "sources", "-f", "json").stdout
    again = run(tmp_path, "ingest", "-", stdin="nothing\n")
    assert "none: no OOM report" in again.stdout
    options = run(tmp_path, "sql", "-f", "csv", "SELECT options FROM custody ORDER BY 1").stdout
    assert "<stdin>" in options
    (tmp_path / "-").write_text("host,role\n*,db\n")
    assert "role" in run(tmp_path, "hosts", "import", "./-").stdout


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.JSON", "x.tar.gz"])
def test_an_export_is_no_single_file(oomdb: InProcess, name: str) -> None:
    oomdb("export", name, code=2)
    assert f"oomdb: {name}: tables are exported to a new folder" in oomdb.stderr
    oomdb("export", name, "--redact", code=2)


def test_a_site_is_no_single_file(oomdb: InProcess) -> None:
    oomdb("report", "--site", "x.html", code=2)
    assert "--out writes one page" in oomdb.stderr


def test_an_entry_of_custody_is_named_by_its_first_digits(oomdb: InProcess) -> None:
    with duckdb.connect(str(oomdb.database), read_only=True) as connection:
        row = connection.execute("SELECT entry_sha256 FROM custody").fetchone()
    assert row is not None
    digest = str(row[0])
    for noted in (digest, digest[:12], digest[:8], digest[:9].upper(), f" {digest} "):
        oomdb("verify", "--no-files", "--entry", noted)
    other = digest[:10] + ("0" if digest[10] != "0" else "1")
    oomdb("verify", "--no-files", "--entry", other, code=4)
    for noted in (digest[:7], digest + "0", digest[:-1] + "x", "latest", "12345678%", "________"):
        oomdb("verify", "--no-files", "--entry", noted, code=2)
        assert "is no hash of an entry" in oomdb.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nothing_that_is_printed_ends_in_a_traceback(filled: Path, unbuffered: str) -> None:
    commands = [
        "--version",
        "--help",
        "ingest --help",
        "events -f csv",
        "explain latest",
        "metrics",
    ]
    for command in commands:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "oomdb", *command.split()],
                cwd=filled,
                env={**ENVIRONMENT, "PYTHONPATH": CODE, "PYTHONUNBUFFERED": unbuffered},
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=120,
                check=False,
            )
        assert done.stderr.startswith("oomdb: standard output: No space left on device"), command
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_reader_who_goes_away_changes_no_exit_code(filled: Path) -> None:
    for command, code in (("--version", 0), ("--help", 0), ("nonsense", 2)):
        piped = f"{sys.executable} -m oomdb {command} 2>&3 | true; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", f"exec 3>&2; {piped}"],
            cwd=filled,
            env={**ENVIRONMENT, "PYTHONPATH": CODE},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout == f"{code}\n"
        assert "Traceback" not in done.stderr
