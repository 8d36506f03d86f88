"""Whether the files of a lake are what its manifest says."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from oomdb.lake.files import files_of
from oomdb.lake.reading import current, no_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.store.places import Lake


def each_file(lake: Lake) -> Iterator[tuple[str, int, str | None]]:
    """Every file of a lake: its name, the rows that it holds, and what is wrong with it, if any.

    OomdbError when there is no lake.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = files_of(lake)
    manifest = current(files, lake)
    if manifest is None:
        raise no_lake(lake)
    for name in manifest.names():
        content = files.read(name)
        if content is None:
            yield name, 0, "it is not there"
        elif hashlib.sha256(content).hexdigest() not in name:
            yield name, 0, "it was changed: its name is not the SHA-256 of its content"
        else:
            yield name, pq.read_metadata(pa.BufferReader(content)).num_rows, None
