"""Carriers that change in mid-stream, and streams of anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_carriers.streams import LINES, kernel_lines, reports
from tests.test_carriers.test_journal import entry, verbose

if TYPE_CHECKING:
    from collections.abc import Callable

#: What the formats are made of, whole and in pieces.
PIECES = [
    *(b'{ } [ ] , : " \\ 1 null data: \x1e'.split(b" ")),
    b"\n",
    b" ",
    b'"a":',
    b'{"message":"x"}',
    b'{"message":"x"}\n',
    b"__CURSOR=s=1\n",
    b"_A=1\n",
    b"MESSAGE\n",
    b"MESSAGE\n\x02\0\0\0\0\0\0\0ab\n",
    b"4,1,2,-;x\n",
    b"4,1,2,c;x\n",
    b"4,1,2,+;y\n",
    b"4,1,2,-,ncfrag=0/7;abc",
    b" A=b\n",
    b"W/kernel  (    0): x\n",
    b"    MESSAGE=x\n",
    b"         y\n",
    verbose("x"),
    entry(b"x"),
]
FORMS: dict[str, Callable[[str], bytes]] = {
    "json": lambda text: json.dumps({"message": text, "host": "web1"}).encode() + b"\n",
    "export": lambda text: entry(text.encode()),
    "verbose": verbose,
    "syslog": lambda text: f"Jun  4 17:19:10 web1 kernel: {text}\n".encode(),
    "kmsg": lambda text: f"4,377,6221451,-;{text}\n".encode(),
}
junk = st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


@given(junk, st.sampled_from([*FORMS]))
@settings(max_examples=300, deadline=None)
def test_records_are_found_behind_anything(before: bytes, form: str) -> None:
    texts = ["first", "second", "third"]
    # A binary value of the export format may hold anything as long as it says.
    before = before.replace(b"\0", b"")
    lines = kernel_lines(before + b"\n\n" + b"".join(map(FORMS[form], texts)))
    assert [line.text for line in lines][-3:] == texts


@given(junk, st.integers(1, 64))
@settings(max_examples=200, deadline=None)
def test_streams_of_anything_are_read(data: bytes, size: int) -> None:
    marked = b"Out of memory: Killed process 7 (java)\n" + data + b"\nMem-Info:\n" + data
    assert [located.lines for located in reports(marked, size)] == [
        located.lines for located in reports(marked)
    ]


def test_carriers_change_in_mid_stream() -> None:
    told = [FORMS[form] for form in ("json", "export", "verbose", "syslog")]
    data = b"".join(told[number % 4](line) for number, line in enumerate(LINES))
    assert [line.text.strip() for line in kernel_lines(data)] == [line.strip() for line in LINES]
    [located] = reports(data)
    assert located.host == "web1"
