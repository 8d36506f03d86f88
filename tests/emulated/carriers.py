"""What programs put before the kernel's lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulated.paper import Paper

    Carrier = Callable[[Paper], list[str]]


def _stamps(paper: Paper) -> list[str]:
    at, stamps = 6.0, []
    for number in range(len(paper.lines)):
        at += 0 if number in paper.joined else 0.000123
        stamps.append(f"[{at:12.6f}]")
    return stamps


def bare(paper: Paper) -> list[str]:
    """The lines alone, as `journalctl -o cat` prints them."""
    return list(paper.lines)


def console(paper: Paper) -> list[str]:
    """A console with time stamps, and `dmesg --force-prefix`."""
    return [f"{stamp} {text}" for stamp, text in zip(_stamps(paper), paper.lines, strict=True)]


def caller(paper: Paper) -> list[str]:
    """A serial console's priorities, stamps and callers (CONFIG_PRINTK_CALLER)."""
    return [
        f"<4>{stamp}[{'T1234':>6}] {text}"
        for stamp, text in zip(_stamps(paper), paper.lines, strict=True)
    ]


def rsyslog(paper: Paper) -> list[str]:
    """Rsyslog's imklog."""
    return [
        f"Jun  4 17:19:10 web1 kernel: {stamp} {text}"
        for stamp, text in zip(_stamps(paper), paper.lines, strict=True)
    ]


def unstamped(paper: Paper) -> list[str]:
    """Rsyslog's imjournal and kernels without time stamps."""
    return [f"2024-06-04T17:19:10.123456+08:00 web1 kernel: {text}" for text in paper.lines]


def journal(paper: Paper) -> list[str]:
    """`journalctl -k`, which indents the later lines of a record."""
    head = "Jun 04 17:19:10 web1 kernel: "
    return [
        (" " * len(head) if number in paper.joined else head) + text
        for number, text in enumerate(paper.lines)
    ]


def dmesg(paper: Paper) -> list[str]:
    """`dmesg`, which indents the later lines of a record."""
    return [
        (" " * (len(stamp) + 1) if number in paper.joined else f"{stamp} ") + text
        for number, (stamp, text) in enumerate(zip(_stamps(paper), paper.lines, strict=True))
    ]


#: Those that stamp every line of a record.
STAMPED: tuple[Carrier, ...] = (console, caller, rsyslog)
CARRIERS: tuple[Carrier, ...] = (*STAMPED, bare, unstamped, journal, dmesg)
