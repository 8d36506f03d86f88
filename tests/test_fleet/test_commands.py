"""`oomdb hosts` and `oomdb budgets` from outside."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from oomdb import cli
from tests import test_cli
from tests.test_cli import SEED

if TYPE_CHECKING:
    from pathlib import Path


class Run(Protocol):
    """The command line in a folder."""

    def __call__(
        self, folder: Path, *arguments: str, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """What a command gives."""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """As `test_cli.run`, without a process for each command."""

    def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.chdir(folder)
            patch.setenv("COLUMNS", "80")
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            patch.setattr(sys, "argv", ["oomdb", *arguments])
            cli.main()
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), out, err)

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of the seed, and files to import."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "logs").mkdir()
    shutil.copy(SEED, folder / "logs")
    (folder / "hosts.csv").write_text("host,role,owner\niZ*,broker,mq team\nweb*,web,\n")
    (folder / "budgets.csv").write_text(
        "host,label,comm,kB,note\n,role=broker,java,4521984,4 GB heap and 320 MB PermGen\n"
    )
    assert test_cli.run(folder, "ingest", "logs").returncode == 0
    return folder


def test_labels_budgets_and_their_lists(run: Run, folder: Path) -> None:
    done = run(folder, "hosts", "import", "hosts.csv")
    assert (done.returncode, done.stdout) == (
        0,
        "labels     role, owner\npatterns   2\nhosts      1 of 1 have labels\n",
    )
    assert done.stderr == "oomdb: no host that is known yet is called web*\n"
    (host,) = json.loads(run(folder, "hosts", "--format", "json").stdout)
    assert (host["hostname"], host["labels"]) == ("iZ23tpcto8eZ", "owner=mq team, role=broker")
    assert (host["events"], host["kills"]) == (1, 1)
    assert "iZ23tpcto8eZ" in run(folder, "hosts").stdout

    done = run(folder, "budgets", "import", "budgets.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "budgets    1\n", "")
    (over,) = json.loads(run(folder, "query", "over_budget", "--format", "json").stdout)
    assert (over["comm"], over["budget_kb"], over["held_kb"]) == ("java", 4521984, 6151080)
    assert over["over_kb"] == 1629096

    # The list is a file that can be imported.
    listed = run(folder, "budgets", "--format", "csv").stdout
    assert listed.splitlines()[1] == ",role=broker,java,,4521984,4 GB heap and 320 MB PermGen"
    assert run(folder, "budgets", "import", "-", stdin=listed).stdout == "budgets    1\n"
    assert run(folder, "budgets", "--format", "csv").stdout == listed


def test_a_bad_file_is_named_with_its_line(run: Run, folder: Path) -> None:
    (folder / "bad.csv").write_text("comm,kb\njava,much\n")
    done = run(folder, "budgets", "import", "bad.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("oomdb: bad.csv:2: kb 'much'")


@pytest.mark.parametrize(
    "arguments",
    [
        ("hosts", "import"),
        ("hosts", "import", "nowhere.csv"),
        ("budgets", "import", "."),
        ("budgets", "export"),
        ("hosts", "--db", "other.duckdb", "import", "hosts.csv"),
        ("budgets", "--format", "csv", "import", "budgets.csv"),
        ("query", "fleet_daily", "--host", "web1"),
        ("query", "hosts_at_risk", "--since", "2026-01-01"),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...], folder: Path) -> None:
    done = run(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "other.duckdb").exists()


def test_lists_need_a_database_imports_make_one(run: Run, tmp_path: Path) -> None:
    for command in ("hosts", "budgets"):
        done = run(tmp_path, command)
        assert (done.returncode, done.stdout) == (1, "")
        assert "oomdb ingest" in done.stderr
    (tmp_path / "hosts.csv").write_text("host,role\nweb*,web\n")
    assert run(tmp_path, "hosts", "import", "hosts.csv", "--db", "new.duckdb").returncode == 0
    assert run(tmp_path, "hosts", "--db", "new.duckdb", "--format", "csv").returncode == 0


def test_incidents_and_hosts_are_chosen_by_host(run: Run, folder: Path) -> None:
    def rows(*arguments: str) -> int:
        return len(json.loads(run(folder, "query", *arguments, "--format", "json").stdout))

    assert rows("incidents", "--host", "iz*") == rows("incidents", "--event", "latest") == 1
    assert rows("incidents", "--host", "web1") == 0
    assert rows("host_daily", "--host", "iz*") == 1
    assert rows("host_daily", "--host", "web1") == 0
