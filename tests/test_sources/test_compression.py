"""Compressed logs: told from the content, read as far as they go, within limits."""

from __future__ import annotations

import gzip
import io
import itertools
import lzma
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from oomdb.sources import compression
from oomdb.sources.compression import Compression, Decompressed
from oomdb.sources.limits import BrokenError, Budget, Limits
from tests.test_sources.packing import COMPRESS, LOG, contents, problems, read_bytes, tar, zipped

if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC_BYTES = {"gzip": 3, "bzip2": 10, "xz": 6, "zstd": 4, "lz4": 4}
SHORT = b"a short log\nwith two lines\n" * 40


def decompressed(kind: Compression, data: bytes, size: int = 1000) -> tuple[bytes, str | None]:
    """The content and why it ended early; the same where it can be read again, but for a step."""
    content, problem = _decompressed(kind, data, size, None)
    again, same_problem = _decompressed(kind, data, size, lambda: io.BytesIO(data))
    assert same_problem == problem
    assert is_all_but_a_step(again, content)
    if problem is None or "damaged" not in problem:
        assert again == content
    return content, problem


def is_all_but_a_step(again: bytes, content: bytes) -> bool:
    return again.startswith(content[: max(len(content) - compression._STEP_BYTES, 0)])


def _decompressed(
    kind: Compression, data: bytes, size: int, again: Callable[[], io.BytesIO] | None
) -> tuple[bytes, str | None]:
    file = Decompressed(io.BytesIO(data), kind, Budget(Limits()), again)
    parts = []
    try:
        while part := file.read(size):
            assert len(part) <= size
            parts.append(part)
    except BrokenError as error:
        return b"".join(parts), str(error)
    return b"".join(parts), None


def zlib_gzip() -> Compression:
    """gzip as it is read where there is no ISA-L."""
    start = compression.COMPRESSIONS[0].start
    return Compression("gzip", start, lambda _: compression._ZlibDecoder())


KINDS = [(kind, COMPRESS[kind.name]) for kind in compression.COMPRESSIONS] + [
    (zlib_gzip(), gzip.compress)
]
NAMES = [kind.name for kind, _ in KINDS[:-1]] + ["gzip by zlib"]
each_kind = pytest.mark.parametrize("number", range(len(KINDS)), ids=NAMES)


def test_all_formats_are_tried() -> None:
    assert {kind.name for kind in compression.COMPRESSIONS} == set(COMPRESS)


@each_kind
def test_the_format_is_told_from_the_content(number: int, tmp_path: Path) -> None:
    _, compress = KINDS[number]
    found = read_bytes(tmp_path, compress(LOG))
    assert contents(found) == {"": LOG}
    assert problems(found) == {}
    assert found[0][0].size_bytes == len(LOG)


@each_kind
def test_members_follow_each_other(number: int) -> None:
    kind, compress = KINDS[number]
    data = compress(LOG) + compress(b"") + compress(b"more\n")
    assert decompressed(kind, data) == (LOG + b"more\n", None)


@each_kind
def test_zeros_after_the_end_are_padding(number: int) -> None:
    kind, compress = KINDS[number]
    for zeros in (1, 4, 100_000):
        assert decompressed(kind, compress(SHORT) + bytes(zeros)) == (SHORT, None)


@each_kind
@pytest.mark.parametrize("garbage", [b"x", b"plain text after it\n" * 10_000])
def test_other_data_after_the_end_are_told(number: int, garbage: bytes) -> None:
    kind, compress = KINDS[number]
    content, problem = decompressed(kind, compress(SHORT) + garbage)
    assert content == SHORT
    assert (
        problem == f"after the end of the {kind.name} data other data follow, which were not read"
    )


@each_kind
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_cut_anywhere_it_gives_a_prefix(number: int, data: st.DataObject) -> None:
    kind, compress = KINDS[number]
    whole = compress(SHORT) + compress(LOG[:5000])
    cut = data.draw(st.integers(MAGIC_BYTES[kind.name], len(whole) - 1))
    content, problem = decompressed(
        kind, whole[:cut], data.draw(st.sampled_from([1, 512, 1 << 20]))
    )
    assert (SHORT + LOG[:5000]).startswith(content)
    first = len(compress(SHORT))
    if cut == first:
        assert (content, problem) == (SHORT, None)
    elif first < cut < first + MAGIC_BYTES[kind.name]:
        assert content == SHORT
        assert problem is not None
    else:
        assert problem == f"{kind.name} data end early: the file is cut"


@each_kind
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_anywhere_is_told_and_never_raises(number: int, data: st.DataObject) -> None:
    kind, compress = KINDS[number]
    whole = bytearray(compress(LOG))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    content, problem = decompressed(kind, bytes(whole))
    if kind.name not in ("zstd", "lz4"):  # whose checksums are optional
        assert problem is not None or content == LOG


