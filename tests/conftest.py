"""Options and fixtures of the whole suite."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from oomdb.store import opening
from oomdb.store.migrate import known_revisions
from tests.tables_alone import tables_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest_plugins = ("tests.servers.postgresql", "tests.servers.s3", "tests.servers.spark")

GOLDEN = Path(__file__).parent / "golden"

# The settings of whoever runs the tests are not under test.
os.environ["OOMDB_CONFIG"] = os.devnull

# The same examples in every run, so that a red run is the change's; `make fuzz` draws new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is printed now to tests/golden, to be read as a diff",
    )


@pytest.fixture(scope="session", autouse=True)
def new_databases_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a new database holds is made once for each set of tables and views, then copied.

    To make it takes most of the time of an ingest of a few reports.
    """
    folder = tmp_path_factory.mktemp("new")

    def prepare(copy: Path) -> None:
        made = folder / f"{known_revisions()[0]}-{opening.definitions_fingerprint()}.duckdb"
        if not copy.exists() and made.exists():
            shutil.copyfile(made, copy)
            return
        is_new = not copy.exists()
        opening.prepare(copy)
        if is_new:
            shutil.copyfile(copy, made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oomdb.store.file.prepare", prepare)
        yield


@pytest.fixture(scope="module")
def views_unkept() -> Iterator[None]:
    """For modules that ask what is in the tables: nothing is kept of views about it."""
    with tables_alone():
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """A check that a text equals the file of that name in tests/golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
