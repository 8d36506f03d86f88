"""What was read, and where in it each event was seen."""

from __future__ import annotations

from oomdb.tables.column import EVENT_ID, Column, Table, Type, count, text

SOURCES = Table(
    "sources",
    "A file or stream that was read.",
    (
        text("source_id", "Derived from path and content.", required=True),
        text("path", "Absolute path; `!/` before a member of an archive.", required=True),
        text("sha256", "SHA-256 of the content, hexadecimal.", required=True),
        Column("size_bytes", Type.INTEGER, "Size of the content [bytes].", required=True),
        text("head_digest", "SHA-256 of its first 1024 bytes; NULL when it is shorter."),
        text("reading", "Digest of the options and the evidence that it was read with."),
        text("problem", "Why it could not be read to its end; NULL when it was."),
        text("carrier", "How the log was written: syslog, dmesg, console, bare, and so on."),
        count("event_count", "Reports found in it, of any kind."),
        count("unparsed_line_count", "Lines of those reports that no LineKind took."),
        text(
            "evidence_digest",
            "SHA-256 over what its sightings keep: the hashes of their evidence, and what the log"
            " told of place, host and time; NULL without any.",
        ),
        Column("ingested_at", Type.TIMESTAMP, "When it was first read (UTC)."),
    ),
    key=("source_id",),
)

INPUTS = Table(
    "inputs",
    "A file as it was when it was read to its end, so that it is known when unchanged.",
    (
        text(
            "machine",
            "Stands for the machine that read it, a hash of its machine-id; empty without one.",
            required=True,
        ),
        text("path", "Absolute path there; it may hold several sources.", required=True),
        Column("size_bytes", Type.INTEGER, "Size of the file [bytes].", required=True),
        count("mtime_ns", "Time of its last change since 1970 [ns].", required=True),
        count("inode", "Its inode number.", required=True),
        count("device", "Its device number.", required=True),
        text("options", "Digest of the options that it was read with.", required=True),
    ),
    key=("machine", "path"),
)

SIGHTINGS = Table(
    "sightings",
    "One place where an event was seen; `copy_` is what this place alone tells.",
    (
        EVENT_ID,
        text("source_id", "The source it was seen in.", required=True),
        count("first_line", "Number of its first line, from 1."),
        count("last_line", "Number of its last line."),
        count("first_byte", "Offset of its first byte in the content, from 0."),
        count("last_byte", "Offset just past its last byte."),
        text("copy_carrier", "How this part of the source was written."),
        text("copy_json_fields", "The fields of JSON that the user named for it, one a line."),
        text("copy_damage", "What is wrong with this copy; NULL when whole."),
        text("copy_digest", "Names this copy by its own lines.", required=True),
        text("victim_key", "Stands for the numbers of the first kill; NULL without one."),
        text("body_key", "Stands for the numbers of the memory dump; NULL without one."),
        text("head_uptime_key", "Stands for the first line and its stamp since boot."),
        text("head_wall_key", "Stands for the first line and its wall-clock stamp."),
        Column("is_sized", Type.BOOLEAN, "Whether the kill line held sizes."),
        count("lines_taken", "Lines of the report that were understood."),
        text("copy_hostname", "The host as this copy tells it; NULL when it does not."),
        text("boot_id", "The boot as this copy tells it (journal); NULL when it does not."),
        Column("copy_uptime_s", Type.REAL, "Stamp of the first line since boot [s]."),
        text("copy_printed_time", "The wall-clock stamp of the first line as printed."),
        Column("copy_occurred_at", Type.TIMESTAMP, "When it happened by this copy (UTC)."),
        text("copy_time_basis", "How occurred_at was found, or why it could not be."),
        Column(
            "moment_s",
            Type.REAL,
            "The stamp in seconds: from 1970, or from the year's start [s].",
        ),
        Column("moment_has_year", Type.BOOLEAN, "Whether moment_s counts from 1970."),
        Column("moment_has_zone", Type.BOOLEAN, "Whether moment_s is in UTC."),
        Column(
            "evidence", Type.BLOB, "The report's own lines, zstd-compressed.", is_compressed=True
        ),
        Column("evidence_sha256", Type.BLOB, "SHA-256 of those lines.", required=True),
    ),
    parent="events",
)
