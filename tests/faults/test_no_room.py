"""A disk, quota or folder of temporary files that is full at any moment of a write."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.commands import BY_NAME, DATABASE, write_logs
from tests.faults.runs import can_mount, content

if TYPE_CHECKING:
    from tests.faults.runs import Driver, Ended

needs_mounts = pytest.mark.skipif(
    not can_mount(),
    reason="this machine lets no test mount a file system: what a full disk does is not shown",
)
WRITERS = ("first ingest", "ingest again", "migration", "labels")
MIB = 1 << 20


class Disk:
    """A command that writes on a small disk of its own: folder, temporary files elsewhere."""

    def __init__(self, name: str, folder: Path, driver: Driver) -> None:
        self.command = BY_NAME[name]
        self.driver = driver
        self.folder, self.tmp, self.disk = (folder / name for name in ("work", "tmp", "disk"))
        for path in (self.folder, self.tmp, self.disk):
            path.mkdir()
        self.command.prepare(self.folder)
        prepared = self.folder / DATABASE
        self.before = prepared.read_bytes() if prepared.exists() else None
        self.database = self.disk / DATABASE
        self._after: object = None

    @property
    def seen(self) -> Path:
        """The database, from outside of the driver's mounts."""
        return self.driver.see(self.database)

    def of(self, options: str) -> bool:
        """Have a new disk with the database on it; False when it does not fit."""
        self.driver.mount(self.disk, options)
        return self.begin()

    def begin(self) -> bool:
        """Have the database on the disk as it is before the command."""
        self.seen.unlink(missing_ok=True)
        try:
            if self.before is not None:
                self.seen.write_bytes(self.before)
        except OSError:
            return False
        return True

    def run(self, **options: Any) -> Ended:
        """The command with its database on the disk."""
        environment = {"OOMDB_DB": str(self.database)}
        arguments = self.command.arguments
        return self.driver.run(
            self.folder, *arguments, tmp=self.tmp, environment=environment, **options
        )

    def judge(self, ended: Ended, *reasons: str) -> bool:
        """Whether it was done; when not, it must say why, and have changed nothing."""
        seen = self.seen
        assert "Traceback" not in ended.err, ended.err
        assert [path.name for path in seen.parent.iterdir() if path != seen] == [], ended.err
        assert list(self.tmp.iterdir()) == []
        if ended.code == 0:
            found = content(Path(shutil.copy(seen, self.tmp.parent / "seen.duckdb")))
            self._after = self._after or found
            assert found == self._after
            return True
        assert ended.code == 1, ended
        assert any(reason in ended.err for reason in reasons), ended.err
        assert str(self.disk) in ended.err, ended.err
        assert "damaged" not in ended.err, ended.err
        assert ended.err.count("\n") == 1, ended.err
        if self.before is None:
            assert not seen.exists()
        else:
            assert seen.read_bytes() == self.before
        return False


