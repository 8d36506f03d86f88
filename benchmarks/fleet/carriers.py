"""The ways in which programs write records to disk."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.fleet.machines import Machine
    from benchmarks.fleet.records import Record


class Carrier(Protocol):
    """A program that writes records as lines of a log."""

    @property
    def name(self) -> str:
        """How `BY_NAME` calls it."""

    @property
    def kernel_only(self) -> bool:
        """Whether it writes what the kernel says and nothing else."""

    def lines(self, record: Record, machine: Machine) -> Iterator[str]:
        """The lines of one record, without line ends."""


def write(carrier: Carrier, records: Iterable[Record], machine: Machine) -> bytes:
    """The records as that carrier writes them on that machine."""
    lines = [line for record in records for line in carrier.lines(record, machine)]
    return "".join(f"{line}\n" for line in lines).encode()


def traditional(at_s: float) -> str:
    """`Nov  4 03:12:33`, in UTC."""
    at = time.gmtime(at_s)
    return (
        f"{_MONTHS[at.tm_mon - 1]} {at.tm_mday:2d} {at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    )


def padded(at_s: float) -> str:
    """`Nov 04 03:12:33`, in UTC."""
    return traditional(at_s).replace("  ", " 0")


def iso(at_s: float) -> str:
    """`2026-11-04T03:12:33.123456+00:00`."""
    whole = int(at_s)
    at = time.gmtime(whole)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', at)}.{int((at_s - whole) * 1e6):06d}+00:00"


def since_boot(uptime_s: float) -> str:
    """`[ 1234.567890] `, as the kernel stamps its records."""
    return f"[{uptime_s:12.6f}] "


@dataclass(frozen=True)
class Syslog:
    """A daemon that gives each line a stamp and the host's name.

    `stamped` tells whether the kernel's own stamp is kept; `joined` whether a record of many
    lines becomes one with `#012` in it, without its leading blank (imjournal), and
    `indented` whether its further lines stand below its first (journalctl).
    """

    name: str
    wall: Callable[[float], str]
    stamped: bool = True
    joined: bool = False
    indented: bool = False
    kernel_only: bool = False

    def head(self, at_s: float, host: str, program: str) -> str:
        """What stands before a line, up to the kernel's stamp."""
        return f"{self.wall(at_s)} {host} {program}: "

    def lines(self, record: Record, machine: Machine) -> Iterator[str]:
        """The lines of one record, without line ends."""
        head = self.head(record.at_s, machine.hostname, record.program)
        if record.program == "kernel" and self.stamped:
            head += since_boot(record.at_s - machine.boot_s)
        if self.joined:
            yield head + "#012".join(record.lines).lstrip()
            return
        for line in record.lines:
            yield head + line
            if self.indented:
                head = " " * len(head)


@dataclass(frozen=True)
class Ring:
    """The kernel's own buffer, as `dmesg` or a console shows it."""

    name: str
    wall: Callable[[float], str] | None = None
    indented: bool = True
    kernel_only: bool = True

    def lines(self, record: Record, machine: Machine) -> Iterator[str]:
        """The lines of one record, without line ends."""
        if self.wall is None:
            head = since_boot(record.at_s - machine.boot_s)
        else:
            head = f"[{self.wall(record.at_s)}] "
        for line in record.lines:
            yield head + line
            if self.indented:
                head = " " * len(head)


@dataclass(frozen=True)
class JournalJson:
    """`journalctl -o json`: an object a record."""

    name: str
    kernel_only: bool = False

    def lines(self, record: Record, machine: Machine) -> Iterator[str]:
        """The one line of a record, without its line end."""
        at_us, boot_us = round(record.at_s * 1e6), round(machine.boot_s * 1e6)
        program, _, pid = record.program.rstrip("]").partition("[")
        entry = {
            "_TRANSPORT": "kernel" if program == "kernel" else "syslog",
            "PRIORITY": "6",
            "_MACHINE_ID": f"{sum(machine.hostname.encode()) * 2654435761 % 2**32:032x}",
            "SYSLOG_IDENTIFIER": program,
            "__REALTIME_TIMESTAMP": str(at_us + 300),
            "_BOOT_ID": f"{boot_us:032x}",
            "MESSAGE": "\n".join(record.lines),
            "_HOSTNAME": machine.hostname,
            "__MONOTONIC_TIMESTAMP": str(at_us - boot_us + 300),
        }
        if program == "kernel":
            entry["_SOURCE_MONOTONIC_TIMESTAMP"] = str(at_us - boot_us)
        if pid:
            entry["_PID"] = pid
        yield json.dumps(entry, separators=(",", ":"))


def _ctime(at_s: float) -> str:
    return time.asctime(time.gmtime(at_s))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

BY_NAME: dict[str, Carrier] = {
    carrier.name: carrier
    for carrier in (
        Syslog("rsyslog", traditional),
        Syslog("rsyslog_iso", iso),
        Syslog("rsyslog_stampless", traditional, stamped=False),
        Syslog("imjournal", traditional, stamped=False, joined=True),
        Syslog("journal", padded, stamped=False, indented=True),
        JournalJson("journal_json"),
        Ring("dmesg"),
        Ring("dmesg_t", wall=_ctime),
        Ring("console", indented=False),
    )
}
