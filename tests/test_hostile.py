"""Files made to do harm: they cost what the limits allow, and are told."""

from __future__ import annotations

import io
import json
import os
import random
import re
import resource
import socket
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import duckdb
import pytest
import zstandard

from oomdb.errors import UsageError
from oomdb.incidents import copies
from oomdb.ingest import Options, ingest
from oomdb.rows.leaves import leaf_tables
from oomdb.sources import files
from oomdb.sources.limits import Limits
from oomdb.summary import progress_bar
from tests.test_cli import InProcess
from tests.test_sources.packing import COMPRESS, LOG, problems, read_bytes, tar, zipped

ROOT = Path(__file__).parents[1]
_SAMPLE = (ROOT / "samples" / "6.1-amd64--global.log").read_bytes()
_REPORT = _SAMPLE[_SAMPLE.rindex(b"\n", 0, _SAMPLE.index(b"invoked oom")) + 1 :]


# Limits


def test_limits_are_set_by_name() -> None:
    limits = Limits().set_to(["expanded_bytes=4G", "ratio=10", "spool_bytes=500m", "nesting=3"])
    assert (limits.expanded_bytes, limits.ratio) == (4 << 30, 10)
    assert (limits.spool_bytes, limits.nesting) == (500 << 20, 3)
    assert limits.members == Limits().members
    told = ["expanded_bytes=4G", "ratio=10", "nesting=3", "spool_bytes=500M"]
    assert Options(limits=limits).described == {"limit": told}
    assert Options().described == {}
    assert Limits(nesting=1, members=1).set_to(Limits().described().split(", ")) == Limits()


@pytest.mark.parametrize(
    "setting",
    ["", "ratio", "ratio=", "ratio=0", "ratio=-1", "ratio=1G", "rate=1", "spool_bytes=1X", "=1"],
)
def test_limits_that_are_none(setting: str) -> None:
    with pytest.raises(UsageError, match="--limit"):
        Limits().set_to([setting])


def test_a_limit_is_an_option_and_names_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{n}.log": _SAMPLE for n in range(3)}))
    oomdb = InProcess(tmp_path / "db.duckdb", capfd)
    oomdb("ingest", str(path), "--limit", "members=2", code=3)
    assert "more than 2 files" in oomdb.stderr
    assert "(--limit members=NUMBER raises it)" in oomdb.stderr
    oomdb("ingest", str(path), "--limit", "members=3")
    assert oomdb.stderr == ""
    oomdb("ingest", str(path), "--limit", "members=x", code=2)


def test_limits_reach_every_worker(tmp_path: Path) -> None:
    for number in range(2):
        log = random.Random(number).randbytes(5 << 20)
        (tmp_path / f"{number}.zip").write_bytes(zipped({"a.log": log, "b.log": b"x"}))
    options = Options(limits=Limits(members=1))
    summary = ingest([tmp_path], tmp_path / "db.duckdb", options, jobs=2)
    assert ["more than 1 files" in reason for _, reason in summary.set_aside] == [True, True]


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
    """Like a zip that holds itself: at each depth two more, further down than anyone reads."""
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
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(320)) + packer.flush()
    (tmp_path / "bomb.gz").write_bytes(bomb)
    code = (
        "import re, sys; from pathlib import Path; from oomdb.ingest import ingest\n"
        "summary = ingest([Path('bomb.gz')], Path('db.duckdb'), jobs=1)\n"
        # Not ru_maxrss: that begins with the size of the tests' own process.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]\n"
        "print(peak, summary.set_aside)"
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
    assert copies.in_blocks(block for _ in range(24)) == []
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
    found = copies.in_blocks([_SAMPLE[:at] + line + b"\n" + _SAMPLE[at:]])
    assert [one.event["kind"] for one in found].count("oom_kill") >= 1
    leaf_tables([one.rows for one in found if one.rows.pack is None])


@pytest.mark.parametrize("before", [b"cap #7 ~ [%b.123456] ", b"4,1,%b,-;"])
def test_seconds_since_boot_of_any_length(tmp_path: Path, before: bytes) -> None:
    texts = [line.partition(b"] ")[2] for line in _SAMPLE.splitlines(keepends=True)]
    head = before % (b"9" * 20)
    log = tmp_path / "log"
    log.write_bytes(b"".join(head + text for text in [*[b"other\n"] * 3, *texts]))
    summary = ingest([log], tmp_path / "oomdb.duckdb")
    assert summary.new_events >= 1
    with duckdb.connect(str(tmp_path / "oomdb.duckdb"), read_only=True) as connection:
        told = connection.execute("SELECT DISTINCT uptime_s, occurred_at FROM events").fetchall()
    assert told == [(None, None)]


def test_a_stamp_of_any_length_in_a_run_of_regular_lines(tmp_path: Path) -> None:
    texts = [line.partition(b"] ")[2] for line in _REPORT.splitlines(keepends=True)]
    stamps = [b"[    6.100000] ", b"[%b.1] " % (b"9" * 20)]
    log = tmp_path / "log"
    log.write_bytes(b"".join(stamp + text for stamp in stamps for text in texts))
    assert ingest([log], tmp_path / "oomdb.duckdb").new_events >= 1


# What a person sees

_NAMES = [
    b"\x1b]0;x\x07\x1b[2J",
    b"[/markup]",
    b"<script>",
    b"=cmd()",
    b"\xff\xfe\x9b1m",
    b"');DROP TABLE",
]


def test_names_of_processes_harm_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(_NAMES):
        named = _SAMPLE.replace(b"java", name).replace(b" exe ", b" " + name + b" ")
        (tmp_path / f"{number}\x1b[31m[red].log").write_bytes(named)
    (tmp_path / "dead\x1b[2J").symlink_to("nowhere\x1b")
    oomdb = InProcess(tmp_path / "db.duckdb", capfd)
    printed = [oomdb("ingest", str(tmp_path), code=3), oomdb.stderr]
    events = json.loads(oomdb("sql", "SELECT event_id FROM events", "--format", "json"))
    printed += [oomdb("explain", event["event_id"]) for event in events]
    sql = "SELECT comm, invoker_comm FROM victims JOIN events USING (event_id)"
    # A terminal is what would obey them.
    monkeypatch.setattr("oomdb.output.terminal.is_terminal", lambda _: True)
    monkeypatch.setenv("NO_COLOR", "1")
    for form in ("table", "json", "ndjson", "csv", "md"):
        printed += [oomdb("events", "--format", form), oomdb("sql", sql, "--format", form)]
    oomdb("explain", "no\x1b[31msuch", code=1)
    printed.append(oomdb.stderr)
    for text in printed:
        assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text) is None
    markdown = oomdb("sql", sql, "--format", "md")
    assert r"\<script\>" in markdown
    assert re.search(r"(?<!\\)<", markdown) is None
    assert "'=cmd()" in oomdb("sql", sql, "--format", "csv")
    rows = json.loads(oomdb("sql", sql, "--format", "json"))
    assert {"=cmd()", "[/markup]", "<script>", "');DROP TABLE"} <= {row["comm"] for row in rows}
    assert len(rows) == len(_NAMES)


def test_names_of_files_on_the_progress_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oomdb.output.terminal.is_terminal", lambda _: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar() as show:
        assert show is not None
        show(1, 1, "[/red]\x1b]0;title\x07[bold]x")
    told = capsys.readouterr().err
    assert "\x1b]" not in told
    assert "\x07" not in told
