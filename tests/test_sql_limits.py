"""A query ends at its limits, with everything that belongs to it, and harms nobody."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import resource  # noqa: F401  (loaded before a test becomes somebody who may not read it)
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from oomdb import databases, reading, scratch
from oomdb.errors import OomdbError, UsageError
from oomdb.guard import child, lock
from oomdb.guard.limits import Limits
from oomdb.ingest import ingest
from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oomdb.guard.child import Inside

#: The folder that holds the package under test.
CODE = str(Path(child.__file__).parent.parent.parent)
ENDLESS = "SELECT COUNT(*) FROM range(1000000000000) a, range(1000000000000) b"
ENDLESS_ROWS = "SELECT range AS n FROM range(1000000000000000)"
#: Needs some 80 MB, in memory or in temporary files.
SPILLING = (
    "SELECT MAX(n) AS n FROM (SELECT range AS n FROM range(3000000) ORDER BY hash(n) LIMIT 2999999)"
)
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    (folder / "kern.log").write_bytes(log(syslog(report_6_1())))
    ingest([folder / "kern.log"], folder / "oomdb.duckdb")
    return folder / "oomdb.duckdb"


@pytest.fixture
def command(database: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the real command in a session and a folder of its own."""
    started = []

    def start(*arguments: str, stdout: int | None = subprocess.PIPE) -> subprocess.Popen[str]:
        (tmp_path / "temp").mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "oomdb", *arguments],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": CODE,
                "OOMDB_DB": str(database),
                "TMPDIR": str(tmp_path / "temp"),
                "HOME": "/nonexistent",
            },
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            # A shell starts what runs in its background without Ctrl-C, and so all below it.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr, when it has ended, which it must soon."""
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, out, err


def children_of(pid: int) -> list[int]:
    """The processes that `pid` has started and that run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for task in tasks for each in task.read_text().split()]


def the_child_of(process: subprocess.Popen[str]) -> int:
    """The process that answers, once its limits hold."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for pid in children_of(process.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000":
                    return pid
        time.sleep(0.05)
    raise AssertionError("no process answers")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_end_of(pid: int) -> None:
    until = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < until, "the process runs on"
        time.sleep(0.05)


# Time


@pytest.mark.parametrize(
    ("sql", "options"),
    [
        (ENDLESS, ()),
        (ENDLESS, ("--unsafe",)),
        (
            "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a)"
            " SELECT MAX(n) FROM a",
            (),
        ),
        ("SELECT sleep_ms(100000)", ()),
        (ENDLESS_ROWS, ()),
    ],
)
def test_a_query_without_end_is_ended(
    command: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    sql: str,
    options: tuple[str, ...],
) -> None:
    out = tmp_path / "rows.csv"
    begun = time.monotonic()
    process = command("sql", sql, "--timeout", "0.5", "--out", str(out), *options)
    code, _, err = ended(process)
    assert (code, err) == (
        1,
        "oomdb: the query was ended at its time limit of 0.5 s; --timeout SECONDS sets another\n",
    )
    assert time.monotonic() - begun < 50
    assert [path.name for path in tmp_path.iterdir()] == ["temp"]
    assert list((tmp_path / "temp").iterdir()) == []


def test_output_without_end_is_ended(command: Callable[..., subprocess.Popen[str]]) -> None:
    code, out, err = ended(command("sql", ENDLESS_ROWS, "--timeout", "3", "-f", "csv"))
    assert code == 1
    assert "--timeout" in err
    assert out.startswith("n\n0\n1\n")


def test_a_saved_query_has_a_time_limit(command: Callable[..., subprocess.Popen[str]]) -> None:
    code, out, err = ended(command("query", "hosts_at_risk", "--timeout", "0.0001"))
    assert (code, out) == (1, "")
    assert "time limit of 0.0001 s" in err


def test_time_that_a_reader_takes_does_not_count() -> None:
    def job(inside: Inside) -> None:
        inside.begin(is_locked=False)
        for _ in range(8):
            inside.output.write(bytes(1 << 16))

    chunks = child.run(job, Limits(0.5, None, 0))
    size_bytes = len(next(chunks))
    time.sleep(1)
    assert size_bytes + sum(map(len, chunks)) == 8 << 16


