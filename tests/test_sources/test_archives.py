"""tar and zip: every regular member is a log, however they are wrapped or broken."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oomdb.sources import files
from oomdb.sources.limits import Limits
from tests.test_sources.packing import (
    COMPRESS,
    LOG,
    contents,
    problems,
    read,
    read_bytes,
    tar,
    zipped,
)

if TYPE_CHECKING:
    from oomdb.sources.stream import Stream

MEMBERS = {"var/log/messages": LOG, "var/log/kern.log": b"two lines\nof text\n", "empty": b""}
#: Where the last header of the tar ends, that of an empty file.
END_OF_MEMBERS = tar(MEMBERS).index(b"empty") + 512
in_each_folder = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("name", [None, *COMPRESS])
def test_members_of_a_tar(name: str | None, tmp_path: Path) -> None:
    data = tar(MEMBERS)
    found = read_bytes(tmp_path, COMPRESS[name](data) if name else data)
    assert contents(found) == MEMBERS
    assert problems(found) == {}
    assert [stream.name for stream, _ in found] == [
        f"{tmp_path}/file!/{member}" for member in MEMBERS
    ]
    assert {stream.modified_s for stream, _ in found} == {1717977600}


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_kinds_of_tar(kind: int, tmp_path: Path) -> None:
    file = io.BytesIO()
    name = "d" * 90 + "/" + "n" * 90
    with tarfile.open(fileobj=file, mode="w", format=kind) as archive:
        info = tarfile.TarInfo(f"./{name}")
        info.size = len(LOG)
        archive.addfile(info, io.BytesIO(LOG))
    assert contents(read_bytes(tmp_path, file.getvalue())) == {name: LOG}


def test_a_tar_of_version_7_has_no_magic(tmp_path: Path) -> None:
    data = bytearray(tar({"log": LOG}))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    assert contents(read_bytes(tmp_path, bytes(data))) == {"log": LOG}


def test_links_devices_and_folders_are_no_logs(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for kind in (tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"special-{kind.decode()}")
            info.type = kind
            archive.addfile(info)
        for kind, name in ((tarfile.SYMTYPE, "messages"), (tarfile.LNKTYPE, "hard")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "messages-20240610"
            archive.addfile(info)
        info = tarfile.TarInfo("outside")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
        info = tarfile.TarInfo("messages-20240610")
        info.size = len(LOG)
        archive.addfile(info, io.BytesIO(LOG))
    found = read_bytes(tmp_path, file.getvalue())
    assert contents(found) == {"messages-20240610": LOG}
    assert problems(found) == {}


def test_names_that_lead_elsewhere_are_only_names(tmp_path: Path) -> None:
    before = sorted(tmp_path.parent.rglob("*"))
    members = {"/etc/oomdb-test": LOG, "../../escaped": LOG, "a/../b": LOG}
    found = read_bytes(tmp_path, tar(members))
    assert [stream.name.partition("!")[2] for stream, _ in found] == [
        "//etc/oomdb-test",
        "/../../escaped",
        "/a/../b",
    ]
    assert not Path("/etc/oomdb-test").exists()
    assert sorted(tmp_path.parent.rglob("*")) == sorted([*before, tmp_path / "file"])


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"m\xfcller.log")
    found = read_bytes(tmp_path, tar({name: LOG}))
    assert contents(found) == {"m\\xfcller.log": LOG}


def test_archives_in_archives(tmp_path: Path) -> None:
    inner = gzip.compress(tar({"kern.log.1.gz": gzip.compress(LOG), "plain": b"text\n"}))
    outer = lzma.compress(
        tar({"a/inner.tgz": inner, "b.zip": zipped({"c.bz2": bz2.compress(LOG)})})
    )
    found = read_bytes(tmp_path, outer)
    assert contents(found) == {
        "a/inner.tgz!/kern.log.1.gz": LOG,
        "a/inner.tgz!/plain": b"text\n",
        "b.zip!/c.bz2": LOG,
    }
    assert problems(found) == {}


def test_a_stream_that_is_not_read_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "logs.tar.gz"
    path.write_bytes(gzip.compress(tar(MEMBERS)))
    (source,) = files.discover([path])
    with files.opened(source) as streams:
        assert [stream.name.partition("!/")[2] for stream in streams] == list(MEMBERS)


def test_nesting_has_a_limit(tmp_path: Path) -> None:
    data = LOG
    for _ in range(5):
        data = tar({"x": data})
    assert contents(read_bytes(tmp_path, data, Limits(nesting=5))) == {"x!/x!/x!/x!/x": LOG}
    assert problems(read_bytes(tmp_path, data, Limits(nesting=4))) == {
        "x!/x!/x!/x": "limit reached: more than 4 layers inside each other"
        " (--limit nesting=NUMBER raises it)"
    }


def test_members_have_a_limit(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, tar({f"{n}": b"x\n" for n in range(5)}), Limits(members=3))
    assert list(contents(found).values()) == [b"x\n"] * 3 + [b""]
    assert problems(found) == {
        "": "limit reached: its archives hold more than 3 files; the rest was not read"
        " (--limit members=NUMBER raises it)"
    }


# Broken


def joined(found: list[tuple[Stream, bytes]]) -> bytes:
    return b"".join(content for _, content in found)


@in_each_folder
@given(cut=st.integers(512, len(tar(MEMBERS)) - 1))
def test_a_tar_cut_anywhere_gives_a_prefix(cut: int, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, tar(MEMBERS)[:cut])
    assert b"".join(MEMBERS.values()).startswith(joined(found))
    told = problems(found)
    assert set(told.values()) <= {"the tar archive ends early: the file is cut"}
    marks_its_end = cut >= END_OF_MEMBERS + 512
    assert len(told) == (0 if marks_its_end else 1)


@in_each_folder
@given(data=st.data())
def test_a_packed_tar_cut_anywhere_tells_once(data: st.DataObject, tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(20_000).hex().encode()
    whole = gzip.compress(tar({"one": noise, "two": LOG, "three": noise}))
    cut = data.draw(st.integers(500, len(whole) - 1))  # after the first header
    found = read_bytes(tmp_path, whole[:cut])
    assert (noise + LOG + noise).startswith(joined(found))
    assert list(problems(found).values()) == ["gzip data end early: the file is cut"]


@in_each_folder
@given(data=st.data())
def test_damage_anywhere_never_raises(data: st.DataObject, tmp_path: Path) -> None:
    whole = bytearray(data.draw(st.sampled_from([tar(MEMBERS), zipped(MEMBERS)])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 8] = data.draw(st.binary(min_size=1, max_size=8))
    read_bytes(tmp_path, bytes(whole))


def test_a_damaged_header_ends_the_archive_and_is_told(tmp_path: Path) -> None:
    whole = bytearray(tar({"one": b"1\n", "two": b"2\n"}))
    at = whole.index(b"two")
    whole[at] ^= 1
    found = read_bytes(tmp_path, bytes(whole))
    assert contents(found) == {"one": b"1\n", "": b""}
    assert problems(found) == {
        "": f"the tar is damaged at byte {at + 512:,}; the rest was not read"
    }


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_claims_gigabytes(packed: bool, tmp_path: Path) -> None:
    """A pax header of 8 GB would be read into memory at once."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    data = tar({"one": b"1\n"})[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(4 << 20)
    found = read_bytes(tmp_path, gzip.compress(data) if packed else data)
    assert contents(found) == {"one": b"1\n", "": b""}
    reason = "limit reached: a header of the tar is too large (--limit header_bytes=SIZE raises it)"
    assert problems(found) == {"": reason}


