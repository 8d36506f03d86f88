"""Lines of a report that are kept for themselves: traces, and what has no column."""

from __future__ import annotations

from oomdb.tables.column import EVENT_ID, NODE, ZONE, Column, Table, Type, count, text

STACK_FRAMES = Table(
    "stack_frames",
    "One call-trace frame.",
    (
        EVENT_ID,
        count("trace_no", "1 for the invoker's trace, 2 and up for later ones (a panic's)."),
        count("position", "From the top, from 1.", required=True),
        text("symbol", "Function name, or an address that has none.", required=True),
        text("frame_offset", "Offset and size, such as 0x1a/0x30."),
        text("module", "Kernel module; NULL for built-in code."),
        text("module_build_id", "Build id of the module, hexadecimal (since 5.14 where set)."),
        text("address", "Printed addresses; NULL on kernels that print none."),
        text("called_from", "The caller as printed, on 32-bit ARM; NULL elsewhere."),
        text("source", "File and line, where a script looked them up; NULL elsewhere."),
        Column("inlined", Type.BOOLEAN, "Whether it is an inlined call; NULL where unknown."),
        Column("reliable", Type.BOOLEAN, "False for frames marked ? or (unreliable)."),
        text("context", "Marker above the frame, such as IRQ or TASK."),
    ),
    parent="events",
)

TRACE_LINES = Table(
    "trace_lines",
    "A line of a trace that is not a frame: registers, code bytes, raw stack words.",
    (
        EVENT_ID,
        count("trace_no", "1 for the invoker's trace, 2 and up for later ones."),
        count("line_no", "Line of the report, from 1."),
        text("name", "registers, code, stack_words, interrupt, panic, and so on."),
        text("text", "The line as printed."),
    ),
    parent="events",
)

EXTRA_FIELDS = Table(
    "extra_fields",
    "A printed value that has no column of its own, or that cannot be true.",
    (
        EVENT_ID,
        count("line_no", "Line of the report, from 1."),
        text("scope", "Table that the line feeds."),
        NODE,
        ZONE,
        count("row_no", "Row of the process table, where it is one of its columns."),
        text("name", "Key as printed; a nonsense value's column.", required=True),
        text("value", "Value as printed, without its unit."),
        text("unit", "kB, KB, pages, bytes or NULL, as printed."),
        text("reason", "unknown_key or nonsense_value.", required=True),
    ),
    parent="events",
)

UNPARSED_LINES = Table(
    "unparsed_lines",
    "One line of a report that no LineKind took.",
    (
        EVENT_ID,
        count("line_no", "Line of the report, from 1."),
        text("text", "Its text without the carrier's prefix."),
        text("reason", "unknown, clipped, spliced or not_understood_rest."),
    ),
    parent="events",
)
