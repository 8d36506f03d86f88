"""The driver and a folder in memory, for all the tests of faults."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.runs import Driver, can_mount, scratch_root

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with Driver(tmp_path_factory.mktemp("driver") / "d", mounts=can_mount()) as driver:
        yield driver


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, in memory where there is room."""
    folder = Path(tempfile.mkdtemp(prefix="oomdb-faults-", dir=scratch_root()))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
