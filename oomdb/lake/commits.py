"""Which manifest is a lake's, and how the next one takes its place, at once and for all.

A folder has a lock, so one file is replaced. An object store has none. There every manifest has
a number and is a file of its own, which is made only where there is none: of two writers at
once the second cannot make it. The file that names a lake is a copy of the newest, or for a
moment of one before; whoever reads it looks for the numbers that follow.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError, OvertakenError
from oomdb.lake.files import StoreFiles
from oomdb.store.places import MANIFEST

if TYPE_CHECKING:
    from oomdb.lake.files import Files
    from oomdb.lake.manifest import Manifest
    from oomdb.store.places import Lake

#: Manifests that keep their content: a reader may have begun with the one before the last.
_KEPT = 2


def newest(files: Files) -> bytes | None:
    """The content of the manifest that counts; None when there is no lake."""
    found = files.read(MANIFEST)
    if not isinstance(files, StoreFiles):
        return found
    number = _number_in(found)
    while number is not None:
        number += 1
        content = files.read(_name(number))
        if content is None:
            break
        # Of an older one nothing is left but its name, which none may take again.
        found = content or found
    return found


def publish(files: Files, lake: Lake, manifest: Manifest) -> None:
    """Let a manifest be the lake's, if the one before it, by its number, still is.

    OvertakenError when another has that number: the lake is as that left it.
    """
    content = manifest.content()
    if not isinstance(files, StoreFiles):
        files.replace(MANIFEST, content)
        return
    if not files.create(_name(manifest.number), content):
        raise OvertakenError(
            f"another ingest wrote {lake} first, and it is as that left it; run the command again"
        )
    # The lake is written; what follows is for those who look for it.
    with suppress(OomdbError):
        files.replace(MANIFEST, content)
        if manifest.number > _KEPT:
            files.replace(_name(manifest.number - _KEPT), b"")


def _name(number: int) -> str:
    return f"manifests/{number:08}.json"


def _number_in(content: bytes | None) -> int | None:
    """The number of a manifest, 0 before the first; None for what is no manifest."""
    if content is None:
        return 0
    try:
        return int(json.loads(content).get("number", 0))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
