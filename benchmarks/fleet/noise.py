"""All the lines of a log that are no report.

They are drawn once, a few megabytes of them, and then given again and again under other
stamps: what a search has to go through is as varied as a real log's, and a gigabyte of it
is written at the speed of the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from random import Random
from typing import TYPE_CHECKING

from benchmarks.fleet.carriers import Syslog, since_boot
from benchmarks.fleet.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.fleet.machines import Machine

HOUR_S = 3600
#: A pool is at least so varied.
_LEAST_LINES = 5000
_HOST, _UPTIME = b"\x03", b"\x02"

_USERS = ("deploy", "root", "ubuntu", "backup", "git", "www-data", "admin", "oracle", "monitor")


@cache
def sayings(section: str) -> tuple[tuple[int, str, str], ...]:
    """A section of `sayings.txt`: how often beside the others, which program, what it says.

    `after_a_kill` is what programs say when the kernel has killed one of theirs; some of it
    holds the words that reports are found by, and none is one.
    """
    text = resources.files(__package__).joinpath("sayings.txt").read_text(encoding="utf-8")
    _, _, rest = text.partition(f"@{section}\n")
    lines = (line.split(" ", 2) for line in rest.partition("\n@")[0].splitlines())
    return tuple((int(weight), program, what) for weight, program, what in lines)


class _Drawn(dict[str, object]):
    """Values of a line, drawn when they are asked for."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def __missing__(self, name: str) -> object:
        rng = self._rng
        if name == "ip":
            bits = rng.getrandbits(24)
            return f"10.{bits >> 16}.{bits >> 8 & 255}.{bits & 255}"
        if name == "user":
            return rng.choice(_USERS)
        if name.startswith("hex"):
            digits = int(name.removeprefix("hex"))
            return f"{rng.getrandbits(4 * digits):0{digits}x}"
        return rng.randint(1, {"pid": 4000000, "port": 65535, "num": 999}[name])


@dataclass(frozen=True, eq=False)
class Pool:
    """Lines to draw on: program and text, and how many of them come in an hour."""

    lines: tuple[tuple[str, str], ...]
    an_hour: float

    @property
    def is_an_hour(self) -> bool:
        """Whether an hour takes all of them, so that every hour has the same."""
        return self.an_hour == len(self.lines)

    def of_kernel(self) -> Pool:
        """Those lines that the kernel said."""
        said = tuple(line for line in self.lines if line[0] == "kernel")
        return Pool(said, self.an_hour * len(said) / len(self.lines))

    def records(self, from_s: float, to_s: float) -> Iterator[Record]:
        """The records of a time, its end left out."""
        step = HOUR_S / self.an_hour
        for number in range(-int(-from_s // step), -int(-to_s // step)):
            program, text = self.lines[number % len(self.lines)]
            yield Record(number * step, (text,), program)


@lru_cache(maxsize=8)
def pool(seed: object, an_hour: int) -> Pool:
    """Lines of all programs, so many an hour, the same for the same seed."""
    rng = Random(f"{seed} noise")
    values = _Drawn(rng)
    all_sayings = sayings("always")
    weights = [weight for weight, _, _ in all_sayings]
    chosen = rng.choices(all_sayings, weights, k=max(an_hour, _LEAST_LINES))
    lines = tuple((who.format_map(values), what.format_map(values)) for _, who, what in chosen)
    return Pool(lines, an_hour)


def after_a_kill(rng: Random, at_s: float) -> list[Record]:
    """What programs say in the seconds after a kill."""
    values = _Drawn(rng)
    chosen = rng.sample(sayings("after_a_kill"), rng.randint(0, 3))
    return [
        Record(at_s + number, (what.format_map(values),), who.format_map(values))
        for number, (_, who, what) in enumerate(chosen, 1)
    ]


class Blocks:
    """The lines of a pool as a syslog daemon writes them, hour by hour."""

    def __init__(self, carrier: Syslog, lines: Pool) -> None:
        self._carrier, self._count = carrier, len(lines.lines)
        self._base = carrier.wall(0).partition(":")[0].encode()
        self._starts = [0]
        self._stamped_at: list[float | None] = []
        text: list[str] = []
        size = 0
        for number, (program, what) in enumerate(lines.lines):
            at_s = number * HOUR_S / self._count
            line = f"\n{carrier.head(at_s, _HOST.decode(), program)}"
            is_stamped = program == "kernel" and carrier.stamped
            line += _UPTIME.decode() * is_stamped
            self._stamped_at.append(at_s if is_stamped else None)
            text.append(line + what)
            size += len(text[-1])
            self._starts.append(size)
        self._text = "".join(text).encode()

    def between(self, machine: Machine, from_s: float, to_s: float) -> bytes:
        """The lines of a machine between two times of the same hour, the second left out."""
        hour_s = from_s // HOUR_S * HOUR_S
        first = self._line(from_s - hour_s)
        last = self._line(to_s - hour_s)
        if first == last:
            return b""
        hour = self._carrier.wall(hour_s).partition(":")[0].encode()
        text = self._text[self._starts[first] : self._starts[last]]
        text = text.replace(b"\n" + self._base, b"\n" + hour)
        text = text.replace(_HOST, machine.hostname.encode())
        pieces = text.split(_UPTIME)
        if len(pieces) > 1:
            stamps = [
                since_boot(hour_s + at_s - machine.boot_s).encode()
                for at_s in self._stamped_at[first:last]
                if at_s is not None
            ]
            whole = [part for pair in zip(pieces, stamps, strict=False) for part in pair]
            text = b"".join([*whole, pieces[-1]])
        return text[1:] + b"\n"

    def _line(self, second: float) -> int:
        """The first line at or after a second of the hour."""
        return min(self._count, -int(-second * self._count // HOUR_S))
