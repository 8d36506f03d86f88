"""Reports that a program wrote: none where the carrier tells, marked where it may be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oomdb.incidents import copies

_LOG = Path(__file__).parents[1].joinpath("samples/6.1-amd64--global.log").read_text()
LINES = _LOG[_LOG.rindex("\n", 0, _LOG.index("invoked oom")) + 1 :].splitlines()
TEXTS = [line.partition("] ")[2] for line in LINES]
_SYSLOG = "Jun  4 17:19:10 web1"
_RFC5424 = "2024-06-04T17:19:10Z web1"


def damages(lines: list[str]) -> list[object]:
    """The damage of each report in these lines."""
    found = copies.in_blocks(["\n".join(lines).encode()])
    return [one.event["damage"] for one in found]


def journal(**fields: str) -> list[str]:
    fields = {"SYSLOG_IDENTIFIER": "kernel", "__REALTIME_TIMESTAMP": "1717500000000000", **fields}
    return [json.dumps({"MESSAGE": text, **fields}) for text in TEXTS]


TRUE = {
    "rsyslog": [f"{_SYSLOG} kernel: {line}" for line in LINES],
    "journalctl": [f"{_SYSLOG} kernel: {text}" for text in TEXTS],
    "with its priority": [f"<4>{_SYSLOG} kernel: {line}" for line in LINES],
    "RFC 5424": [f"<4>1 {_RFC5424} kernel - - - {line}" for line in LINES],
    "dmesg -r": [f"<4>{line}" for line in LINES],
    "dmesg -x": [f"kern  :warn  : {line}" for line in LINES],
    "busybox": [f"{_SYSLOG} kern.warn kernel: {line}" for line in LINES],
    "/dev/kmsg": [f"4,{n},{6000000 + n},-;{text}" for n, text in enumerate(TEXTS)],
    "journal": journal(_TRANSPORT="kernel", SYSLOG_FACILITY="0"),
    "json": [json.dumps({"message": text, "facility": "kern"}) for text in TEXTS],
}
FORGED = {
    "logger": [f"{_SYSLOG} app[123]: {line}" for line in LINES],
    "logger without a number": [f"{_SYSLOG} app: {text}" for text in TEXTS],
    "logger with the kernel's name": [f"{_SYSLOG} kernel[123]: {line}" for line in LINES],
    "the whole line quoted": [f"{_SYSLOG} app[1]: {_SYSLOG} kernel: {line}" for line in LINES],
    "newlines escaped": [f"{_SYSLOG} app[1]: x#012" + "#012".join(LINES)],
    "RFC 5424": [f"<12>1 {_RFC5424} app 12 - - {line}" for line in LINES],
    "/dev/kmsg": [f"12,{n},{6000000 + n},-;{text}" for n, text in enumerate(TEXTS)],
    "dmesg -r": [f"<12>{line}" for line in LINES],
    "dmesg -x": [f"user  :warn  : {line}" for line in LINES],
    "klogd": [f"{_SYSLOG} kernel: <12>{line}" for line in LINES],
    "klogd, many digits": [f"{_SYSLOG} kernel: <{'9' * 5000}>{line}" for line in LINES],
    "stdout of a unit": journal(_TRANSPORT="stdout"),
    "syslog of a program": journal(_TRANSPORT="syslog", SYSLOG_FACILITY="0"),
    "facility of a program": journal(_TRANSPORT="kernel", SYSLOG_FACILITY="1"),
}
#: `logger -t kernel` comes so, and so does the kernel through a relay that keeps no facility.
DOUBTFUL = {
    "priority": [f"<13>{_SYSLOG} kernel: {line}" for line in LINES],
    "RFC 5424": [f"<13>1 {_RFC5424} kernel - - - {line}" for line in LINES],
    "busybox": [f"{_SYSLOG} user.notice kernel: {line}" for line in LINES],
    "json": [json.dumps({"message": text, "facility": "user"}) for text in TEXTS],
    "ecs": [
        json.dumps({"message": text, "log": {"syslog": {"facility": {"code": 1}}}})
        for text in TEXTS
    ],
}


@pytest.mark.parametrize("name", TRUE)
def test_the_kernels_own_report_is_one(name: str) -> None:
    assert damages(TRUE[name]) == [None]


@pytest.mark.parametrize("name", FORGED)
def test_a_report_that_a_program_wrote_is_none(name: str) -> None:
    assert damages(FORGED[name]) == []


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_report_with_a_programs_facility_is_marked(name: str) -> None:
    assert damages(DOUBTFUL[name]) == ["user_facility"]


@pytest.mark.parametrize("name", ["logger", "logger without a number", "klogd"])
def test_forged_lines_between_true_ones_change_nothing(name: str) -> None:
    mixed = [line for pair in zip(TRUE["rsyslog"], FORGED[name], strict=True) for line in pair]
    [true] = copies.in_blocks(["\n".join(TRUE["rsyslog"]).encode()])
    [found] = copies.in_blocks(["\n".join(mixed).encode()])
    assert found.event == true.event
    assert found.rows.of("victims") == true.rows.of("victims")
