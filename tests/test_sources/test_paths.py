"""One file has one name, however its path was typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from oomdb import databases
from oomdb.ingest import ingest
from oomdb.reading import records
from oomdb.sources import files
from tests.printed import log, report_6_1, syslog

pytestmark = pytest.mark.usefixtures("views_unkept")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the current one, with a log in `logs/` and links out of it."""
    folder = Path(os.path.realpath(tmp_path))
    for name in ("logs", "here/below", "there/below"):
        (folder / name).mkdir(parents=True)
    content = log(syslog(report_6_1()))
    for name in ("logs/kern.log", "there/kern.log", "kern.log"):
        (folder / name).write_bytes(content)
    (folder / "link").symlink_to("there/below")
    (folder / "logs/current.log").symlink_to("kern.log")
    monkeypatch.chdir(folder)
    return folder


def names(*paths: str) -> list[str]:
    return [source.full_name for source in files.discover(map(Path, paths))]


@pytest.mark.parametrize(
    "typed",
    [
        "logs/kern.log",
        "logs/../logs/kern.log",
        "./logs//kern.log",
        "here/below/../../logs/kern.log",
    ],
)
def test_a_path_without_links_is_shortened(fleet: Path, typed: str) -> None:
    assert names(typed) == [f"{fleet}/logs/kern.log"]


@pytest.mark.parametrize("typed", ["..", "../here/..", "../here/../here/.."])
def test_folders_above(fleet: Path, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fleet / "here")
    assert f"{fleet}/logs/current.log" in names(typed)
    (source,) = (one for one in files.discover([Path(typed)]) if one.path.endswith("current.log"))
    assert source.below == f"{fleet.name}/logs/current.log"


def test_above_a_link_is_above_what_it_leads_to(fleet: Path) -> None:
    assert names("link/../kern.log") == [f"{fleet}/there/kern.log"]
    assert names("link/..") == [f"{fleet}/there/kern.log"]


def test_a_link_after_the_dots_keeps_its_name(fleet: Path) -> None:
    assert names("here/../logs/current.log") == [f"{fleet}/logs/current.log"]
    assert names("link/../../logs/current.log") == [f"{fleet}/logs/current.log"]


def test_one_file_is_read_once_in_a_run(fleet: Path) -> None:
    typed = ["logs/kern.log", "logs/../logs/kern.log", f"{fleet}/logs/kern.log", "there/../logs"]
    assert names(*typed) == [f"{fleet}/logs/kern.log"]
    assert names("kern.log", "link/../../kern.log") == [f"{fleet}/kern.log"]


def test_three_ways_to_a_log_are_one_source(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = fleet / "oomdb.duckdb"
    known: list[int] = []

    def read(typed: str) -> None:
        known.append(ingest([Path(typed)], database).known_files)

    read("logs/kern.log")
    read("logs/../logs/kern.log")
    monkeypatch.chdir(fleet / "here")
    read("../logs/kern.log")
    assert known == [0, 1, 1]
    with databases.open_for_reading(database) as reader:
        assert records(reader.connection, "SELECT path FROM sources") == [
            {"path": f"{fleet}/logs/kern.log"}
        ]
        (act,) = records(reader.connection, "SELECT options FROM custody")
    assert json.loads(act["options"])["paths"] == [f"{fleet}/logs/kern.log"]


def test_custody_names_standard_input_and_no_file(fleet: Path) -> None:
    assert files.full_name(Path("-")) == files.STDIN_NAME
    assert files.full_name(fleet / "-") == f"{fleet}/-"
    assert files.full_name(Path("here/../logs")) == f"{fleet}/logs"
