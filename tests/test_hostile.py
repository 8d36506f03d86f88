"""Files made to do harm: they cost what the limits allow, and are told."""

from __future__ import annotations

import io
import os
import resource
import socket
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard

from oomdb.errors import UsageError
from oomdb.incidents import copies
from oomdb.output.formats import Format
from oomdb.sources import files
from oomdb.sources.limits import Limits
from tests.test_sources.packing import COMPRESS, LOG, problems, read_bytes, tar, zipped

ROOT = Path(__file__).parents[1]
_SAMPLE = (ROOT / "samples" / "6.1-amd64--global.log").read_bytes()
#: A name that a process may take, less what `prctl` allows.
_ESCAPES = b"\x1b]0;x\x07\x1b[2J"


def oomdb(*arguments: str, folder: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "oomdb", *arguments, "--db", str(folder / "db.duckdb")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=stdin, capture_output=True, env=environment, cwd=folder)


# Limits


def test_limits_are_set_by_name() -> None:
    limits = Limits().set_to(["expanded_bytes=4G", "ratio=10", "spool_bytes=500m", "nesting=3"])
    assert (limits.expanded_bytes, limits.ratio) == (4 << 30, 10)
    assert (limits.spool_bytes, limits.nesting) == (500 << 20, 3)
    assert limits.members == Limits().members
    assert Limits(nesting=1, members=1).set_to(Limits().described().split(", ")) == Limits()


@pytest.mark.parametrize(
    "setting",
    ["", "ratio", "ratio=", "ratio=0", "ratio=-1", "ratio=1G", "rate=1", "spool_bytes=1X", "=1"],
)
def test_limits_that_are_none(setting: str) -> None:
    with pytest.raises(UsageError, match="--limit"):
        Limits().set_to([setting])


def test_a_limit_is_an_option_and_names_itself(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({f"{n}.log": _SAMPLE for n in range(3)}))
    done = oomdb("ingest", "a.zip", "--limit", "members=2", "--jobs", "2", folder=tmp_path)
    assert done.returncode == 3
    assert b"more than 2 files" in done.stderr
    assert b"(--limit members=NUMBER raises it)" in done.stderr
    done = oomdb("ingest", "a.zip", "--limit", "members=3", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert oomdb("ingest", "a.zip", "--limit", "members=x", folder=tmp_path).returncode == 2


@pytest.mark.parametrize("window_bytes", [1, 1 << 10, 1 << 40])
def test_any_window_is_within_what_decoders_take(window_bytes: int, tmp_path: Path) -> None:
    limits = Limits(window_bytes=window_bytes)
    [(stream, content)] = read_bytes(tmp_path, COMPRESS["zstd"](b"x" * 2000), limits)
    assert (content, stream.problem) in [(b"x" * 2000, None), (b"", stream.problem)]


# Archives


def test_a_window_of_gigabytes_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = packer.compress(b"x" * 100) + packer.flush()
    assert "window_bytes" in problems(read_bytes(tmp_path, data))[""]


def quine() -> bytes:
    """A gzip stream of stored blocks is not needed: a zip that holds itself at each depth."""
    data = zipped({"a.log": LOG[:200]})
    for _ in range(30):
        data = zipped({"left.zip": data, "right.zip": data})
    return data


def test_archives_in_archives_end_at_the_limit(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, quine())
    told = problems(found)
    assert told
    assert all("(--limit nesting=NUMBER raises it)" in reason for reason in told.values())
    assert max(name.count("!/") for name in told) == Limits().nesting - 1


def test_a_broad_tree_of_archives_ends_at_the_limit(tmp_path: Path) -> None:
    data = zipped({f"{n}.log": b"x" for n in range(40)})
    for _ in range(3):
        data = zipped({f"{n}.zip": data for n in range(40)})
    told = problems(read_bytes(tmp_path, data, Limits(members=500)))
    assert "(--limit members=NUMBER raises it)" in told[""]


def test_zip_in_zip_in_gzip_is_read_and_nothing_is_extracted(tmp_path: Path) -> None:
    inner = zipped({"../../up.log": b"up", "/etc/abs.log": b"abs", "C:\\x.log": b"c"})
    data = COMPRESS["gzip"](tar({"../deep.zip": zipped({"in.zip": inner}), "l": "/etc/passwd"}))
    before = sorted(tmp_path.parent.rglob("*"))
    found = {
        stream.name.partition("!/")[2]: content for stream, content in read_bytes(tmp_path, data)
    }
    assert found == {
        "../deep.zip!/in.zip!/../../up.log": b"up",
        "../deep.zip!/in.zip!//etc/abs.log": b"abs",
        "../deep.zip!/in.zip!/C:\\x.log": b"c",
    }
    assert sorted(tmp_path.parent.rglob("*")) == sorted([*before, tmp_path / "file"])


def test_a_zip_whose_sizes_lie(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", b"0" * (64 << 20))
    data = bytearray(file.getvalue())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 10)
    [(stream, content)] = read_bytes(tmp_path, bytes(data), Limits(ratio_free_bytes=1 << 20))
    assert len(content) <= 10
    assert stream.problem is None or "zip" in stream.problem


def test_a_bomb_costs_little_memory(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(600)) + packer.flush()
    (tmp_path / "bomb.gz").write_bytes(bomb)
    code = (
        "import resource, sys; from pathlib import Path; from oomdb.ingest import ingest\n"
        "summary = ingest([Path('bomb.gz')], Path('db.duckdb'), jobs=1)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, summary.set_aside)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    told = subprocess.check_output(command, cwd=tmp_path, env=environment, text=True)
    assert int(told.split()[0]) < 600 << 10
    assert "--limit ratio=NUMBER raises it" in told


# What is no regular file


def test_devices_pipes_and_sockets_are_set_aside_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "tty").symlink_to("/dev/tty")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        told = {Path(one.path).name: one.problem for one in files.discover([folder])}
    assert told.pop("loop") == os.strerror(40)
    if told.get("tty") != "not a regular file":
        told.pop("tty")  # where the process has no terminal
    assert set(told.values()) == {"not a regular file"}
    assert set(told) >= {"fifo", "zero", "socket"}
    with (
        pytest.raises(OSError, match="not a regular file"),
        files.opened(files.Source(str(folder / "fifo"))),
    ):
        pass


def test_links_to_files_are_followed_and_to_folders_not(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "far.log").write_bytes(b"far")
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "file").symlink_to(tmp_path / "out" / "far.log")
    (tmp_path / "given" / "folder").symlink_to(tmp_path / "out")
    found = list(files.discover([tmp_path / "given"]))
    assert [(Path(one.path).name, one.problem) for one in found] == [("file", None)]


