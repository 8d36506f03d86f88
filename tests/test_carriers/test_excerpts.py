"""One incident as the programs of one machine wrote it: the same report from each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_carriers.streams import evidence, facts, kernel_lines, reports, rows

SAMPLES = Path(__file__).parent / "samples"
JOURNAL = ["export", "verbose", "json", "json-pretty", "json-seq", "json-sse"]


def excerpt(name: str) -> bytes:
    """An excerpt by the name of its format; the marks of the JSON streams are set here."""
    lines = (SAMPLES / "journalctl.json.txt").read_bytes().splitlines(keepends=True)
    if name == "json-seq":
        return b"".join(b"\x1e" + line for line in lines)
    if name == "json-sse":
        return b"".join(b"data: " + line + b"\n" for line in lines)
    if name == "dmesg":
        return (SAMPLES / "dmesg.json").read_bytes()
    return (SAMPLES / f"journalctl.{name}.txt").read_bytes()


@pytest.mark.parametrize("name", [*JOURNAL, "dmesg"])
def test_every_format_gives_what_dmesg_printed(name: str) -> None:
    [expected] = reports((SAMPLES / "dmesg.txt").read_bytes())
    [located] = reports(excerpt(name))
    assert facts(located) == facts(expected)
    assert located.lines[0].uptime_s == expected.lines[0].uptime_s == 32.93092


def test_kmsg_gives_what_dmesg_printed() -> None:
    [expected] = reports((SAMPLES / "dmesg-global.txt").read_bytes())
    [located] = reports((SAMPLES / "dev-kmsg.txt").read_bytes())
    assert facts(located) == facts(expected)
    assert located.lines[0].uptime_s == expected.lines[0].uptime_s


@pytest.mark.parametrize("name", JOURNAL)
def test_the_journal_tells_host_time_and_boot(name: str) -> None:
    [located] = reports(excerpt(name))
    first = located.lines[0]
    assert located.host == "labvm"
    assert first.stamp == "2026-11-23T06:34:27.500338Z"
    assert first.boot_id == "b4add3d6e06444429b725186df943d9d"
    assert first.carrier == {"export": "journal-export", "verbose": "journal-verbose"}.get(
        name, "journal-json"
    )


@pytest.mark.parametrize("name", [*JOURNAL, "dmesg", "kmsg"])
def test_the_kept_evidence_gives_the_same_report(name: str) -> None:
    data = (SAMPLES / "dev-kmsg.txt").read_bytes() if name == "kmsg" else excerpt(name)
    [located] = reports(data)
    [again] = reports(evidence(located))
    assert rows(again) == rows(located)
    assert evidence(again) == evidence(located)


@pytest.mark.parametrize("name", [*JOURNAL, "dmesg", "kmsg"])
def test_a_stream_cut_anywhere_gives_the_rest(name: str) -> None:
    data = (SAMPLES / "dev-kmsg.txt").read_bytes() if name == "kmsg" else excerpt(name)
    whole = kernel_lines(data)
    starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]
    for start in starts[:-1:7]:
        rest = [line.text for line in whole if line.first_byte >= start]
        found = [line.text for line in kernel_lines(data[start:])]
        assert found[len(found) - len(rest) :] == rest
        # The lines of a value that is cut cannot be told from plain ones.
        assert len(found) - len(rest) <= 51


@pytest.mark.parametrize("name", [*JOURNAL, "dmesg", "kmsg"])
def test_blocks_of_any_size_give_the_same_report(name: str) -> None:
    data = (SAMPLES / "dev-kmsg.txt").read_bytes() if name == "kmsg" else excerpt(name)
    [expected] = reports(data)
    for size in (1, 7, 100, 4096):
        [located] = reports(data, size)
        assert located.lines == expected.lines
