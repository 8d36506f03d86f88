r"""Records of /dev/kmsg and of netconsole's extended format."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.carriers.kmsg import MOST_JOINED
from tests.printed import report_6_1
from tests.test_carriers.streams import LINES, RECORDS, evidence, kernel_lines, reports, rows, texts

PLAIN = b"Jun  4 17:19:10 web1 kernel: eth0: link up\n"


def escaped(text: bytes) -> bytes:
    r"""The text as the kernel escapes it: control characters, 0x7f on, and backslashes."""
    return b"".join(
        b"\\x%02x" % byte if byte < 32 or byte >= 127 or byte == 92 else bytes([byte])
        for byte in text
    )


def kmsg(records: list[str], head: str = "4,%d,600%04d,-;") -> bytes:
    return b"".join(
        (head % (377 + number, number)).encode() + escaped(record.encode()) + b"\n"
        for number, record in enumerate(records)
    )


def fragments(record: bytes, sequence: int, chunk: int, release: str = "") -> list[bytes]:
    """A record as netconsole cuts it into packets of `chunk` bytes of text."""
    return [
        f"{release}4,{sequence},6000338,-,ncfrag={at}/{len(record)};".encode()
        + record[at : at + chunk]
        for at in range(0, len(record), chunk)
    ]


def test_a_record_tells_its_stamp_and_caller() -> None:
    [line] = kernel_lines(b"4,377,6221451,-,caller=T124;Mem-Info:\n")
    assert (line.text, line.uptime_s, line.caller) == ("Mem-Info:", 6.221451, "T124")
    assert (line.carrier, line.prefixed, line.foreign) == ("kmsg", True, False)


def test_a_report_with_its_devices() -> None:
    device = b" SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n"
    data = kmsg(RECORDS).replace(b"\n", b"\n" + device, 5)
    assert texts(data) == LINES
    [located] = reports(data)
    [again] = reports(evidence(located))
    assert rows(again) == rows(located)


@given(st.binary(min_size=1, max_size=15).filter(lambda name: name.strip() and b"\n" not in name))
def test_any_name_comes_back(name: bytes) -> None:
    [line] = kernel_lines(b"4,377,6221451,-;Killed process 7 (" + escaped(name) + b")\n")
    assert line.text.encode("latin-1") == b"Killed process 7 (" + name + b")"


def test_a_program_that_writes_to_kmsg_is_not_the_kernel() -> None:
    data = kmsg(RECORDS, "12,%d,600%04d,-;")
    assert all(line.foreign for line in kernel_lines(data))
    assert reports(data) == []


def test_later_pieces_of_a_line_are_joined() -> None:
    data = b"4,1,5,-;Node 0 DMA: \n4,2,6,c;1*4kB (U) \n4,3,7,c;= 4kB\n4,4,8,-;next\n"
    first, second = kernel_lines(data)
    assert (first.text, first.uptime_s) == ("Node 0 DMA: 1*4kB (U) = 4kB", 5e-6)
    assert (first.line_no, first.first_byte, first.last_byte) == (1, 0, data.index(b"4,4,8"))
    assert first.raw.encode() == data[: first.last_byte].rstrip()
    assert second.text == "next"


def test_before_linux_4_9_the_first_piece_was_marked() -> None:
    data = b"4,1,5,-;before\n4,2,6,c;Node 0 DMA: \n4,3,7,+;1*4kB\n4,4,8,c;a\n4,5,9,+;b\n4,6,9,-;c\n"
    assert texts(data) == ["before", "Node 0 DMA: 1*4kB", "ab", "c"]


def test_without_numa_a_zone_begins_a_line_although_it_is_marked_as_a_later_piece() -> None:
    data = (
        b"4,1,5,-;Node 0 active_anon:4kB all_unreclaimable? no\n4,2,6,c;Normal free:8kB min:4kB\n"
        b"4,3,7,-;lowmem_reserve[]: 0 0\n4,4,8,c;Normal: 2*4kB \n4,5,9,c;= 8kB\n"
        b"4,6,9,-;Node 1 \n4,7,9,c;DMA free:12kB\n"
    )
    assert texts(data) == [
        "Node 0 active_anon:4kB all_unreclaimable? no",
        "Normal free:8kB min:4kB",
        "lowmem_reserve[]: 0 0",
        "Normal: 2*4kB = 8kB",
        "Node 1 DMA free:12kB",
    ]


def test_pieces_of_two_callers_are_not_joined() -> None:
    data = b"4,1,5,-,caller=T1;a\n4,2,6,c,caller=T2;b\n4,3,7,c,caller=T2;c\n"
    assert texts(data) == ["a", "bc"]


@pytest.mark.parametrize("release", ["", "6.4.0-rc1-00001-g4f561a87745a,"])
@pytest.mark.parametrize("newline", [b"\n", b""])
@given(chunk=st.integers(1, 300))
def test_fragments_are_put_together(release: str, newline: bytes, chunk: int) -> None:
    records = [escaped(record.encode()) for record in RECORDS]
    data = b""
    for number, record in enumerate(records):
        data += newline.join(fragments(record, 400 + number, chunk, release)) + b"\n"
    lines = kernel_lines(data)
    assert [line.text for line in lines] == LINES
    assert {line.carrier for line in lines} == {"netconsole"}


@pytest.mark.parametrize("newline", [b"\n", b""])
def test_the_kept_evidence_of_fragments(newline: bytes) -> None:
    parts = [
        newline.join(fragments(escaped(record.encode()), number, 90))
        for number, record in enumerate(RECORDS)
    ]
    [located] = reports(b"\n".join(parts))
    [again] = reports(evidence(located))
    assert rows(again) == rows(located)
    assert rows(located).event["damage"] is None


def test_fragments_out_of_order_and_lost() -> None:
    parts = fragments(b"abcdefghij", 7, 4)
    assert texts(b"\n".join(reversed(parts)) + b"\n") == ["abcdefghij"]
    assert texts(b"\n".join([parts[0], parts[2]]) + b"\n") == ["abcd", "ij"]
    assert texts(b"\n".join([parts[1], b"4,8,9,-;next"]) + b"\n") == ["efgh", "next"]


def test_a_release_before_the_record() -> None:
    data = kmsg(RECORDS, "6.1.0-50-amd64,4,%d,600%04d,-;")
    assert texts(data) == LINES


def test_a_device_within_a_fragment_is_not_text() -> None:
    data = b"\n".join(fragments(b"eth0: link up\n SUBSYSTEM=net\n", 7, 100))
    assert texts(data) == ["eth0: link up"]


def test_a_device_that_the_fragments_cut_is_not_text() -> None:
    parts = fragments(b"Node 0 DMA: 1*4kB\n HOST=web1\n RACK=7\n", 7, 23)
    data = b"".join(parts) + b"4,8,9,-;next\n"
    assert texts(data) == ["Node 0 DMA: 1*4kB", "next"]


def test_pieces_without_end_are_not_held() -> None:
    data = b"4,1,5,-;a\n" + b"4,2,6,c;bcdefgh\n" * 20_000 + b"4,4,8,-;next\n"
    found = texts(data)
    assert max(map(len, found)) < MOST_JOINED
    assert "".join(found[:-1]) == "a" + "bcdefgh" * 20_000
    data = b"4,7,6,-,ncfrag=0/9;abc\n" * 20_000 + b"4,8,9,-;next\n"
    assert {*texts(data)} == {"abc", "next"}


def test_plain_lines_between_records_stay_plain() -> None:
    data = PLAIN + kmsg(["a"]) + PLAIN + kmsg(["b"]) + b" active_file:0 inactive_file:0\n"
    assert texts(data) == [
        "eth0: link up",
        "a",
        "eth0: link up",
        "b",
        " active_file:0 inactive_file:0",
    ]


@given(
    st.lists(
        st.sampled_from(
            ["4,1,2,-;a", "4,1,2,c;b", "4,1,2,+;c", " A=b", "x", "4,1,2,-,ncfrag=0/3;a"]
        )
    )
)
def test_nothing_raises_and_no_record_is_lost(lines: list[str]) -> None:
    data = "\n".join([*lines, "4,9,9,-;end", ""]).encode()
    assert texts(data)[-1] == "end"


def test_a_report_in_pieces_with_lost_records() -> None:
    data = kmsg(report_6_1()[5:])
    [located] = reports(data)
    assert located.report.headless
