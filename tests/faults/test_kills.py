"""A kill at any moment leaves the database as before or as after; `make faults` tries more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.commands import BY_NAME, DATABASE
from tests.faults.kills import Scene, at_moments, at_steps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.runs import Driver


#: The steps after which there is something else on the disk; the long run tries all.
BOUNDARIES = ("begin", "commit", "CHECKPOINT", "copy_file_range", "fsync", "replace", "unlink")


def is_boundary(step: str) -> bool:
    side, name, *_ = step.split()
    return side == "before" and name in BOUNDARIES


@pytest.mark.parametrize("name", ["ingest again"])
def test_a_kill_at_every_boundary_of_a_write(name: str, open_folder: Path, driver: Driver) -> None:
    """Before each transaction, commit, checkpoint, fsync, rename and removal of a file."""
    scene = Scene(BY_NAME[name], open_folder, driver)
    found = at_steps(scene, only=is_boundary)
    steps = list(filter(is_boundary, scene.steps))
    published = steps.index(f"before replace {DATABASE}.staged") + 1
    assert found.states == {"before": published, "after": len(steps) - published}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("first ingest", 2),
        ("reparse", 2),
        ("rebuild", 2),
        ("migration", 2),
        ("budgets", 2),
        ("workers", 2),
    ],
)
def test_a_kill_at_random_moments(name: str, count: int, open_folder: Path, driver: Driver) -> None:
    found = at_moments(Scene(BY_NAME[name], open_folder, driver), count)
    assert sum(found.states.values()) == count
