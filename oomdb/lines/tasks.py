"""The process table: a header that names its columns, then one row a process.

    Tasks state (memory values in pages):
    [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
    [    124]     0   124    19959    19578   196608        0             0 java

Printed by dump_tasks() (mm/oom_kill.c). Fields are padded to a least width, so
rows are read by the order of the header's columns, never by position; the name is
what remains and may be empty or hold anything.
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Section

#: Printed column to the column of `processes`, where the general rule (the printed
#: name itself, or with `_pages`) does not find it.
TASK_COLUMNS = {"name": "comm", "total_vm": "total_vm_pages", "rss": "rss_pages"}

_PRINTED = frozenset(
    {
        "uid",
        "tgid",
        "total_vm",
        *("rss", "rss_anon", "rss_file", "rss_shmem"),
        *("nr_ptes", "nr_pmds", "pgtables_bytes", "swapents"),
        *("cpu", "oom_adj", "oom_score_adj", "name"),
    }
)
#: Of a column's name that was broken, the first piece is no column.
_PIECES = {name[:end] for name in _PRINTED for end in range(1, len(name))} - _PRINTED
_COLUMN = rf"(?!(?:{'|'.join(sorted(_PIECES))}) )\S+"

KINDS = (
    LineKind(
        name="task_caption",
        literal="Tasks state",
        pattern=r"Tasks state \(memory values in pages\):\s*",
        section=Section.TASKS,
        samples=("Tasks state (memory values in pages):",),
    ),
    LineKind(
        name="task_header",
        literal="total_vm",
        pattern=rf"(?P<task_table_header>\[ *pid *\](?: +{_COLUMN})+ +name)\s*",
        section=Section.TASKS,
        table="events",
        samples=(
            "[ pid ]   uid  tgid total_vm      rss cpu oom_adj name",
            "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name",
            "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
            "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem"
            " pgtables_bytes swapents oom_score_adj name",
        ),
    ),
    LineKind(
        name="task",
        literal="[",
        pattern=r"\[ *(?P<pid>-?\d+)\](?P<numbers>(?: +-?\d+){5,})(?P<comm>(?: {{COMM}})?)",
        section=Section.TASKS,
        table="processes",
        samples=(
            "[    124]     0   124    19959    19578   196608        0             0 java",
            "[  338]     0   338    10748      844      25        0             0 my app (v2)",
            "[    140]     0   140      757      378    40960        0             0 ",
        ),
    ),
)