@each_kind
def test_what_came_before_the_damage_is_kept(number: int) -> None:
    kind, compress = KINDS[number]
    noise = b"".join(gzip.compress(b"%d" % n, mtime=n) for n in range(60_000))
    packed = bytearray(compress(noise))
    at = len(packed) * 3 // 4
    packed[at : at + 64] = bytes(64)
    content, problem = decompressed(kind, bytes(packed), 1 << 20)
    assert problem is not None
    assert content[: len(noise) // 4] == noise[: len(noise) // 4]


@each_kind
def test_a_damaged_place_is_met_in_large_steps_as_in_small_ones(number: int) -> None:
    """All the content of a gzip that is damaged in its last byte only, its checksum."""
    kind, compress = KINDS[number]
    whole = bytearray(compress(LOG * 40))
    if kind.name not in ("gzip", "bzip2"):
        pytest.skip("its checksum is optional or not at the end")
    whole[-6 if kind.name == "gzip" else -2] ^= 1
    content, problem = _decompressed(kind, bytes(whole), 1 << 20, lambda: io.BytesIO(bytes(whole)))
    assert problem is not None
    assert (LOG * 40).startswith(content)
    assert len(content) > len(LOG) * 40 - 4096


def test_zstd_frames_that_are_to_be_skipped() -> None:
    kind = next(kind for kind in compression.COMPRESSIONS if kind.name == "zstd")
    skipped = b"\x53\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"
    data = skipped + zstandard.compress(SHORT) + skipped + zstandard.compress(b"more\n")
    assert decompressed(kind, data) == (SHORT + b"more\n", None)


@pytest.mark.parametrize("window_log", [24, 27, 28, 30])
def test_zstd_windows_within_the_limit(window_log: int) -> None:
    kind = next(kind for kind in compression.COMPRESSIONS if kind.name == "zstd")
    parameters = zstandard.ZstdCompressionParameters(window_log=window_log, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    content, problem = decompressed(kind, compressor.compress(SHORT) + compressor.flush())
    if window_log <= 27:
        assert (content, problem) == (SHORT, None)
    else:
        assert content == b""
        assert problem is not None
        assert "takes more than 134,217,728 bytes of memory" in problem


def test_xz_dictionaries_within_the_limit() -> None:
    kind = next(kind for kind in compression.COMPRESSIONS if kind.name == "xz")
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 512 << 20}]
    head = lzma.LZMACompressor(filters=filters)
    try:
        data = head.compress(SHORT) + head.flush()
    except MemoryError:
        pytest.skip("no room to make it")
    content, problem = decompressed(kind, data)
    assert content == b""
    assert problem is not None
    assert "limit reached" in problem


def test_compression_in_compression(tmp_path: Path) -> None:
    data = LOG
    for name in itertools.islice(itertools.cycle(COMPRESS), 8):
        data = COMPRESS[name](data)
    assert contents(read_bytes(tmp_path, data)) == {"": LOG}
    found = read_bytes(tmp_path, gzip.compress(data))
    reason = "more than 8 layers inside each other (--limit nesting=NUMBER raises it)"
    assert problems(found) == {"": f"limit reached: {reason}"}


@pytest.mark.parametrize("outer", COMPRESS)
@pytest.mark.parametrize("inner", COMPRESS)
def test_damage_in_either_layer_costs_no_more_than_in_small_steps(
    outer: str, inner: str, tmp_path: Path
) -> None:
    noise = b"".join(b"%d %x\n" % (n, n * n * 7919) for n in range(20_000))
    packed = bytearray(COMPRESS[inner](noise))
    kinds = {kind.name: kind for kind in compression.COMPRESSIONS}
    for damaged in ("inner", "outer"):
        data = bytearray(packed)
        data[len(data) * 3 // 4] ^= 255 if damaged == "inner" else 0
        whole = bytearray(COMPRESS[outer](bytes(data)))
        whole[len(whole) * 3 // 4] ^= 255 if damaged == "outer" else 0
        budget = Budget(Limits(), len(whole))
        once = Decompressed(io.BytesIO(bytes(whole)), kinds[outer], budget)
        file = Decompressed(once, kinds[inner], budget)
        parts = []
        try:
            while part := file.read(1 << 20):
                parts.append(part)
        except BrokenError:
            pass
        ((stream, content),) = read_bytes(tmp_path, bytes(whole))
        assert is_all_but_a_step(content, b"".join(parts))
        assert stream.problem is not None or {inner, outer} & {"zstd", "lz4"}


def test_a_cut_inner_layer_is_named(tmp_path: Path) -> None:
    packed = lzma.compress(gzip.compress(SHORT)[:-12])
    ((stream, content),) = read_bytes(tmp_path, packed)
    assert SHORT.startswith(content)
    assert stream.problem == "gzip data end early: the file is cut"


def test_text_is_no_compression(tmp_path: Path) -> None:
    for text in (b"BZh9 is a word\n", b"\x1f\x8b", b"PK", b"", b"\0" * 2000, b"ustar\n"):
        found = read_bytes(tmp_path, text)
        assert contents(found) == {"": text}
        assert problems(found) == {}


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"\x1f\x9d\x90", "compress (.Z)"),
        (b"LZIP\x01", "lzip"),
        (b"\x02\x21\x4c\x18", "old lz4"),
        (lzma.compress(LOG, lzma.FORMAT_ALONE), "old lzma"),
        ("\ufeffJun 10 12:00".encode("utf-16-le"), "UTF-16"),
        ("\ufeffJun 10 12:00".encode("utf-16-be"), "UTF-16"),
    ],
)
def test_formats_that_are_not_read_are_named(start: bytes, name: str, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, start + bytes(1000))
    assert problems(found) == {"": f"{name} data are not read; unpack or convert them first"}


