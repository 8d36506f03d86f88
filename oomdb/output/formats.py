"""The names of the output formats, as the command line takes them."""

from __future__ import annotations

from enum import StrEnum

#: Suffixes of single files, which nobody means for a folder.
FILE_SUFFIXES = frozenset(
    {".csv", ".htm", ".html", ".json", ".jsonl", ".md", ".ndjson", ".parquet", ".sql", ".sqlite"}
    | {".gz", ".tar", ".tgz", ".tsv", ".txt", ".xlsx", ".xz", ".zip", ".zst"}
)


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
    MD = "md"


class StoryFormat(StrEnum):
    """How the story of an event is written."""

    TEXT = "text"
    JSON = "json"
    MD = "md"
    HTML = "html"


class SummaryFormat(StrEnum):
    """How the summary of an ingest is written."""

    TEXT = "text"
    JSON = "json"
