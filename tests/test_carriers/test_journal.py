"""The journal's export format and its verbose form."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_carriers.streams import LINES, RECORDS, kernel_lines, reports, texts

if TYPE_CHECKING:
    from pathlib import Path

BOOT = "b4add3d6e06444429b725186df943d9d"
PLAIN = b"Jun  4 17:19:10 web1 kernel: eth0: link up\n"


def field(name: str, value: bytes) -> bytes:
    """One field of the export format; a value that is no plain text goes by its length."""
    if value.isascii() and value.decode("ascii").isprintable():
        return name.encode() + b"=" + value + b"\n"
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def entry(message: bytes, **fields: str) -> bytes:
    values = {
        "__CURSOR": "s=db5b;i=1",
        "__REALTIME_TIMESTAMP": "1717521550000338",
        "_BOOT_ID": BOOT,
        "_TRANSPORT": "kernel",
        "_SOURCE_MONOTONIC_TIMESTAMP": "6000338",
        "_HOSTNAME": "web1",
        **fields,
    }
    head = b"".join(field(name, value.encode()) for name, value in values.items())
    return head + field("MESSAGE", message) + b"PRIORITY=4\n\n"


def verbose(message: str, **fields: str) -> bytes:
    values = {"_TRANSPORT": "kernel", "_HOSTNAME": "web1", **fields, "MESSAGE": message}
    cursor = f"s=db5b;i=1fc;b={BOOT};m=1f6;t={1717521550000338:x};x=9"
    lines = [f"Di 2024-06-04 19:19:10.000338 CEST [{cursor}]"]
    for name, value in values.items():
        below = "\n" + " " * (len(name) + 5)
        lines.append(f"    {name}={value.replace(chr(10), below)}")
    return "".join(f"{line}\n" for line in lines).encode()


def test_an_entry_tells_everything() -> None:
    for data in (entry(b"Mem-Info:"), verbose("Mem-Info:", _SOURCE_MONOTONIC_TIMESTAMP="6000338")):
        [line] = kernel_lines(data)
        assert (line.text, line.host, line.boot_id) == ("Mem-Info:", "web1", BOOT)
        assert line.stamp == "2024-06-04T17:19:10.000338Z"
        assert line.uptime_s == 6.000338
        assert (line.line_no, line.first_byte, line.last_byte) == (1, 0, len(data.rstrip()) + 1)
        assert line.prefixed
        assert not line.foreign


def test_a_report_is_found_in_both() -> None:
    for write in (lambda text: entry(text.encode()), verbose):
        data = b"".join(write(record) for record in RECORDS)
        assert texts(data) == LINES
        [located] = reports(data)
        assert located.host == "web1"


@given(st.binary(min_size=1, max_size=600), st.integers(0, 3))
def test_values_hold_anything(value: bytes, before: int) -> None:
    data = entry(b"before") * before + entry(b"Mem-Info:\n" + value) + entry(b"after")
    # The length itself may hold a newline, as may any byte of the value.
    found = [line.text for line in kernel_lines(data)]
    assert found[: before + 1] == ["before"] * before + ["Mem-Info:"]
    assert found[-1] == "after"


@pytest.mark.parametrize("size", [9, 10, 11, 265, 266, 2560, 2570])
def test_lengths_that_hold_a_newline(size: int) -> None:
    message = b"a\n" + b"b" * (size - 2)
    assert texts(entry(message)) == ["a", "b" * (size - 2)]


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    [line] = kernel_lines(entry(b"Killed process 7 (caf\xe9)"))
    assert line.text == "Killed process 7 (caf\xe9)"


@pytest.mark.parametrize("transport", ["journal", "syslog", "stdout", "driver", "audit"])
def test_what_a_program_wrote_is_foreign(transport: str) -> None:
    for data in (entry(b"Mem-Info:", _TRANSPORT=transport), verbose("x", _TRANSPORT=transport)):
        assert [line.foreign for line in kernel_lines(data)] == [True]


def test_an_entry_whose_beginning_is_lost_counts_while_it_tells_who_wrote_it() -> None:
    whole = entry(b"first") + entry(b"second\nline") + entry(b"third")
    for start in range(1, len(entry(b"first"))):
        if whole[start - 1] == 10:
            first = ["first"] if b"_TRANSPORT" in whole[start : len(entry(b"first"))] else []
            assert texts(whole[start:]) == [*first, "second", "line", "third"]


def test_entries_that_were_never_in_a_file_have_no_cursor() -> None:
    data = b"MESSAGE=a\n_TRANSPORT=kernel\n\n_TRANSPORT=kernel\nMESSAGE=b\n\n"
    assert texts(data) == ["a", "b"]


def test_an_entry_ends_where_another_begins_or_the_stream_ends() -> None:
    data = entry(b"a").rstrip(b"\n") + b"\n" + entry(b"b").rstrip(b"\n")
    assert texts(data) == ["a", "b"]
    assert texts(verbose("a") + verbose("b").rstrip(b"\n")) == ["a", "b"]


def test_plain_lines_round_entries_stay_plain() -> None:
    data = PLAIN + entry(b"a") + PLAIN + verbose("b") + PLAIN + entry(b"c").rstrip() + b"\n" + PLAIN
    up = "eth0: link up"
    assert texts(data) == [up, "a", up, "b", up, "c", up]


def test_what_looks_like_a_length_does_not_swallow_the_rest() -> None:
    data = entry(b"a").rstrip(b"\n") + b"\nCOREDUMP\n" + PLAIN * 3
    assert texts(data)[-3:] == ["eth0: link up"] * 3


def test_a_value_that_is_cut_ends_where_an_entry_begins() -> None:
    cut = entry(b"a\nb")[: -len(b"b\nPRIORITY=4\n\n")]
    assert texts(cut + entry(b"c")) == ["c"]


def test_a_large_value_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oomdb.carriers.journal.MOST_RECORD", 1 << 16)
    large = field("COREDUMP", b"\n" * (2 << 16))
    data = entry(b"a").rstrip(b"\n") + b"\n" + large + b"\n" + entry(b"b")
    assert texts(data) == ["b"]


def test_a_value_that_is_not_shown_is_none() -> None:
    assert texts(verbose("[1.2K blob data]") + verbose("b")) == ["b"]


def test_lines_of_a_value_keep_their_own_blanks() -> None:
    assert texts(verbose("active_anon:1\n active_file:2\n\n free:3")) == [
        "active_anon:1",
        " active_file:2",
        " free:3",
    ]


def test_environments_and_scripts_are_not_entries() -> None:
    data = b"PATH=/usr/bin\nHOME=/root\n    LANG=C\nMAKEFLAGS\n"
    assert {line.carrier for line in kernel_lines(data)} <= {"bare"}


JOURNAL_REMOTE = shutil.which("systemd-journal-remote", path="/usr/lib/systemd:/lib/systemd")
STRANGE = [
    b"Mem-Info:",
    b"active_anon:1\n active_file:2\n free:3",
    b"Killed process 7 (caf\xe9)",
    b"Killed process 8 (caf\xc3\xa9)",
    b"Killed process 9 (a\\x0ab)",
    b"a tab\tand \x1b[31mcolours",
    b"x" * 5000,
    b'a "quote" { and [ } ]',
    b" leading and trailing ",
]


@pytest.mark.skipif(JOURNAL_REMOTE is None, reason="needs systemd-journal-remote")
@pytest.mark.parametrize(
    "output", ["export", "verbose", "json", "json-pretty", "json-seq", "json-sse"]
)
def test_what_journalctl_writes_of_strange_messages(output: str, tmp_path: Path) -> None:
    entries = [
        entry(message, __REALTIME_TIMESTAMP=f"{1717521550000338 + number}").replace(
            b"PRIORITY", b"__MONOTONIC_TIMESTAMP=%d\nPRIORITY" % (7_000_000 + number)
        )
        for number, message in enumerate(STRANGE)
    ]
    exported, journal = tmp_path / "entries.export", tmp_path / "entries.journal"
    exported.write_bytes(b"".join(entries))
    subprocess.run([str(JOURNAL_REMOTE), "-o", journal, exported], check=True, capture_output=True)
    command = ["journalctl", "--file", str(journal), "--all", "--output", output]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    expected = [line for message in STRANGE for line in message.decode("latin-1").split("\n")]
    lines = kernel_lines(printed)
    assert [line.text for line in lines] == expected
    assert {(line.host, line.boot_id, line.foreign) for line in lines} == {("web1", BOOT, False)}
    assert lines[0].stamp == "2024-06-04T17:19:10.000338Z"
    assert lines[0].uptime_s == 6.000338