# Lines


def test_an_endless_line_is_not_held() -> None:
    block = b"oom_reaper " + b"x" * ((1 << 20) - 11)
    copies.in_blocks([block] * 8)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert copies.in_blocks(block for _ in range(96)) == []
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert grown_kb < 48 << 10


@pytest.mark.parametrize(
    "line",
    [
        b"oom_reaper &#" + b"1" * 5000 + b";",
        b"[    6.1] Memory allocations:\n[    6.2] " + b"9" * 30 + b" 1 mm/memory.c:1 func:f",
        b"[    6.1] [    124]     0   124 " + b"9" * 5000 + b" 1 1 0             0 java",
        b"I/oom_reaper(" + b"9" * 5000 + b"): x",
        b"[    6.1] Node " + b"9" * 30 + b" DMA free:" + b"9" * 5000 + b"kB min:1kB low:2kB",
    ],
)
def test_numbers_of_any_length(line: bytes) -> None:
    at = _SAMPLE.index(b"\n", _SAMPLE.index(b"invoked oom")) + 1
    [found] = copies.in_blocks([_SAMPLE[:at] + line + b"\n" + _SAMPLE[at:]])
    assert found.event["kind"] == "oom_kill"


# What a person sees


@pytest.mark.parametrize(
    "comm", [_ESCAPES, b"[/markup]", b"<script>", b"a\0b", b"\xff\xfe", b"');DROP TABLE"]
)
def test_names_of_processes_harm_nobody(comm: bytes, tmp_path: Path) -> None:
    victim = (
        b"(exe)" if b"(exe)" in _SAMPLE else _SAMPLE.partition(b"Killed process ")[2].split()[1]
    )
    data = _SAMPLE.replace(victim, b"(" + comm + b")").replace(b"\nexe ", b"\n" + comm)
    name = "bad\x1b[31m[/red].log"
    (tmp_path / name).write_bytes(data)
    (tmp_path / "dead\x1b[2J").symlink_to("nowhere\x1b")
    printed = [oomdb("ingest", ".", folder=tmp_path), oomdb("explain", "latest", folder=tmp_path)]
    printed += [
        oomdb("events", "--format", form, folder=tmp_path) for form in Format if form != "parquet"
    ]
    printed += [oomdb("sql", "SELECT comm, pid FROM victims", folder=tmp_path)]
    printed += [oomdb("explain", "no\x1b[31msuch", folder=tmp_path)]
    for one in printed:
        assert b"Traceback" not in one.stderr
        for stream in (one.stdout, one.stderr):
            assert not set(stream) & {*range(9), 11, 12, *range(14, 32), 127}, stream
    markdown = oomdb("sql", "SELECT comm FROM victims", "--format", "md", folder=tmp_path).stdout
    assert b"<script>" not in markdown.replace(b"\\<", b"")
    left = oomdb("sql", "SELECT COUNT(*) n FROM victims", "--format", "csv", folder=tmp_path).stdout
    assert left == b"n\n1\n"
