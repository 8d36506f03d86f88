"""The story of a fleet: which machines run out of memory, when, and how again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from benchmarks.fleet import carriers, logs, machines, noise, reports, shapes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.fleet.machines import Machine, Program
    from benchmarks.fleet.records import Report, Truth

#: 1 January 2026, where the story begins unless told otherwise.
BEGIN_S = 1767225600
_DAY_S = 86400

#: How many machines of a fleet run each generation, beside the others.
_GENERATIONS = {
    "2.6.32-rhel6": 2,
    "3.10-rhel7": 8,
    "4.15-ubuntu": 4,
    "4.18-rhel8": 10,
    "4.19-debian": 4,
    "5.4-ubuntu": 8,
    "5.10-debian": 8,
    "5.15-ubuntu": 12,
    "6.1-debian": 14,
    "6.8-ubuntu": 14,
    "7.3-debian": 4,
}
#: The file that each carrier's lines are in.
_FILES = {
    "rsyslog": "syslog",
    "rsyslog_iso": "kern.log",
    "rsyslog_stampless": "messages",
    "imjournal": "messages",
    "journal": "journal.txt",
    "journal_json": "journal.json",
    "dmesg": "dmesg.txt",
    "dmesg_t": "dmesg.txt",
    "console": "console.log",
}


@dataclass(frozen=True)
class Fleet:
    """How large a fleet is, and how long it is watched.

    `processes` sets the rows of every process table; without it they are what is running.
    """

    seed: int = 1
    hosts: int = 50
    events: int = 200
    days: int = 30
    lines_an_hour: int = 60
    begin_s: int = BEGIN_S
    processes: int | None = None


@dataclass
class _Host:
    machine: Machine
    carrier: str
    suffix: str
    reports: list[Report] = field(default_factory=list)


def reports_by_host(fleet: Fleet) -> Iterator[tuple[Machine, list[Report]]]:
    """Every machine with its reports in order of time; many have none."""
    for host in _told(fleet):
        yield host.machine, host.reports


def write(fleet: Fleet, folder: Path) -> list[Truth]:
    """Write the fleet's logs, one folder a host; what is true of their reports."""
    truths: list[Truth] = []
    pool = noise.pool(fleet.seed, fleet.lines_an_hour)
    end_s = fleet.begin_s + fleet.days * _DAY_S
    for host in _told(fleet):
        file = folder / host.machine.hostname / (_FILES[host.carrier] + host.suffix)
        parts = logs.pieces(
            host.machine,
            carriers.BY_NAME[host.carrier],
            host.reports,
            pool,
            fleet.begin_s,
            end_s,
        )
        logs.write(file, parts)
        truths += [report.truth for report in host.reports]
    return truths


def _told(fleet: Fleet) -> list[_Host]:
    """The machines and what happened to them."""
    rng = Random(f"{fleet.seed} fleet")
    hosts = [_host(fleet, number, rng) for number in range(fleet.hosts)]
    times: set[tuple[int, float]] = set()
    left = fleet.events
    while left > 0:
        unlucky = rng.randrange(fleet.hosts)
        if rng.random() < 0.4:  # a few machines fail much more often than the others
            unlucky = min(unlucky, int(rng.paretovariate(1.0)) - 1)
        for at_s, kind, hog in _episode(fleet, hosts[unlucky].machine, rng)[:left]:
            if (unlucky, at_s) in times:
                continue
            times.add((unlucky, at_s))
            machine = hosts[unlucky].machine
            drawn = reports.draw(
                machine, kind, at_s, fleet.seed, hog=hog, processes=fleet.processes
            )
            hosts[unlucky].reports.append(drawn)
            left -= 1
    for host in hosts:
        host.reports.sort(key=lambda report: report.truth.at_s)
    return hosts


def _host(fleet: Fleet, number: int, rng: Random) -> _Host:
    shape = rng.choices(tuple(_GENERATIONS), tuple(_GENERATIONS.values()))[0]
    boot_s = fleet.begin_s - rng.uniform(1, 90) * _DAY_S
    machine = machines.machine(fleet.seed, number, shape, boot_s=round(boot_s, 6))
    usual = shapes.load(shape).carriers
    carrier = usual[0] if rng.random() < 0.7 else rng.choice(usual)
    variant = {"rsyslog": "rsyslog_iso", "journal": "journal_json", "dmesg": "dmesg_t"}
    if rng.random() < 0.4:
        carrier = variant.get(carrier, carrier)
    return _Host(machine, carrier, rng.choice(("", "", ".gz", ".zst")))


def _episode(
    fleet: Fleet, machine: Machine, rng: Random
) -> list[tuple[float, str, Program | None]]:
    """Kills of one machine that belong together: when, what was exhausted, by which program."""
    end_s = fleet.begin_s + fleet.days * _DAY_S - 3600
    at_s = rng.uniform(fleet.begin_s + 60, end_s)
    kind = rng.choice(machine.shape.kinds)
    story = rng.random()
    if story < 0.6:
        return [(round(at_s, 6), kind, None)]
    candidates = [one for one in machine.programs if one.unit or one.adj > 0]
    hog = max(candidates, key=lambda one: one.weight * one.count * rng.uniform(0.5, 2))
    if story < 0.8:
        gaps = [rng.uniform(20, 240) for _ in range(rng.randint(4, 12))]
    else:
        hours = rng.uniform(6, 40)
        gaps = [hours * 3600 * rng.uniform(0.9, 1.1) for _ in range(rng.randint(3, 10))]
    kills = []
    for gap in gaps:
        kills.append((round(at_s, 6), kind, hog))
        at_s += gap
    return [kill for kill in kills if kill[0] < end_s]
