"""`verify --again` of a lake finds rows that do not follow from the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from oomdb.lake.commits import publish
from oomdb.lake.files import files_of
from oomdb.lake.manifest import Manifest
from oomdb.lake.rows import write_rows
from oomdb.rows.columns import schema
from oomdb.verify import verify

if TYPE_CHECKING:
    from oomdb.store.places import Lake


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