@pytest.mark.parametrize("storage", ["v1.0.0", "v1.2.0", "latest"])
@pytest.mark.parametrize("wrap", ["plain", "tar", "zip", *COMPRESS])
def test_databases_are_no_logs(storage: str, wrap: str, tmp_path: Path) -> None:
    line = LOG.splitlines()[0].decode()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path}/made' AS made (STORAGE_VERSION '{storage}')")
        connection.execute("CREATE TABLE made.kept (line VARCHAR)")
        connection.execute("INSERT INTO made.kept VALUES (?)", [line])
        ahead = (tmp_path / "made.wal").read_bytes()
        connection.execute(f"COPY made.kept TO '{tmp_path}/full.parquet'")
        connection.execute(f"COPY (FROM made.kept LIMIT 0) TO '{tmp_path}/empty.parquet'")
    assert line.encode() in ahead
    for name, data in {
        "a DuckDB database": (tmp_path / "made").read_bytes(),
        "a DuckDB write-ahead log": ahead,
        "a Parquet file": (tmp_path / "full.parquet").read_bytes(),
        "a Parquet file ": (tmp_path / "empty.parquet").read_bytes(),
    }.items():
        if wrap in COMPRESS:
            data = COMPRESS[wrap](data)
        elif wrap != "plain":
            data = (tar if wrap == "tar" else zipped)({"backup.log": data})
        found = read_bytes(tmp_path, data)
        inside = "backup.log" if wrap in ("tar", "zip") else ""
        assert problems(found) == {inside: f"{name.strip()}, which is no log"}


@pytest.mark.parametrize("line", [b"01234567DUCK flew\n", b"PAR1 is a golfer\n", b"dabe\n"])
def test_text_is_no_database(line: bytes, tmp_path: Path) -> None:
    assert problems(read_bytes(tmp_path, line)) == {}


# Limits


BOMB = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from oomdb.sources import files
(source,) = files.discover([Path(sys.argv[1])])
with files.opened(source) as streams:
    for stream in streams:
        for block in stream.blocks():
            pass
        print(stream.size_bytes, stream.problem, sep=";")
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(int(peak) * 1024)
"""


@pytest.mark.parametrize("name", ["gzip", "zstd", "xz"])
def test_a_bomb_stops_at_the_limit_in_little_memory(name: str, tmp_path: Path) -> None:
    """10 GB of zeros out of 10 MB or less."""
    path = tmp_path / "bomb"
    zeros = bytes(20 << 20)
    path.write_bytes(COMPRESS[name](zeros) * 500)
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(path), str(Path(compression.__file__).parents[2])],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told, memory_bytes = done.stdout.splitlines()
    size, _, problem = told.partition(";")
    assert Limits().ratio_free_bytes <= int(size) < Limits().ratio_free_bytes * 1.1
    assert problem.startswith("limit reached: it expands to more than 500 times its size")
    assert int(memory_bytes) < 120 << 20
    assert time.perf_counter() - begin < 30


def test_a_bomb_in_a_bomb_counts_as_one(tmp_path: Path) -> None:
    packed = gzip.compress(gzip.compress(bytes(100 << 20)) * 20)
    limits = Limits(ratio_free_bytes=1 << 20)
    ((stream, content),) = read_bytes(tmp_path, packed, limits)
    assert len(content) < 4 << 20
    assert "limit reached" in str(stream.problem)


def test_the_size_that_comes_out_has_a_limit(tmp_path: Path) -> None:
    ((stream, content),) = read_bytes(tmp_path, gzip.compress(LOG), Limits(expanded_bytes=5000))
    assert LOG.startswith(content)
    assert str(stream.problem).startswith("limit reached: more than 5,000 bytes came out")


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Reading ten times as much takes no more memory."""

    def peak(copies: int) -> int:
        path = tmp_path / "log.gz"
        path.write_bytes(gzip.compress(LOG * 100, 1) * copies)
        done = subprocess.run(
            [sys.executable, "-c", BOMB, str(path), str(Path(compression.__file__).parents[2])],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        told, memory_bytes = done.stdout.splitlines()
        assert told == f"{len(LOG) * 100 * copies};None"
        return int(memory_bytes)

    assert peak(10) < peak(1) + (16 << 20)
