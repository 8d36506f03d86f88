"""A message, an authority, and settings in files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from oomdb.delivery.journal import Journal
from oomdb.delivery.message import Finding, Message
from oomdb.settings.configuration import Configuration

from .servers import Authority, Hours

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "deliveries")


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Configuration]:
    """Makes the configuration that a file with this text gives."""

    def made(text: str) -> Configuration:
        path = tmp_path / "oomdb.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return Configuration(path, {})

    return made


@pytest.fixture
def message() -> Message:
    return Message(
        about=("fleet report", "/srv/oomdb.duckdb"),
        since=datetime(2026, 11, 20),
        until=datetime(2026, 11, 27),
        subject="OOM kills: 3 findings, 20 to 27 Nov",
        findings=(
            Finding("bad", "java was killed 12 times on <web1> & web2", "recurrent_victims"),
            Finding("warn", "db_1 is *new*", "repeat_offenders", "raise its limit"),
            Finding("note", "2 lines were not understood", "unparsed_lines"),
        ),
        document=lambda suffix: f"The whole report as {suffix}: käse\n".encode(),
    )
