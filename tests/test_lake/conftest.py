"""A small fleet's logs, lake and database, each made once for all tests."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.test_lake.lakes import in_one_database, lake_in, read, write_fleet

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.store.places import Lake


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lake and the logs that it was filled with at once; it is only read."""
    folder = tmp_path_factory.mktemp("fleet")
    read(write_fleet(folder / "logs"), lake_in(folder))
    return folder


@pytest.fixture(scope="package")
def expected(fleet: Path) -> list[str]:
    """What a database of the same logs holds."""
    return in_one_database(fleet, [fleet / "logs"])


@pytest.fixture
def filled(fleet: Path, tmp_path: Path) -> Lake:
    """A copy of the lake that may be changed; the logs stay where they were read."""
    shutil.copytree(fleet / "lake", tmp_path / "lake")
    return lake_in(tmp_path)
