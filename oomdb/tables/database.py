"""What the database tells of itself."""

from __future__ import annotations

from oomdb.tables.column import Column, Table, Type, count, text

GFP_BITS = Table(
    "gfp_bits",
    "Reference: the name of one bit of gfp_mask in one layout.",
    (
        text("layout", "Name of the layout: the kernel versions that use it.", required=True),
        count("bit", "The bit's value.", required=True),
        text("flag", "Name without __GFP_.", required=True),
        text("meaning", "What it asks for, in a few words."),
    ),
)

CUSTODY = Table(
    "custody",
    "One act that changed what the database holds; each is chained to the one before.",
    (
        count("entry_no", "Order of the acts, from 1.", required=True),
        Column("happened_at", Type.TIMESTAMP, "When it was done (UTC).", required=True),
        text("action", "ingest, reparse, rebuild, upgrade, hosts import and so on.", required=True),
        text("actor", "Name of the user whose process did it, or the number.", required=True),
        text("login", "Name of the user who had logged in, before sudo; NULL when unknown."),
        text("machine", "Name of the machine that it was done on.", required=True),
        text("oomdb_version", "The oomdb that did it.", required=True),
        text("options", "What was asked for, as a JSON object.", required=True),
        text("sources_sha256", "SHA-256 over its rows of custody_sources.", required=True),
        text("previous_sha256", "entry_sha256 of the entry before; NULL in the first."),
        text("entry_sha256", "SHA-256 over all columns before this.", required=True),
    ),
    key=("entry_no",),
)

CUSTODY_SOURCES = Table(
    "custody_sources",
    "A source that an act added to the database or took out of it.",
    (
        count("entry_no", "The entry of custody.", required=True),
        count("change_no", "Order of the changes of an entry, from 1.", required=True),
        text("change", "added or removed.", required=True),
        text("path", "As in sources.", required=True),
        text("sha256", "As in sources.", required=True),
        Column("size_bytes", Type.INTEGER, "As in sources [bytes].", required=True),
        text("evidence_digest", "As in sources."),
    ),
)

PROPERTIES = Table(
    "properties",
    "A fact about the database itself.",
    (
        text("name", "What it is.", required=True),
        text("value", "Its value.", required=True),
    ),
)
