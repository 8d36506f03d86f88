"""The work of reading in pieces: shares of small files, byte ranges of large ones."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.parts import Place, places
from oomdb.workers import shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.sources.files import Source


@dataclass(frozen=True, slots=True)
class Share:
    """Files that are read one after the other."""

    sources: list[Source]


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a large log; without a place, what names the whole log again."""

    source: Source
    place: Place | None


Piece = Share | Range


def pieces_of(sources: Iterable[Source]) -> Iterator[Piece]:
    """The pieces of files in their order; of a large log first the whole, then its parts."""
    for share in shares(sources):
        found = places(share[0]) if len(share) == 1 else []
        if not found:
            yield Share(share)
            continue
        yield Range(share[0], None)
        for place in found:
            yield Range(share[0], place)


def packed(piece: Piece) -> bytes:
    """A piece on its way to an executor."""
    return pickle.dumps(piece, pickle.HIGHEST_PROTOCOL)
