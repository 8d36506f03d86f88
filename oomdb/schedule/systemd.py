"""A plan as a systemd service and its timer, with as few rights as the work needs."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError, reason_of
from oomdb.schedule.machine import Machine
from oomdb.schedule.plan import STATE_FOLDER
from oomdb.settings.file import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.schedule.plan import Plan

#: The first line of each file that may be replaced and removed.
MARK = "# Written by `oomdb schedule`; give that again to change it."
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
#: Files below the logs whose rights are looked at.
_MOST_FILES = 10_000

_UNPRIVILEGED = """\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies={families}
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0027
KeyringMode=private"""

_SANDBOX = """\
ProtectSystem=strict
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes"""


@dataclass(frozen=True, slots=True)
class Units:
    """The two files by name, and what the user has to know about them."""

    files: dict[str, str]
    notes: tuple[str, ...]


def units(plan: Plan, *, for_the_system: bool, root: Path | None = None) -> Units:
    """The service and the timer, for this machine or the image of one below `root`.

    OomdbError when the database has no folder, or one of nobody.
    """
    notes: list[str] = []
    machine = Machine(root.absolute() if root else None)
    rights = _rights(plan, machine, notes) if for_the_system else _user_rights(plan)
    service = "\n".join(_service(plan, rights, for_the_system=for_the_system))
    timer = "\n".join(_timer(plan))
    files = {f"{plan.name}.service": service + "\n", f"{plan.name}.timer": timer + "\n"}
    return Units(files, tuple(notes))


def quoted(text: str, *, is_argument: bool = False) -> str:
    """`text` as one word of a unit, whatever is in it."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if is_argument:
        plain = plain.replace("$", "$$")
    is_simple = text and not set(text) & set(" '\"\\;")
    return plain if is_simple else f'"{plain}"'


def _timer(plan: Plan) -> Iterator[str]:
    day = {"daily": "*-*-*", "weekly": "Mon *-*-*"}[plan.every]
    yield MARK
    yield "[Unit]"
    yield f"Description={_description(plan)}"
    yield ""
    yield "[Timer]"
    yield f"OnCalendar={day} {plan.at:%H:%M}:00"
    yield "Persistent=true"
    yield "AccuracySec=1min"
    yield "RandomizedDelaySec=5min"
    yield ""
    yield "[Install]"
    yield "WantedBy=timers.target"


def _description(plan: Plan) -> str:
    return f"oomdb: read the logs, and report the OOM kills of the last {plan.length}"


def _service(plan: Plan, rights: Iterable[str], *, for_the_system: bool) -> Iterator[str]:
    yield MARK
    yield "[Unit]"
    yield f"Description={_description(plan)}"
    if plan.uses_network and for_the_system:
        yield "Wants=network-online.target"
        yield "After=network-online.target"
    yield "StartLimitIntervalSec=2h"
    yield "StartLimitBurst=4"
    yield ""
    yield "[Service]"
    yield "Type=oneshot"
    for command in plan.commands("%d"):
        yield f"ExecStart={' '.join(_arguments(command))}"
    yield "# 3: some logs were set aside, and are named in the journal."
    yield "SuccessExitStatus=3"
    yield "# What was sent is not sent again."
    yield "Restart=on-failure"
    yield "RestartSec=15min"
    yield "RestartPreventExitStatus=2"
    yield "TimeoutStartSec=6h"
    yield "Nice=10"
    yield f"MemoryMax={plan.memory_max.replace('%', '%%')}"
    yield "TasksMax=512"
    yield from _knowledge(plan)
    yield from rights


def _arguments(command: Sequence[str]) -> Iterator[str]:
    for word in command:
        is_secret = word.startswith("webhook:%d/")
        yield word if is_secret else quoted(word, is_argument=True)


def _knowledge(plan: Plan) -> Iterator[str]:
    """Settings and secrets, as variables and credentials."""
    handed = {secret.variable for secret in plan.secrets}
    if plan.config and VARIABLE not in handed:
        yield f"Environment={quoted(f'{VARIABLE}={plan.config}')}"
    for name, text in plan.variables.items():
        if name not in handed:
            yield f"Environment={quoted(f'{name}={text}')}"
    for secret in plan.secrets:
        yield f"LoadCredential={quoted(f'{secret.name}:{secret.path}')}"
        if secret.variable:
            yield f"Environment={secret.variable}=%d/{secret.name}"


def _families(plan: Plan) -> str:
    return "AF_UNIX AF_INET AF_INET6" if plan.uses_network else "AF_UNIX"


def _user_rights(plan: Plan) -> Iterator[str]:
    """What a user's own manager can take away on any machine, also one without user namespaces."""
    yield _UNPRIVILEGED.format(families=_families(plan))


def _rights(plan: Plan, machine: Machine, notes: list[str]) -> Iterator[str]:
    is_dynamic = not _outside(plan)
    capabilities = ""
    owner = None if is_dynamic else _owner(plan, machine)
    if owner is None:
        yield "DynamicUser=yes"
    else:
        yield f"User={owner.name}"
        notes += _fixed_user(plan, machine, owner)
    if owner is not None and owner.number == 0:
        capabilities = "CAP_DAC_READ_SEARCH"
    else:
        notes += _out_of_reach(plan, machine, owner.number if owner else None)
    groups = _groups_of(plan, machine, notes) if capabilities == "" else []
    if groups:
        yield f"SupplementaryGroups={' '.join(groups)}"
    if is_dynamic:
        yield f"StateDirectory={STATE_FOLDER.name}"
        yield "StateDirectoryMode=0750"
    yield "CacheDirectory=oomdb"
    yield "Environment=MPLCONFIGDIR=%C/oomdb"
    yield _UNPRIVILEGED.format(families=_families(plan))
    yield _SANDBOX
    yield f"CapabilityBoundingSet={capabilities}"
    if not capabilities:
        yield "PrivateUsers=yes"
    if not plan.uses_network:
        yield "PrivateNetwork=yes"
        yield "IPAddressDeny=any"
    yield from _paths(plan, is_dynamic=is_dynamic)


