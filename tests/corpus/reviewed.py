"""Where the truth of a public log was itself wrong: each read again by a person.

The truth of public logs was made by a script that cuts a log at every header. A
correction changes what is expected; it never lets a difference pass unseen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.corpus.truth import Expected

#: Numbers of an event's own lines that need no place in its rows, by log, with why.
NOT_OF_THE_REPORT: dict[str, dict[int, str]] = {
    "rhel6-2.6.32-642-klogd-spliced-controller": {
        123033: "the end of a lost stamp glued to pid 23033, which tgid tells"
    },
    "rhel6-2.6.32-642-syslog-20reports-full": {
        123033: "the end of a lost stamp glued to pid 23033, which tgid tells"
    },
    "i386-5.7-highmem-mkfs-wrapped": {262144: "mkfs wrote it in front of the header"},
}


def corrected(stem: str, expected: list[Expected]) -> list[Expected]:
    """`expected` of the log called `stem`, with what the script got wrong put right."""
    if stem == "rhel6-2.6.32-642-syslog-20reports-full":
        # The row of pid 22944 stands behind a clipped stamp, `[15180329.new]`.
        expected[6] = replace(expected[6], table_rows=805)
    elif stem == "hp-5.8rc4-4node-callerid-panic":
        # A quoted tail of a cgroup's report, then the panic of the last report, which
        # its author put in front: two reports without a header that the script took as one.
        tail = replace(expected[0], panic=None, no_killable=False, kernel_release=None)
        panic = replace(
            expected[0],
            constraint_printed=None,
            kills=[],
            table_header=None,
            table_rows=0,
            cgroup={},
            tells_memcg=False,
        )
        expected[:1] = [tail, panic]
    return expected
