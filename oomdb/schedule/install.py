"""Putting units in place and taking them away."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError
from oomdb.publishing import replacing
from oomdb.schedule.systemd import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM_FOLDER = "etc/systemd/system"
#: Where a machine whose manager is systemd has its sockets.
_RUNNING = Path("/run/systemd/system")
#: The first systemd with all that the units use: %d, and Restart= for what runs once.
_OLDEST = 250


@dataclass(frozen=True, slots=True)
class Place:
    """Where units go: the system (or an image of one below `root`), or a user's manager."""

    for_the_system: bool
    root: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder of the units."""
        if self.for_the_system:
            return (self.root or Path("/")).absolute() / _SYSTEM_FOLDER
        own = os.environ.get("XDG_CONFIG_HOME") or ""
        base = Path(own) if own.startswith("/") else Path.home() / ".config"
        return base / "systemd" / "user"

    def install(self, files: Mapping[str, str]) -> list[Path]:
        """Write the units, and start their timer; which files were changed.

        OomdbError when a file of that name is another's, or systemd refuses.
        """
        self._refuse_without_systemd()
        changed = []
        for name, text in files.items():
            path = self.folder / name
            if self._is_there(path) and path.read_text(encoding="utf-8") == text:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                file.write(text.encode())
            path.chmod(0o644)
            changed.append(path)
        (timer,) = (name for name in files if name.endswith(".timer"))
        self._reload()
        self._systemctl("enable", timer)
        if self.root is None:
            self._systemctl("restart", timer)
        return changed

    def remove(self, name: str) -> list[Path]:
        """Stop the timer of that name and remove its units; which files were removed."""
        self._refuse_without_systemd()
        paths = [self.folder / f"{name}.timer", self.folder / f"{name}.service"]
        there = [path for path in paths if self._is_there(path)]
        if not there:
            return []
        if paths[0] in there:
            self._systemctl("disable", *([] if self.root else ["--now"]), paths[0].name)
        for path in there:
            path.unlink()
        self._reload()
        return there

    def _is_there(self, path: Path) -> bool:
        if not path.exists() and not path.is_symlink():
            return False
        if path.is_symlink() or not path.read_text(encoding="utf-8").startswith(MARK):
            raise OomdbError(f"{path} was not written by oomdb, and is left as it is")
        return True

    def _refuse_without_systemd(self) -> None:
        if self.root is None and not _RUNNING.is_dir():
            raise OomdbError(
                "systemd does not run here: use --cron, or --root DIR to prepare another machine"
            )
        version = version_in(self._systemctl("--version"))
        if self.root is None and version is not None and version < _OLDEST:
            raise OomdbError(f"systemd {version} is older than {_OLDEST}: use --cron")

    def _reload(self) -> None:
        if self.root is None:
            self._systemctl("daemon-reload")

    def _systemctl(self, *arguments: str) -> str:
        whose = [] if self.for_the_system else ["--user"]
        where = [f"--root={self.root.absolute()}"] if self.root else []
        command = ["systemctl", *whose, *where, *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise OomdbError("no program systemctl here: use --cron") from None
        if done.returncode:
            raise OomdbError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout


def version_in(told: str) -> int | None:
    """The number of `systemctl --version`; None where it tells none."""
    found = re.match(r"systemd (\d+)", told)
    return int(found[1]) if found else None
