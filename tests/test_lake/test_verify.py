"""`verify` of a lake finds files that were exchanged."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from oomdb.lake.commits import publish
from oomdb.lake.files import files_of
from oomdb.lake.manifest import Manifest
from oomdb.lake.rows import write_rows
from oomdb.rows.columns import schema
from oomdb.verify import verify
from tests.tables_alone import tables_alone
from tests.test_cli import InProcess

if TYPE_CHECKING:
    import pytest

    from oomdb.store.places import Lake


@tables_alone()
def test_a_file_that_was_exchanged_with_its_name_is_found(filled: Lake) -> None:
    files = files_of(filled)
    manifest = Manifest.load(files, str(filled))
    assert manifest is not None
    place = min(manifest.files["victims"])
    rows = files.dataset(manifest.of("victims", [place]), schema("victims")).to_table()
    at = rows.schema.get_field_index("anon_rss_kb")
    forged = rows.set_column(at, rows.schema.field(at), pc.add(rows.column(at), 1))
    sha256 = write_rows(files, "victims", place, [forged])
    assert sha256 is not None
    manifest.files["victims"][place] = sha256
    publish(files, filled, manifest)
    assert verify(filled).problems == []
    found = verify(filled, again=True).problems
    assert [(one.check, one.subject) for one in found] == [("rows", "victims")]


def test_a_file_with_another_tables_rows_is_found(filled: Lake) -> None:
    folder = filled.folder
    assert folder is not None
    (sources,) = folder.glob("sources/*.parquet")
    shutil.copy(min(folder.glob("processes/*/*/*.parquet")), sources)
    found = verify(filled).problems
    changed = "it was changed: its name is not the SHA-256 of its content"
    name = sources.relative_to(folder).as_posix()
    assert (name, changed) in [(one.subject, one.problem) for one in found]


def test_who_asks_a_damaged_file_is_told_of_verify(
    filled: Lake, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = filled.folder
    assert folder is not None
    damaged = min(folder.glob("victims/*/*/*.parquet"))
    content = damaged.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    run = InProcess(folder, capfd)
    for words in (("query", "killed_processes"), ("sql", "SELECT * FROM victims")):
        run(*words, code=1)
        assert "a file of the lake is damaged, `oomdb verify` names all" in run.stderr
        assert damaged.name in run.stderr
