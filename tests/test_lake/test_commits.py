"""Which manifest is a lake's where no lock keeps writers apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oomdb import tables
from oomdb.errors import OvertakenError
from oomdb.lake.commits import newest, publish
from oomdb.lake.files import StoreFiles, files_of
from oomdb.lake.manifest import Manifest, file_name
from oomdb.lake.rows import write_rows
from oomdb.rows.columns import schema
from oomdb.store.places import MANIFEST, Lake, lake_named
from tests.test_lake.lakes import lake_in

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("fsspec")


def test_the_next_manifest_is_made_once(tmp_path: Path) -> None:
    lake, files = store_in(tmp_path)
    assert newest(files) is None
    for number in (1, 2, 3):
        publish(files, lake, numbered(number))
        assert newest(files) == numbered(number).content()
    for number in (1, 2, 3):
        with pytest.raises(OvertakenError):
            publish(files, lake, numbered(number, buckets=7))
        assert newest(files) == numbered(3).content()
    publish(files, lake, numbered(3))  # a request that was repeated on its way
    assert newest(files) == numbered(3).content()


def test_a_copy_that_lags_is_not_believed(tmp_path: Path) -> None:
    """As a writer leaves it that was killed right after its manifest, or stopped for a while."""
    lake, files = store_in(tmp_path)
    copies: list[bytes | None] = []
    for number in (1, 2, 3, 4):
        publish(files, lake, numbered(number))
        copies.append(files.read(MANIFEST))
    assert files.read("manifests/00000002.json") == b""
    for copy in copies:
        files.replace(MANIFEST, copy or b"")
        assert newest(files) == numbered(4).content()
    files.remove([MANIFEST])
    assert newest(files) == numbered(4).content()


def test_a_lake_of_before_manifests_had_numbers_goes_on(tmp_path: Path) -> None:
    lake, files = store_in(tmp_path)
    content = numbered(0).content().replace(b'"number":0,', b"").replace(b'"going":[],', b"")
    files.replace(MANIFEST, content)
    found = Manifest.load(files, str(lake))
    assert found is not None
    assert (found.number, found.going) == (0, [])
    publish(files, lake, numbered(1))
    assert newest(files) == numbered(1).content()


def test_what_is_no_manifest_is_told_and_left(tmp_path: Path) -> None:
    _, files = store_in(tmp_path)
    for content in (b"", b"[]", b"{", b'{"number": []}', b"\xff"):
        files.replace(MANIFEST, content)
        assert newest(files) == content


def test_a_file_that_another_may_remove_now_gets_another_name(tmp_path: Path) -> None:
    _, files = store_in(tmp_path)
    rows = schema("hosts").empty_table().from_pylist([{"host_id": "a"}], schema("hosts"))
    avoided: set[str] = set()
    for _ in range(3):
        sha256 = write_rows(files, "hosts", "", [rows], avoided)
        assert write_rows(files, "hosts", "", [rows], avoided) == sha256
        name = file_name("hosts", "", sha256 or "")
        assert name not in avoided
        assert files.dataset([name], schema("hosts")).to_table() == rows
        avoided.add(name)


def test_a_store_that_cannot_is_looked_at_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, files = store_in(tmp_path)
    system = files._system

    def pipe_file(path: str, content: bytes, mode: str = "overwrite") -> None:
        if mode != "overwrite":
            raise OSError("A header you provided implies functionality that is not implemented")
        with system.open(path, "wb") as file:
            file.write(content)

    monkeypatch.setattr(system, "pipe_file", pipe_file)
    publish(files, lake, numbered(1))
    with pytest.raises(OvertakenError):
        publish(files, lake, numbered(1, buckets=7))
    assert newest(files) == numbered(1).content()


def test_a_folder_has_one_manifest(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    files = files_of(lake)
    for number in (1, 1, 2):
        publish(files, lake, numbered(number))
    assert newest(files) == numbered(2).content()
    assert [path.name for path in (tmp_path / "lake").iterdir()] == [MANIFEST]


def store_in(folder: Path) -> tuple[Lake, StoreFiles]:
    lake = lake_named(f"memory://{folder}/lake")
    return lake, StoreFiles(lake)


def numbered(number: int, buckets: int = 4) -> Manifest:
    files: dict[str, dict[str, str]] = {table.name: {} for table in tables.TABLES}
    return Manifest("0001", buckets, files, number=number)
