"""What an archive or a folder that was collected from a machine tells about it.

sosreport, sos, supportconfig and copies of a root file system hold the host's name, its
kernel, its time zone and when it had booted, in small files beside the logs.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from oomdb.sources.facts import FACTS, Told, sections, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from oomdb.sources.facts import Wall

Value = TypeVar("Value")

#: The most of a small file that is read.
FACT_BYTES = 1 << 20
#: Folders and files that only a tree collected from a machine has at its top.
TREE_MARKS = frozenset({"sos_commands", "sos_logs", "sos_reports", "basic-environment.txt"})

#: The zone of the machine: a link to the zone's file, or a copy of it.
LOCALTIME = "etc/localtime"
#: Files of a supportconfig that hold the output of many commands.
_COLLECTIONS = ("basic-environment.txt", "basic-health-check.txt", "ntp.txt")
_COMMANDS = {
    "date": "date",
    "hostname": "hostname",
    "timedatectl": "timedatectl",
    "timedatectl status": "timedatectl",
    "uname -a": "uname",
    "uptime": "uptime",
    "who -b": "who_-b",
}
#: All files that tell something, those that tell best first.
FACT_NAMES = (*FACTS, LOCALTIME, *_COLLECTIONS)
_PLACE = re.compile(
    rf"(?:(?P<root>.*?)/)?(?P<fact>{'|'.join(map(re.escape, FACT_NAMES))})", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine as it was when it was looked at; None where nothing tells.

    `zone` is its time zone; an offset alone, when only the output of `date` tells it.
    `collected_s` is when it was looked at and `boot_s` when it had booted, in seconds
    since 1970: boot times from `uptime` and `who` are good to a minute, from /proc/uptime
    to the time that the collection took, from /proc/stat to a second. Each basis names
    the files that told, from the top of the tree.
    """

    hostname: str | None = None
    hostname_basis: str | None = None
    kernel_release: str | None = None
    zone: tzinfo | None = None
    zone_basis: str | None = None
    collected_s: float | None = None
    collected_basis: str | None = None
    boot_s: float | None = None
    boot_basis: str | None = None


def fact_place(path: str) -> tuple[str, str] | None:
    """The top folder of the tree and the name in it, for a file that tells facts.

    None for other files. `path` is relative to the archive, with `/` between its parts.
    A name without a folder, such as `date`, counts at the top of a tree only.
    """
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    root, fact = found["root"] or "", found["fact"]
    if "/" not in fact and fact not in _COLLECTIONS and "/" in root:
        return None
    return root, fact


class Facts:
    """What the small files of one tree tell, in any order."""

    def __init__(self) -> None:
        self._told: list[tuple[int, str, Told]] = []

    def add(self, name: str, content: bytes) -> None:
        """Learn from the content of a file of `FACT_NAMES`."""
        if name == LOCALTIME:
            self._note(name, name, Told(zone=_zone_in(content)))
            return
        text = content.decode("utf-8", "replace")
        if name in _COLLECTIONS:
            for title, part in sections(text):
                fact = _fact_of_section(title)
                if fact is not None:
                    self._note(fact, f"{name}: {title}", FACTS[fact](part))
        else:
            self._note(name, name, FACTS[name](text))

    def add_link(self, name: str, target: str) -> None:
        """Learn from where the link /etc/localtime leads."""
        _, found, zone = target.partition("zoneinfo/")
        if name == LOCALTIME and found:
            self._note(name, name, Told(zone=zone_of(zone)))

    def _note(self, fact: str, basis: str, told: Told) -> None:
        self._told.append((FACT_NAMES.index(fact), basis, told))

    def machine(self) -> Machine:
        """All that is known by now."""
        self._told.sort(key=lambda each: each[:2])
        hostname_basis, hostname = self._best(lambda told: told.hostname)
        _, release = self._best(lambda told: told.kernel_release)
        zone_basis, zone = self._best(lambda told: told.zone)
        if zone is None:
            zone_basis, zone = self._best(lambda told: _offset_of(told.now))
        collected_basis, collected_s = self._best(lambda told: _epoch(told.now, zone))
        boot_basis, boot_s = self._boot(zone, collected_s, collected_basis)
        return Machine(
            hostname=hostname,
            hostname_basis=hostname_basis,
            kernel_release=release,
            zone=zone,
            zone_basis=zone_basis,
            collected_s=collected_s,
            collected_basis=collected_basis,
            boot_s=boot_s,
            boot_basis=boot_basis,
        )

    def _best(self, pick: Callable[[Told], Value | None]) -> tuple[str, Value] | tuple[None, None]:
        """The best file that tells something, and what it tells."""
        for _, basis, told in self._told:
            value = pick(told)
            if value is not None:
                return basis, value
        return None, None

    def _boot(
        self, zone: tzinfo | None, collected_s: float | None, collected_basis: str | None
    ) -> tuple[str | None, float | None]:
        """When the machine had booted, and the files that tell."""
        basis, boot_s = self._best(lambda told: told.boot_s)
        if boot_s is not None:
            return basis, boot_s
        basis, uptime_s = self._best(lambda told: told.uptime_s)
        if uptime_s is not None and collected_s is not None:
            return f"{collected_basis} - {basis}", collected_s - uptime_s
        return self._best(lambda told: _epoch(told.boot_wall, zone))


