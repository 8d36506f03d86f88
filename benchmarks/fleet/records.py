"""What programs and kernels write: one record at a time, and what is true of a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """What was written at once, at `at_s` seconds since 1970; `program` as syslog tags it."""

    at_s: float
    lines: tuple[str, ...]
    program: str = "kernel"


@dataclass(frozen=True, slots=True)
class Truth:
    """What must be read from a report, whatever carried it.

    `constraint_kind` is None where the report does not print it.
    """

    hostname: str
    shape: str
    kind: str
    at_s: float
    constraint_kind: str | None
    oom_memcg: str | None
    invoker_comm: str
    victims: tuple[tuple[int, str], ...]
    process_rows: int
    zones: int
    lines: int


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a kernel in printed order, and its truth."""

    records: tuple[Record, ...]
    truth: Truth