def sizes(first: int, last: int, count: int) -> list[int]:
    """So many sizes from the first to the last, a whole number of kB each."""
    return [
        (first + (last - first) * number // (count - 1)) // 1024 * 1024 for number in range(count)
    ]


@needs_mounts
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_told_and_changes_nothing(
    name: str, open_folder: Path, driver: Driver
) -> None:
    """In the copy, the log of a transaction, the checkpoint: wherever so many bytes end."""
    disk = Disk(name, open_folder, driver)
    size = len(disk.before or b"")
    count = int(os.environ.get("OOMDB_FAULT_SIZES", "3"))
    done = []
    for size_bytes in sizes(size + 64 * 1024, 2 * size + 12 * MIB, count):
        assert disk.of(f"size={size_bytes // 1024}k")
        done.append(disk.judge(disk.run(), "No space left on device"))
    assert not done[0]
    assert done[-1]
    assert done == sorted(done)


@needs_mounts
@pytest.mark.parametrize("name", ["ingest again"])
def test_a_disk_without_inodes_is_told(name: str, open_folder: Path, driver: Driver) -> None:
    disk = Disk(name, open_folder, driver)
    done = []
    for inodes in range(2, 7):
        if disk.of(f"size=64m,nr_inodes={inodes}"):
            ended = disk.run()
            done.append(disk.judge(ended, "No space left on device"))
    assert not done[0]
    assert done[-1]


@pytest.mark.parametrize("name", ["first ingest", "ingest again"])
def test_a_limit_on_files_is_told_as_a_quota_would_be(
    name: str, open_folder: Path, driver: Driver
) -> None:
    """The same place in each write fails with another error: a file may not grow further."""
    disk = Disk(name, open_folder, driver)
    size = len(disk.before or b"")
    done = []
    for file_bytes in [*sizes(size // 2 + 4096, size + 2 * MIB, 3), 64 * MIB]:
        assert disk.begin()
        done.append(disk.judge(disk.run(file_bytes=file_bytes), "File too large (a limit of"))
    assert not done[0]
    assert done[-1]


@needs_mounts
@pytest.mark.parametrize(
    ("name", "kbytes", "codes"),
    [("ingest again", (4, 8, 10_000), [1, 1, 0]), ("spools", (300,), [1])],
    ids=["here", "in a worker"],
)
def test_a_full_folder_of_temporary_files_is_no_fault_of_the_logs(
    name: str, kbytes: tuple[int, ...], codes: list[int], open_folder: Path, driver: Driver
) -> None:
    """Nothing is set aside for it, by this process or a worker: the next run reads it all."""
    folder, tmp = open_folder / "work", open_folder / "tmp"
    for path in (folder, tmp):
        path.mkdir()
    command = BY_NAME[name]
    command.prepare(folder)
    database = folder / DATABASE
    before = database.read_bytes() if database.exists() else None
    told = []
    for size in kbytes:
        driver.mount(tmp, f"size={size}k")
        ended = driver.run(folder, *command.arguments, tmp=tmp, spools=command.spools)
        told.append(ended.code)
        assert "Traceback" not in ended.err
        assert list(driver.see(tmp).iterdir()) == []
        if ended.code:
            assert "cannot write temporary files in" in ended.err
            assert "No space left on device" in ended.err
            assert "TMPDIR can name another folder" in ended.err
            assert (database.read_bytes() if database.exists() else None) == before
    assert told == codes


@needs_mounts
@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "md"])
def test_a_result_that_does_not_fit_leaves_the_file_before(
    suffix: str, tmp_path: Path, driver: Driver
) -> None:
    folder, disk = tmp_path / "work", tmp_path / "disk"
    for path in (folder, disk):
        path.mkdir()
    BY_NAME["labels"].prepare(folder)
    driver.mount(disk, "size=256k")
    out = disk / f"rows.{suffix}"
    driver.see(out).write_text("before")
    sql = "SELECT HASH(range) AS a, HASH(range + 1) AS b FROM range(200000)"
    ended = driver.run(folder, "sql", sql, "--out", str(out))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"oomdb: cannot write {out}: No space left on device")
    assert ended.err.count("\n") == 1
    assert driver.see(out).read_text() == "before"
    assert len(list(driver.see(disk).iterdir())) == 1


@needs_mounts
def test_an_archive_without_room_for_a_copy_is_set_aside_and_read_later(
    open_folder: Path, driver: Driver
) -> None:
    import zipfile

    folder, tmp = open_folder / "work", open_folder / "tmp"
    for path in (folder, tmp):
        path.mkdir()
    write_logs(folder / "plain", range(2))
    write_logs(folder / "logs", range(3, 4))
    inner = folder / "inner.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_STORED) as archive:
        archive.write(folder / "plain" / "web0.log", "web0.log")
        archive.writestr("noise", os.urandom(200_000))
    with zipfile.ZipFile(folder / "logs" / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.write(inner, "inner.zip")
    driver.mount(tmp, "size=64k")
    ended = driver.run(folder, "ingest", "logs", "--jobs", "1", tmp=tmp)
    assert ended.code == 3
    assert "temporary file in" in ended.err
    assert "No space left on device (free some room" in ended.err
    driver.mount(tmp, "size=8m")
    ended = driver.run(folder, "ingest", "logs", "--jobs", "1", tmp=tmp)
    assert (ended.code, ended.err) == (0, "")
    with_archive = driver.run(folder, "sql", "SELECT COUNT(*) AS n FROM events", "-f", "csv")
    assert with_archive.out.split() == ["n", "2"]