def test_headers_in_headers_without_end(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 0
    data = info.tobuf(tarfile.GNU_FORMAT) * 20_000
    found = read_bytes(tmp_path, data)
    assert len(problems(found)) == 1


def test_a_sparse_member_of_zeros_is_rationed(tmp_path: Path) -> None:
    """An old GNU header of a file of 8 GB that is one hole."""
    info = tarfile.TarInfo("hole")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[386:410] = b"%011o\0%011o\0" % (0, 0)
    header[483:495] = b"%011o\0" % (7 << 30)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data = bytes(header) + bytes(10240)
    ((stream, content),) = read_bytes(tmp_path, data, Limits(ratio_free_bytes=8 << 20))
    assert len(content) < 24 << 20
    assert "limit reached: it expands" in str(stream.problem)


# zip


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_a_zip(method: int, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, zipped(MEMBERS, method))
    assert contents(found) == MEMBERS
    assert problems(found) == {}
    assert {stream.modified_s for stream, _ in found} == {None}


def test_a_zip_in_compression_goes_through_a_temporary_file(tmp_path: Path) -> None:
    packed = gzip.compress(zipped(MEMBERS))
    assert contents(read_bytes(tmp_path, packed)) == MEMBERS
    found = read_bytes(tmp_path, packed, Limits(spool_bytes=100))
    reason = "it takes more than 100 bytes of room (--limit spool_bytes=SIZE raises it)"
    assert problems(found) == {"": f"limit reached: {reason}"}


def test_a_zip_time_in_utc(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("log")
        info.extra = struct.pack("<HHBl", 0x5455, 5, 1, 1717977600)
        archive.writestr(info, LOG)
    ((stream, _),) = read_bytes(tmp_path, file.getvalue())
    assert stream.modified_s == 1717977600


def test_zip_members_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", LOG)
        archive.writestr("packed", LOG, zipfile.ZIP_BZIP2)
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("damaged", LOG * 2)
        archive.writestr("secret", LOG)
        archive.writestr("last", LOG)
    data = bytearray(file.getvalue())
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(b"secret", data.index(start)) - 46 if flags == 8 else -1
        while flags == 8 and data[at : at + 4] != start:
            at = data.index(b"secret", at + 47) - 46
        if flags == 8:
            data[at + flags] |= 1
    at = data.index(b"damaged") + 40
    data[at : at + 200] = bytes(200)
    found = read_bytes(tmp_path, bytes(data))
    read_whole = {name: text for name, text in contents(found).items() if text == LOG}
    assert set(read_whole) == {"one", "last"}
    told = problems(found)
    assert set(told) == {"packed", "damaged", "secret"}
    assert told["packed"] == "its compression method 12 is not read; unpack the zip first"
    assert told["secret"] == "it is encrypted"
    assert told["damaged"].startswith("the member of the zip is damaged")


@in_each_folder
@given(cut=st.integers(30, len(zipped(MEMBERS)) - 1))
def test_a_cut_zip_is_told(cut: int, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, zipped(MEMBERS)[:cut])
    reason = "the zip has no directory at its end: the file is cut or damaged"
    assert problems(found) == {"": reason}


def test_the_directory_of_a_zip_has_a_limit(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, zipped(MEMBERS), Limits(directory_bytes=10))
    reason = "the directory of the zip is too large (--limit directory_bytes=SIZE raises it)"
    assert problems(found) == {"": f"limit reached: {reason}"}


def test_a_zip_bomb_of_overlapping_members(tmp_path: Path) -> None:
    """Many entries of the directory that lead to one member."""
    data = zipped({"x": bytes(4 << 20)})
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entries = data[at:end] * 1000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entries), at, 0)
    limits = Limits(ratio_free_bytes=8 << 20)
    found = read_bytes(tmp_path, data[:at] + entries + tail, limits)
    assert sum(len(content) for _, content in found) <= (8 << 20) + 500 * 60_000
    assert any("limit reached" in problem for problem in problems(found).values())


# Standard input


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_standard_input(wrap: object, pack: object, tmp_path: Path) -> None:
    assert callable(wrap)
    assert callable(pack)
    with pytest.MonkeyPatch.context() as patch, (tmp_path / "in").open("wb+") as file:
        file.write(wrap(pack(MEMBERS)))
        file.seek(0)
        patch.setattr("sys.stdin", file)
        found = read(Path("-"))
    assert contents(found) == MEMBERS
    assert found[0][0].name == "<stdin>!/var/log/messages"


def test_standard_input_beyond_the_room_is_read_in_one_go(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, (tmp_path / "in").open("wb+") as file:
        file.write(gzip.compress(tar(MEMBERS)))
        file.seek(0)
        patch.setattr("sys.stdin", file)
        found = read(Path("-"), Limits(spool_bytes=1000))
    assert contents(found) == MEMBERS
    assert problems(found) == {}
