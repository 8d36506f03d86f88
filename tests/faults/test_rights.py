"""A folder, a database or a lock that this user may not write, from the start or all at once."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.commands import BY_NAME, DATABASE
from tests.faults.kills import Scene
from tests.faults.runs import Driver, Ended, can_mount

if TYPE_CHECKING:
    from collections.abc import Iterator

IS_ROOT = os.geteuid() == 0
NOBODY = 65534


def _is_open_to_all() -> bool:
    """Whether any user may run what runs here: he loads modules when he needs them."""
    code = (Path(sys.prefix), Path(__file__).resolve().parents[2])
    folders = {folder for path in code for folder in (path.resolve(), *path.resolve().parents)}
    return all(folder.stat().st_mode & 0o001 for folder in folders)


pytestmark = pytest.mark.skipif(
    IS_ROOT and not _is_open_to_all(),
    reason="the user that root becomes here cannot read the code",
)
needs_root = pytest.mark.skipif(
    not IS_ROOT, reason="only root can act as two users: another user's files are not shown"
)


class User:
    """A user without rights of its own, in a copy of a folder with a database."""

    def __init__(self, prepared: Path, folder: Path, driver: Driver) -> None:
        self.folder = shutil.copytree(prepared, folder / "work")
        self.database = self.folder / DATABASE
        self._driver = driver
        self._tmp = folder / "tmp"
        self._tmp.mkdir()
        self._tmp.chmod(0o777)
        self.before = self.database.read_bytes()

    def own(self) -> None:
        """Give the folder to the user that runs the commands."""
        if IS_ROOT:
            for path in (self.folder, self.database):
                os.chown(path, NOBODY, NOBODY)

    def run(self, *arguments: str, **options: object) -> Ended:
        uid = {"uid": NOBODY} if IS_ROOT else {}
        return self._driver.run(self.folder, *arguments, tmp=self._tmp, **uid, **options)  # type: ignore[arg-type]

    def ingest(self, **options: object) -> Ended:
        return self.run("ingest", "logs", "--jobs", "1", **options)

    def refused(self, *told: str) -> None:
        """The ingest says why it cannot, and the database is as it was."""
        ended = self.ingest()
        assert (ended.code, ended.out) == (1, ""), ended.err
        assert all(text in ended.err for text in told), ended.err
        assert ended.err.count("\n") == 1
        assert "damaged" not in ended.err
        assert self.database.read_bytes() == self.before


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "work"
    folder.mkdir()
    BY_NAME["ingest again"].prepare(folder)
    return folder


@pytest.fixture
def user(prepared: Path, open_folder: Path, driver: Driver) -> Iterator[User]:
    user = User(prepared, open_folder, driver)
    yield user
    user.folder.chmod(0o755)


def test_a_read_only_folder_is_told_and_can_be_read(user: User) -> None:
    user.own()
    user.folder.chmod(0o555)
    user.refused(DATABASE, "Permission denied")
    ended = user.run("sql", "SELECT COUNT(*) AS n FROM events", "-f", "csv")
    assert (ended.code, ended.out, ended.err) == (0, "n\n3\n", "")


def test_a_database_without_the_right_to_read_is_not_called_damaged(user: User) -> None:
    user.database.chmod(0 if not IS_ROOT else 0o600)
    ended = user.run("events")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"oomdb: cannot read {DATABASE}: Permission denied\n"


@pytest.mark.skipif(not can_mount(), reason="no file system can be mounted read-only here")
def test_a_read_only_file_system_is_told(open_folder: Path, driver: Driver) -> None:
    disk, work = open_folder / "disk", open_folder / "work"
    for path in (disk, work):
        path.mkdir()
    BY_NAME["first ingest"].prepare(work)
    driver.mount(disk, "ro")
    environment = {"OOMDB_DB": str(disk / DATABASE)}
    ended = driver.run(work, "ingest", "logs", environment=environment)
    assert (ended.code, ended.out) == (1, "")
    assert "Read-only file system" in ended.err
    assert str(disk / DATABASE) in ended.err


def test_a_right_that_is_lost_at_any_step_costs_the_run_alone(user: User) -> None:
    """The folder becomes read-only at one step after the other; what stays is removed later."""
    user.own()
    labels = ("hosts", "import", "labels.csv")
    (user.folder / "labels.csv").write_text("host,role\nweb*,front\n")
    states = []
    steps = 0
    for number in range(0, 400, 3):
        ended = user.run(*labels, kill_at=number, read_only=str(user.folder))
        user.folder.chmod(0o755)
        assert ended.code in (0, 1), ended.err
        is_before = user.database.read_bytes() == user.before
        if ended.code:
            assert is_before
            assert "Permission denied" in ended.err, ended.err
            assert DATABASE in ended.err
            assert ended.err.count("\n") == 1, ended.err
        states.append(is_before)
        steps = len(ended.steps)
        if not is_before:
            break
    assert len(states) > 10
    assert states == sorted(states, reverse=True)
    assert 3 * len(states) < steps
    assert user.run(*labels).code == 0
    assert [path.name for path in user.folder.glob(f"{DATABASE}*")] == [DATABASE]


@needs_root
def test_a_staged_copy_of_another_user_is_named(user: User) -> None:
    user.folder.chmod(0o1777)
    staged = user.folder / f"{DATABASE}.staged"
    staged.write_bytes(b"left behind")
    user.refused(str(staged), "an earlier writer left behind", "its owner must remove it")
    assert staged.read_bytes() == b"left behind"


@needs_root
def test_a_lock_left_by_another_user_is_no_obstacle(user: User) -> None:
    """Where the folder lets it be removed; where not, it is named."""
    lock = user.folder / f"{DATABASE}.lock"
    lock.write_text("1\n")
    lock.chmod(0o600)
    user.folder.chmod(0o777)
    user.refused(str(lock), "Permission denied")
    lock.chmod(0o644)
    user.folder.chmod(0o1777)
    user.refused(str(lock), "Operation not permitted")
    user.folder.chmod(0o777)
    assert user.ingest().code == 0
    assert not lock.exists()


def test_a_copy_is_as_private_as_its_database(open_folder: Path, driver: Driver) -> None:
    """Killed before it is published, so that it lies there."""
    scene = Scene(BY_NAME["labels"], open_folder, driver)
    scene.database.chmod(0o640)
    number = scene.steps.index("before CHECKPOINT")
    assert scene.run(kill_at=number).is_killed
    staged = scene.folder / f"{DATABASE}.staged"
    assert staged.stat().st_mode & 0o077 == 0
    assert scene.run().code == 0
    assert scene.database.stat().st_mode & 0o777 == 0o640