# Memory


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(range) AS n FROM range(10000000000)",
        "SELECT * FROM range(1000000000) ORDER BY hash(range)",
        # DuckDB does not count these against its own limit.
        "SELECT repeat('x', 4000000000) AS x",
        "SELECT range(1000000000) AS x",
        "SELECT repeat('x', 10000000) AS x FROM range(1000)",
    ],
)
def test_a_query_that_needs_too_much_memory_is_told(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path, sql: str
) -> None:
    options = ("--memory-limit", "200MB", "--out", str(tmp_path / "x.csv"))
    code, out, err = ended(command("sql", sql, *options))
    assert (code, out) == (1, "")
    assert re.fullmatch(r"oomdb: .*memory than its limit of 200 MiB; --memory-limit .*\n", err)
    assert [path.name for path in tmp_path.iterdir()] == ["temp"]


def test_temporary_files_have_a_limit(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    options = ("--memory-limit", "50MB", "-f", "csv")
    code, _, err = ended(command("sql", SPILLING, *options))
    assert code == 1
    assert "--temp-limit SIZE" in err
    code, _, err = ended(command("sql", SPILLING, *options, "--temp-limit", "20MB"))
    assert code == 1
    assert "20 MiB of temporary files" in err
    code, out, err = ended(command("sql", SPILLING, *options, "--temp-limit", "2GB"))
    assert (code, err) == (0, "")
    assert out.startswith("n\n2999")
    assert list((tmp_path / "temp").iterdir()) == []


# The process


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_dies_is_told(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    process = command("sql", ENDLESS, "--out", str(tmp_path / "x.csv"))
    os.kill(the_child_of(process), number)
    code, out, err = ended(process)
    assert (code, out) == (1, "")
    said = "memory runs out" if number is signal.SIGKILL else "crashed (SIGSEGV)"
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["temp"]


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_parent(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    process = command("sql", ENDLESS, "--temp-limit", "1GB")
    answering = the_child_of(process)
    assert list((tmp_path / "temp").iterdir()) != []
    os.kill(process.pid, number)
    assert process.wait(30) == -number
    wait_for_end_of(answering)
    assert list((tmp_path / "temp").iterdir()) == []


@needs_proc
def test_ctrl_c_ends_both(command: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    process = command("sql", ENDLESS_ROWS, "--out", str(out), "--temp-limit", "1GB")
    answering = the_child_of(process)
    os.killpg(process.pid, signal.SIGINT)
    assert ended(process) == (130, "", "oomdb: interrupted\n")
    assert not is_running(answering)
    assert [path.name for path in tmp_path.iterdir()] == ["temp"]
    assert list((tmp_path / "temp").iterdir()) == []


@needs_proc
def test_a_closed_pipe_ends_the_query(command: Callable[..., subprocess.Popen[str]]) -> None:
    process = command("sql", ENDLESS_ROWS, "-f", "csv")
    assert process.stdout is not None
    answering = the_child_of(process)
    assert process.stdout.readline() == "n\n"
    process.stdout.close()
    process.stdout = None
    assert process.wait(30) == 0
    assert not is_running(answering)


def test_a_file_appears_whole_or_not(
    command: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    out = tmp_path / "rows.csv"
    out.write_text("what was there before\n")
    assert ended(command("sql", ENDLESS_ROWS, "--out", str(out), "--timeout", "1"))[0] == 1
    assert out.read_text() == "what was there before\n"
    assert ended(command("sql", "SELECT 1 AS n", "--out", str(out)))[0] == 0
    assert out.read_text() == "n\n1\n"
    assert ended(command("sql", "SELECT 1 AS n", "-f", "csv", "-o", "/dev/stdout"))[1] == "n\n1\n"


def test_without_a_folder_for_temporary_files_a_query_is_answered(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")

    def job(inside: Inside) -> None:
        with databases.open_for_reading(database) as reader:
            lock.confine(reader.connection, inside)
            found = reading.records(reader.connection, "SELECT COUNT(*) AS n FROM events")
            inside.output.write(str(found[0]["n"]).encode())

    assert b"".join(child.run(job, Limits(60, None, 10**9))) == b"1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_reader_without_the_right_to_write_is_answered(
    database: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not below the folder of the tests, which is root's alone.
    folder = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(folder))
    shutil.copy(database, folder / "oomdb.duckdb")
    folder.chmod(0o755)
    before = sorted(folder.iterdir())

    def job(inside: Inside) -> None:
        with databases.open_for_reading(folder / "oomdb.duckdb") as reader:
            lock.confine(reader.connection, inside)
            rows = reading.records(reader.connection, SPILLING)
            inside.output.write(str(len(rows)).encode())

    monkeypatch.setattr(scratch, "_folders", {})
    reader = os.fork()
    if not reader:
        try:
            os.setgid(65534)
            os.setuid(65534)
            limits = Limits(60, 50_000_000, 2_000_000_000)
            os._exit(b"".join(child.run(job, limits)) != b"1")
        finally:
            os._exit(2)
    assert os.waitpid(reader, 0)[1] == 0
    assert sorted(folder.iterdir()) == before


def test_a_bug_in_the_child_is_a_bug_in_the_parent() -> None:
    def job(_: Inside) -> None:
        raise ZeroDivisionError("ours")

    with pytest.raises(RuntimeError, match="ZeroDivisionError: ours"):
        list(child.run(job, Limits(None, None, 0)))


@pytest.mark.parametrize("error", [OomdbError("no\x1b[2J"), UsageError("wrong")])
def test_an_error_of_the_child_is_raised_here(error: OomdbError) -> None:
    def job(_: Inside) -> None:
        raise error

    with pytest.raises(type(error)) as told:
        list(child.run(job, Limits(None, None, 0)))
    assert (str(told.value), told.value.exit_code) == (str(error), error.exit_code)


# Options


@pytest.mark.parametrize(
    ("timeout", "memory", "temp", "limits"),
    [
        ("60", "4GB", "0", Limits(60, 4 << 30, 0)),
        ("0.5", "1.5GiB", "10mb", Limits(0.5, 3 << 29, 10 << 20)),
        ("none", "none", "none", Limits(None, None, 0)),
        ("0", "0", "1T", Limits(None, None, 1 << 40)),
        ("00", "999999999999TB", "1000", Limits(None, 1 << 60, 1000)),
    ],
)
def test_limits_as_options_name_them(timeout: str, memory: str, temp: str, limits: Limits) -> None:
    assert Limits.of(timeout, memory, temp) == limits


@pytest.mark.parametrize(
    "options",
    [
        ("-1", "1GB", "0"),
        ("soon", "1GB", "0"),
        ("1e9", "1GB", "0"),
        ("1", "much", "0"),
        ("1", "-1", "0"),
        ("1", "1XB", "0"),
        ("1", "1GB", "some"),
        ("nan", "1GB", "0"),
    ],
)
def test_what_is_no_limit_is_wrong_usage(options: tuple[str, str, str]) -> None:
    with pytest.raises(UsageError, match="is no"):
        Limits.of(*options)


def test_the_default_memory_limit_is_within_the_machines_memory() -> None:
    memory_bytes = Limits.of("1", None, "0").memory_bytes
    assert memory_bytes is not None
    assert 0 < memory_bytes <= 4 << 30


def test_what_the_parent_left_is_not_collected_in_the_child() -> None:
    """A database in it has threads that the child has not; to end those would abort."""
    left: list[object] = [duckdb.connect(config={"threads": 4})]
    left.append(left)
    gc.disable()
    try:
        del left

        def job(inside: Inside) -> None:
            inside.begin(is_locked=False)
            gc.collect()
            inside.output.write(b"done")

        assert b"".join(child.run(job, Limits(None, None, 0))) == b"done"
    finally:
        gc.enable()
