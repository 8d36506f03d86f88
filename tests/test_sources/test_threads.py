"""Large logs in threads of their own: the same content, digests and problems as without."""

from __future__ import annotations

import gzip
import hashlib
import threading
from typing import TYPE_CHECKING

import pytest

from oomdb.sources import files, stream
from oomdb.sources.limits import BrokenError
from oomdb.sources.threads import ReadAhead
from tests.test_sources.packing import LOG, tar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oomdb.sources.stream import Stream

LARGE = LOG * 30


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stream, "_THREADED_BYTES", 1 << 10)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 1 << 16)
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def told(path: Path, *, threads: bool) -> list[object]:
    (source,) = files.discover([path])
    found: list[object] = []
    with files.opened(source, threads=threads) as streams:
        for each in streams:
            each.marks_of = lambda _: [0, 1000, 1 << 16, 200_000, len(LARGE) + 1]
            content = b"".join(each.blocks())
            found += [each.name, content, each.sha256, each.sha256_at, each.size_bytes]
            found.append(each.problem)
    return found


@pytest.mark.parametrize(
    "data",
    [
        LARGE,
        gzip.compress(LARGE),
        gzip.compress(LARGE)[:-9],
        gzip.compress(LARGE)[:-9] + bytes(9),
        tar({"a": LARGE, "b": LOG, "c": LARGE}),
        gzip.compress(tar({"a": LARGE, "b": LOG, "c": gzip.compress(LARGE)})),
        tar({"a": LARGE})[: len(LARGE) // 2],
    ],
)
def test_all_is_as_without_threads(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    assert told(path, threads=True) == told(path, threads=False)


def test_digests_are_true(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(LARGE)
    _, content, sha256, marks, *_ = told(path, threads=True)
    assert content == LARGE
    assert sha256 == hashlib.sha256(LARGE).hexdigest()
    assert marks == {
        size: hashlib.sha256(LARGE[:size]).hexdigest() for size in (0, 1000, 1 << 16, 200_000)
    }


def test_who_stops_early_leaves_the_next_member_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.tar"
    path.write_bytes(tar({"a": LARGE, "b": LARGE}))
    (source,) = files.discover([path])
    kept: list[tuple[Stream, Iterator[bytes]]] = []
    with files.opened(source) as streams:
        for each in streams:
            blocks = each.blocks()
            if not kept:
                kept.append((each, blocks))
                assert LARGE.startswith(next(blocks) + next(blocks))
            else:
                assert b"".join(blocks) == LARGE


class _Breaking:
    def __init__(self) -> None:
        self._left = 3

    def read(self, size: int, /) -> bytes:
        if not self._left:
            raise BrokenError("it breaks")
        self._left -= 1
        return bytes(size)


def test_what_reading_raises_comes_after_what_was_read() -> None:
    ahead = ReadAhead(_Breaking(), 10)
    assert [ahead.read(99) for _ in range(3)] == [bytes(10)] * 3
    for _ in range(2):
        with pytest.raises(BrokenError):
            ahead.read(99)
    ahead.close()
