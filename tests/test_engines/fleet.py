"""The logs of a generated fleet: every kernel, kind of report and carrier, alone and in storms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.fleet import carriers, logs, machines, reports, shapes
from benchmarks.fleet.fleet import BEGIN_S

if TYPE_CHECKING:
    from pathlib import Path

_SEED = 3
_PROCESSES = 16
#: Hours after the begin of one more kill of the same program: a storm of minutes, then again
#: and again.
_STORM_HOURS = (30.0, 30.02, 30.05, 31.0, 54.5, 80.0)


def write(folder: Path) -> None:
    """Write a log for each generation of kernels; all carriers come in turn."""
    by_name = list(carriers.BY_NAME.items())
    names = shapes.names()
    assert len(names) >= len(by_name), "a carrier has no log"
    roles = tuple(machines.ROLES)
    for number, name in enumerate(names):
        role = roles[number % len(roles)]
        machine = machines.machine(
            _SEED, number, name, boot_s=BEGIN_S - 86400 * number - 0.5, role=role
        )
        kinds = machine.shape.kinds
        hog = next(one for one in machine.programs if one.unit or one.adj > 0)
        told = [
            reports.draw(machine, kind, BEGIN_S + 3600.5 * place, _SEED, processes=_PROCESSES)
            for place, kind in enumerate(kinds)
        ]
        told += [
            reports.draw(
                machine,
                kinds[-1],
                BEGIN_S + 3600 * hours,
                _SEED,
                hog=hog,
                processes=_PROCESSES,
            )
            for hours in _STORM_HOURS
        ]
        carrier_name, carrier = by_name[number % len(by_name)]
        end_s = BEGIN_S + 4 * 86400
        parts = logs.pieces(machine, carrier, told, None, BEGIN_S, end_s)
        logs.write(folder / machine.hostname / f"{carrier_name}.log", parts)