class Machines:
    """The machines whose trees lie in one archive, by the top folder of each."""

    def __init__(self) -> None:
        self._facts: dict[str, Facts] = {}
        self._machines: dict[str, Machine] = {}

    def facts(self, root: str) -> Facts:
        """What is gathered for the tree at `root`."""
        return self._facts.setdefault(root, Facts())

    def machine_of(self, path: str) -> Machine | None:
        """The machine in whose tree the member lies; None when nothing told of one."""
        root = path
        while root:
            root = root.rpartition("/")[0]
            if root in self._facts:
                if root not in self._machines:
                    self._machines[root] = self._facts[root].machine()
                return self._machines[root]
        return None


def machine_of_folder(top: Path) -> Machine:
    """The machine that an unpacked tree was collected from; links lead only inside."""
    facts = Facts()
    for name in FACT_NAMES:
        path = Path(top, name)
        try:
            if name == LOCALTIME and path.is_symlink():
                facts.add_link(name, str(path.readlink()))
            elif path.is_file() and is_inside(path, top):
                with path.open("rb") as file:
                    facts.add(name, file.read(FACT_BYTES))
        except OSError:
            continue
    return facts.machine()


def is_tree(names: Iterable[str]) -> bool:
    """Whether a folder that holds these names is the top of a collected tree."""
    return not TREE_MARKS.isdisjoint(names)


def is_inside(path: Path, top: Path) -> bool:
    """Whether a path, after all links, lies below a folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(top))


def _fact_of_section(title: str) -> str | None:
    """The fact file that a part of a supportconfig stands for, by its path or command."""
    path = title.lstrip("/")
    if path in FACTS:
        return path
    command, _, options = title.partition(" ")
    return _COMMANDS.get(f"{command.rpartition('/')[2]} {options}".rstrip())


def _zone_in(content: bytes) -> tzinfo | None:
    """The zone in a copy of a zone's file (RFC 8536); None when it is none."""
    try:
        return ZoneInfo.from_file(io.BytesIO(content), key="localtime")
    except (ValueError, OSError, EOFError, IndexError, UnicodeError, OverflowError):
        return None


def _offset_of(shown: Wall | None) -> tzinfo | None:
    """The offset of a local clock as a zone; None when it did not print one."""
    if shown is None or not shown.is_local or shown.offset_s is None:
        return None
    return timezone(timedelta(seconds=shown.offset_s))


def _epoch(shown: Wall | None, zone: tzinfo | None) -> float | None:
    """Seconds since 1970 of a clock's time; None when its zone is unknown."""
    if shown is None:
        return None
    if shown.offset_s is not None:
        return shown.seconds - shown.offset_s
    if zone is None:
        return None
    wall = datetime(1970, 1, 1, tzinfo=zone) + timedelta(seconds=shown.seconds)
    try:
        return wall.timestamp()
    except (OverflowError, ValueError):
        return None
