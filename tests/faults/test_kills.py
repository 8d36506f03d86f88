"""A kill at any moment leaves the database as before or as after; `make faults` tries more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.commands import BY_NAME, DATABASE
from tests.faults.kills import Scene, at_moments, at_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.faults.runs import Driver


#: The steps after which there is something else on the disk; the long run tries all.
BOUNDARIES = ("begin", "commit", "CHECKPOINT", "copy_file_range", "fsync", "replace", "unlink")


def boundaries(steps: Sequence[str]) -> list[int]:
    """The places of such steps; of many alike the first and the last."""
    places: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        side, name, *_ = step.split()
        if side == "before" and name in BOUNDARIES:
            places.setdefault(step, []).append(number)
    return sorted({at for found in places.values() for at in (found[0], found[-1])})


@pytest.mark.parametrize("name", ["ingest again"])
def test_a_kill_at_every_boundary_of_a_write(name: str, open_folder: Path, driver: Driver) -> None:
    """Before each transaction, commit, checkpoint, fsync, rename and removal of a file."""
    scene = Scene(BY_NAME[name], open_folder, driver)
    chosen = boundaries(scene.steps)
    found = at_steps(scene, only=chosen)
    published = chosen.index(scene.steps.index(f"before replace {DATABASE}.staged")) + 1
    assert found.states == {"before": published, "after": len(chosen) - published}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("first ingest", 2),
        ("rebuild", 2),
        ("migration", 2),
        ("workers", 2),
    ],
)
def test_a_kill_at_random_moments(name: str, count: int, open_folder: Path, driver: Driver) -> None:
    found = at_moments(Scene(BY_NAME[name], open_folder, driver), count)
    assert sum(found.states.values()) == count
