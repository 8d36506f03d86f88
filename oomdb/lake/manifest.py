"""Which files a lake consists of: read once by a reader, replaced at once by a writer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.errors import DamagedDatabaseError, NewerDatabaseError
from oomdb.lake.commits import newest
from oomdb.store.places import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.lake.files import Files

#: The version of the manifest and of how files are laid out.
_FORMAT = 2
#: How many files a day has of each table, at most: hosts are spread over them.
DEFAULT_BUCKETS = 4
#: More than any lake has: a bucket's number has four digits at most.
_MOST_BUCKETS = 9999
_REVISION = re.compile(r"[0-9A-Za-z_]{1,40}")
_NAME = re.compile(
    r"[a-z_]+/(?:day=(?:\d{4}-\d\d-\d\d|unknown)/bucket=\d{2,4}/)?[0-9a-f]{64}\.parquet"
)
_NO_MANIFEST = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
#: The place of the rows of tables that belong to no event.
WHOLE = ""


@dataclass(slots=True)
class Manifest:
    """The files of a lake: for each table, by their place in it, the SHA-256 of the content.

    The place is `day=2026-05-31/bucket=02`, or empty for a table that is one file. `schema`
    is the revision of the tables. `retired` are the files of the lake as it was before, which
    its readers may still be reading: they go when the lake is written the next time. In an
    object store `number` counts the manifests, and `going` are files that the writer of this
    one removes after it, so that the next writer must not count on them.
    """

    schema: str
    buckets: int = DEFAULT_BUCKETS
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    retired: list[str] = field(default_factory=list)
    number: int = 0
    going: list[str] = field(default_factory=list)

    @staticmethod
    def load(files: Files, where: str) -> Manifest | None:
        """The manifest of a lake; None when there is none.

        NewerDatabaseError or DamagedDatabaseError for one that this oomdb cannot read.
        """
        content = newest(files)
        if content is None:
            return None
        try:
            told = json.loads(content)
            if int(told["format"]) > _FORMAT:
                raise NewerDatabaseError(
                    f"{where} was written by a newer oomdb (lake format {told['format']});"
                    " upgrade oomdb to read it"
                )
            return _checked(
                Manifest(
                    told["schema"],
                    int(told["buckets"]),
                    {table: dict(places) for table, places in told["files"].items()},
                    list(told["retired"]),
                    int(told.get("number", 0)),
                    list(told.get("going", ())),
                )
            )
        except _NO_MANIFEST as error:
            raise DamagedDatabaseError(
                f"{where}/{MANIFEST} is damaged or no manifest of oomdb's: {error}"
            ) from error

    def content(self) -> bytes:
        """The manifest as its file holds it."""
        told = {
            "format": _FORMAT,
            "schema": self.schema,
            "buckets": self.buckets,
            "files": self.files,
            "retired": self.retired,
            "number": self.number,
            "going": self.going,
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    def check_tables(self, where: str) -> None:
        """DamagedDatabaseError for a manifest of today's tables that does not name each of them."""
        told, known = self.files.keys(), tables.BY_NAME.keys()
        if told != known:
            differing = ", ".join(sorted(told ^ known))
            raise DamagedDatabaseError(f"{where}/{MANIFEST} is damaged: other tables ({differing})")

    def names(self) -> Iterator[str]:
        """The name of every file of rows."""
        for table in self.files:
            yield from self.of(table)

    def of(self, table: str, places: Iterable[str] | None = None) -> list[str]:
        """The files that hold a table's rows, in these places or in all."""
        known = self.files.get(table, {})
        wanted = sorted(known) if places is None else sorted(known.keys() & set(places))
        return [file_name(table, place, known[place]) for place in wanted]


def _checked(manifest: Manifest) -> Manifest:
    """The manifest, where it names nothing but files of a lake; ValueError where it does not.

    Files that it calls retired are removed, so what it says is not trusted.
    """
    if _REVISION.fullmatch(manifest.schema) is None:
        raise ValueError(f"no revision of tables: {manifest.schema!r}")
    if not 0 < manifest.buckets <= _MOST_BUCKETS:
        raise ValueError(f"no number of buckets: {manifest.buckets}")
    if manifest.number < 0:
        raise ValueError(f"no number of a manifest: {manifest.number}")
    for name in (*manifest.names(), *manifest.retired, *manifest.going):
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"no file of a lake: {name!r}")
    return manifest


def file_name(table: str, place: str, sha256: str) -> str:
    """The name of the file in a lake that holds rows of a table with that content."""
    return "/".join(part for part in (table, place, f"{sha256}.parquet") if part)


def is_in_places(table: tables.Table) -> bool:
    """Whether the table's rows are of events, so in the places of those."""
    return table is tables.EVENTS or table.parent == tables.EVENTS.name
