"""What is published is whole, whoever else writes there and whatever lies there."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from oomdb.errors import OomdbError
from oomdb.publishing import name_of_partial, new_folder, replacing, take_rights

ROOT = Path(__file__).parent.parent
#: Writes one letter many times, in pieces, and again and again.
WRITER = """
import sys
from pathlib import Path
from oomdb.publishing import replacing
for _ in range(40):
    with replacing(Path("out")) as file:
        for _ in range(50):
            file.write(sys.argv[1].encode() * 1000)
"""
STUCK = """
import sys, time
from pathlib import Path
from oomdb.publishing import new_folder, replacing
made = new_folder if sys.argv[1] == "folder" else replacing
with made(Path("out")):
    print("written", flush=True)
    time.sleep(100)
"""


def python(folder: Path, code: str, argument: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, argument]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def partials(folder: Path) -> int:
    return sum(name_of_partial(path.name) == "out" for path in folder.iterdir())


def test_two_writers_of_one_file_publish_whole_ones(tmp_path: Path) -> None:
    writers = [python(tmp_path, WRITER, letter) for letter in "ab"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "out").exists():
            content = (tmp_path / "out").read_bytes()
            assert len(content) == 50_000
            assert len(set(content)) == 1
            seen.add(content[:1])
        time.sleep(0.002)
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    assert seen == {b"a", b"b"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_writer_left_is_removed_and_a_living_ones_stays(
    tmp_path: Path, kind: str
) -> None:
    killed, living = (python(tmp_path, STUCK, kind) for _ in range(2))
    for process in (killed, living):
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert [name_of_partial(path.name) for path in tmp_path.iterdir()] == ["out", "out"]
    with replacing(tmp_path / "out") as file:
        assert partials(tmp_path) == 2
        file.write(b"x")
    assert partials(tmp_path) == 1
    living.kill()
    living.communicate()


def test_nothing_that_lies_there_is_written_through_or_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "out.part").symlink_to("precious")
    (tmp_path / ".out.part").write_text("mine too")
    with replacing(tmp_path / "out") as file:
        file.write(b"new")
    assert (tmp_path / "out").read_bytes() == b"new"
    assert not (tmp_path / "out").is_symlink()
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / ".out.part").read_text() == "mine too"


def test_a_link_called_like_a_leftover_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    link = tmp_path / ".out.0123abcd.part"
    link.symlink_to("precious")
    with replacing(tmp_path / "out") as file:
        file.write(b"new")
    assert link.is_symlink()
    assert link.read_text() == "mine"


def test_what_has_the_name_to_be_written_under_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may make files there could try all names."""
    names = iter(("0123abcd", "4567cdef"))
    monkeypatch.setattr("secrets.token_hex", lambda _: next(names))
    (tmp_path / "precious").write_text("mine")
    (tmp_path / ".out.0123abcd.part").symlink_to("precious")
    with (
        pytest.raises(OomdbError, match=r"cannot write .*out: "),
        replacing(tmp_path / "out") as file,
    ):
        file.write(b"new")
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_an_error_leaves_the_file_before(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "out") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert (tmp_path / "out").read_text() == "before"
    with pytest.raises(OomdbError, match="cannot write"), replacing(tmp_path / "none" / "out"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "out").symlink_to("real")
    with replacing(tmp_path / "out") as file:
        file.write(b"after")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "real").read_text() == "after"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_the_rights_of_the_file_before_stay(tmp_path: Path, mode: int) -> None:
    out = tmp_path / "out"
    out.write_text("before")
    out.chmod(mode)
    with replacing(out) as file:
        file.write(b"after")
    assert stat.S_IMODE(out.stat().st_mode) == mode


def test_a_new_file_has_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "out") as file:
            file.write(b"x")
        with new_folder(tmp_path / "folder") as folder:
            (folder / "a").write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_group_that_cannot_be_given_gets_nothing() -> None:
    with tempfile.TemporaryDirectory() as name:
        published, copy = Path(name, "published"), Path(name, "copy")
        for path, user, group in ((published, 1111, 4242), (copy, 65534, 65534)):
            path.touch()
            os.chown(path, user, group)
            path.chmod(0o664)
        Path(name).chmod(0o755)
        child = os.fork()
        if not child:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                take_rights(published, copy)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert stat.S_IMODE(copy.stat().st_mode) == 0o604
