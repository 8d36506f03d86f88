"""Temporary files of runs that were killed are removed by the next, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oomdb import scratch
from oomdb.errors import OomdbError

REPOSITORY = Path(__file__).parent.parent
RUN = """
import sys
from oomdb import scratch
print(scratch.folder(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def tmpdir_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_what_a_killed_run_left_is_removed_and_a_living_ones_stays(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    folders = []
    for run in runs:
        assert run.stdout is not None
        folders.append(Path(run.stdout.readline().rstrip("\n")))
        (folders[-1] / "spool").write_text("a")
    killed, living = runs
    killed.kill()
    killed.communicate()
    scratch.remove_leftovers()
    assert list(tmp_path.iterdir()) == [folders[1]]
    living.communicate("end\n")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    ours = tmp_path / "oomdb-tmp-ab_cd012"
    others = [
        tmp_path / name
        for name in ("oomdb-tmp-backup", "oomdb-tmp-ABCDEFGH", "oomdb-tmp-abcdefgh-old", "x")
    ]
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    link = tmp_path / "oomdb-tmp-aaaaaaaa"
    link.symlink_to("kept")
    file = tmp_path / "oomdb-tmp-bbbbbbbb"
    file.touch()
    for folder in (ours, *others):
        folder.mkdir()
    scratch.remove_leftovers()
    assert not ours.exists()
    assert link.is_symlink()
    assert (tmp_path / "kept" / "file").exists()
    assert file.exists()
    assert all(folder.is_dir() for folder in others)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_another_user_made_stays(tmp_path: Path) -> None:
    folder = tmp_path / "oomdb-tmp-ab_cd012"
    folder.mkdir()
    os.chown(folder, 65534, -1)
    scratch.remove_leftovers()
    assert folder.is_dir()


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(OomdbError, match=rf"temporary files in {tmp_path}: No space .*TMPDIR"):
        scratch.folder()
