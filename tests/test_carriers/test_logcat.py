"""Android's logcat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.test_carriers.streams import LINES, evidence, kernel_lines, reports, rows, texts

if TYPE_CHECKING:
    from collections.abc import Callable

STAMP = "06-04 17:19:10.123"

Form = "Callable[[str, str, int], str]"


def threadtime(tag: str, text: str, pid: int = 0) -> str:
    return f"{STAMP} {pid:5} {pid:5} W {tag:<8}: {text}"


def with_year(tag: str, text: str, pid: int = 0) -> str:
    return f"2024-{STAMP} +0200  root {pid:5} {pid:5} W {tag:<8}: {text}"


def brief(tag: str, text: str, pid: int = 0) -> str:
    return f"W/{tag:<8}({pid:5}): {text}"


def with_time(tag: str, text: str, pid: int = 0) -> str:
    return f"{STAMP} {brief(tag, text, pid)}"


FORMS = [threadtime, with_year, brief, with_time]


def logd(line: str) -> tuple[str, str]:
    """Tag and rest of a kernel's line as logd takes it apart (LogKlog::log)."""
    line = line.strip()
    found = re.match(r"((?:\[[^\]]*\]|[^\s:\[])+(?: +(?:\[[^\]]*\]|[^\s:\[])+)?) *:", line)
    if found is None or len(found[1]) < 2 or found[1] in ("CPU", "INFO", "WARNING", "ERROR"):
        return "", line
    return found[1], line[found.end() :].strip()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("takes_apart", [True, False])
def test_a_report(form: Callable[[str, str], str], takes_apart: bool) -> None:
    entries = [logd(line) if takes_apart else ("kernel", line) for line in LINES]
    data = "".join(form(tag, text) + "\n" for tag, text in entries).encode()
    assert [text.strip() for text in texts(data)] == [line.strip() for line in LINES]
    [located] = reports(data)
    [again] = reports(evidence(located))
    assert rows(again) == rows(located)
    assert rows(located).event["damage"] is None


def test_an_entry_tells_its_stamp() -> None:
    [line] = kernel_lines(threadtime("kernel", "[  123.456789] Mem-Info:").encode() + b"\n")
    assert (line.text, line.stamp, line.uptime_s) == ("Mem-Info:", STAMP, 123.456789)
    assert (line.carrier, line.prefixed, line.foreign) == ("logcat", True, False)
    [line] = kernel_lines(with_year("kernel", "Mem-Info:").encode() + b"\n")
    assert line.stamp == f"2024-{STAMP} +0200"
    [line] = kernel_lines(brief("kernel", "Mem-Info:").encode() + b"\n")
    assert line.stamp is None


@pytest.mark.parametrize("form", FORMS)
def test_what_a_program_wrote_is_foreign(form: Callable[[str, str, int], str]) -> None:
    data = "".join(form("MyApp", line, 4711) + "\n" for line in LINES).encode()
    assert all(line.foreign for line in kernel_lines(data))
    assert reports(data) == []


def test_dividers_are_left_out() -> None:
    assert texts(b"--------- beginning of kernel\n" + brief("kernel", "a").encode()) == ["a"]