def _paths(plan: Plan, *, is_dynamic: bool) -> Iterator[str]:
    """Which files the service sees, and which of them it may change."""
    places = [plan.folder, *plan.writes]
    reads = [Path(one) for one in plan.logs]
    used = [*places, *reads, *_programs(plan), *([plan.config] if plan.config else [])]
    at_home = any(path.is_relative_to(home) for path in used for home in _HOMES)
    yield f"ProtectHome={'read-only' if at_home else 'yes'}"
    if not any(path.is_relative_to(folder) for path in used for folder in _TEMPORARY):
        yield "PrivateTmp=yes"
    for path in reads:
        if not any(path.is_relative_to(place) for place in places):
            yield f"ReadOnlyPaths={quoted(f'-{path}')}"
    if not is_dynamic:
        yield f"ReadWritePaths={quoted(str(plan.folder))}"
        for place in dict.fromkeys(plan.writes):
            # A folder that is not there must keep no other target from its report.
            if place != plan.folder:
                yield f"ReadWritePaths={quoted(f'-{place}')}"


def _programs(plan: Plan) -> list[Path]:
    """What is started, and the Python that it runs in, wherever links lead to."""
    return [Path(plan.program[0]), Path(sys.executable).resolve()]


def _out_of_reach(plan: Plan, machine: Machine, user: int | None) -> list[str]:
    """What keeps the service's user (None: one that owns nothing) from starting oomdb."""
    for program in _programs(plan):
        for path in (program, *program.parents):
            try:
                status = machine.at(path).stat()
            except OSError as error:
                return [f"the service cannot start {program}: {path}: {reason_of(error)}"]
            may = status.st_mode & (stat.S_IXUSR if status.st_uid == user else stat.S_IXOTH)
            if not may:
                return [
                    f"the service's user cannot start {program}, as {path} is closed to it:"
                    " install oomdb where all can reach it, such as a venv in /opt"
                ]
    return []


@dataclass(frozen=True, slots=True)
class _Owner:
    """In whose name a service runs."""

    name: str
    number: int


def _outside(plan: Plan) -> list[Path]:
    """Folders that a user who exists only while the service runs could not write."""
    places = dict.fromkeys([plan.folder, *plan.writes])
    return [folder for folder in places if not folder.is_relative_to(STATE_FOLDER)]


def _why_fixed(plan: Plan) -> str:
    """What keeps the service from a user of its own."""
    return (
        f"{_outside(plan)[0]} is not below {STATE_FOLDER}, so the service cannot have a user who"
        " exists only while it runs"
    )


def _owner(plan: Plan, machine: Machine) -> _Owner:
    """Who owns the folder of the database, in whose name the service then runs."""
    folder = plan.folder
    if not machine.at(folder).is_dir():
        raise OomdbError(
            f"no folder {machine.at(folder)} for the database; make it for the service's user"
            f" ({_why_fixed(plan)})"
        )
    number = machine.at(folder).stat().st_uid
    name = machine.user_name(number)
    if name is None:
        raise OomdbError(
            f"nobody has the number {number}, who owns {machine.at(folder)}; give it to the"
            f" service's user ({_why_fixed(plan)})"
        )
    return _Owner(name, number)


def _fixed_user(plan: Plan, machine: Machine, owner: _Owner) -> Iterator[str]:
    """That the user is one who stays, and which folders of reports that user cannot write."""
    if owner.number == 0 or plan.folder not in _outside(plan):
        yield f"the service runs as {owner.name}, who owns {plan.folder} ({_why_fixed(plan)})"
    groups = machine.groups_of(owner.name)
    for folder in plan.writes:
        if not machine.at(folder).is_dir():
            yield f"no folder {machine.at(folder)}: make it for {owner.name}, who writes there"
        elif not machine.may_write(folder, owner.number, groups):
            yield f"{owner.name}, as whom the service runs, may not write in {machine.at(folder)}"


def _groups_of(plan: Plan, machine: Machine, notes: list[str]) -> list[str]:
    """The groups that may read what is below the logs, but for those that all may read."""
    numbers: set[int] = set()
    closed = 0
    first = ""
    for path in islice(_below(plan.logs, machine), _MOST_FILES):
        try:
            status = os.stat(path)  # noqa: PTH116  (the path is a text)
        except OSError:
            continue
        if status.st_mode & stat.S_IROTH:
            continue
        if status.st_mode & stat.S_IRGRP and status.st_gid:
            numbers.add(status.st_gid)
        else:
            closed += 1
            first = first or path
    if closed:
        notes.append(
            f"below the logs, what its owner alone can read: {closed:,}, such as {first}; the"
            " service will set that aside (a drop-in with AmbientCapabilities=CAP_DAC_READ_SEARCH,"
            " CapabilityBoundingSet=CAP_DAC_READ_SEARCH and PrivateUsers=no lets it read all)"
        )
    return sorted(machine.group_name(number) for number in numbers)


def _below(logs: Sequence[str], machine: Machine) -> Iterator[str]:
    for log in (str(machine.at(one)) for one in logs):
        yield log
        for folder, _, names in os.walk(log):
            yield folder
            for name in names:
                yield os.path.join(folder, name)  # noqa: PTH118
