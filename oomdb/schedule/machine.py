"""The machine that a schedule is for: this one, or an image of one below a folder."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Machine:
    """Its files, users and groups; `root` is where an image is, None for this machine."""

    root: Path | None = None

    def at(self, path: str | Path) -> Path:
        """Where the machine's absolute `path` is to be found from here."""
        return self.root / Path(path).relative_to("/") if self.root else Path(path)

    def user_name(self, number: int) -> str | None:
        """The user's name; None where nobody has the number."""
        if self.root:
            named = (one[0] for one in self._lines("etc/passwd") if one[2] == str(number))
            return next(named, None)
        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return None

    def group_name(self, number: int) -> str:
        """The group's name; its number where it has none."""
        if self.root:
            named = (one[0] for one in self._lines("etc/group") if one[2] == str(number))
            return next(named, str(number))
        try:
            return grp.getgrgid(number).gr_name
        except KeyError:
            return str(number)

    def groups_of(self, user: str) -> set[int]:
        """The numbers of the groups that the user is in; empty where there is no such user."""
        if not self.root:
            try:
                return set(os.getgrouplist(user, pwd.getpwnam(user).pw_gid))
            except KeyError:
                return set()
        found = [one[3] for one in self._lines("etc/passwd") if one[0] == user]
        found += [one[2] for one in self._lines("etc/group") if user in one[3].split(",")]
        return {int(number) for number in found if number.isdecimal()}

    def may_write(self, folder: Path, user: int, groups: Collection[int]) -> bool:
        """Whether the user, without rights beyond a mode's, may make files in the folder."""
        steps = [(folder, 0o3), *((parent, 0o1) for parent in folder.parents)]
        return all(_allows(self.at(path).stat(), user, groups, bits) for path, bits in steps)

    def _lines(self, name: str) -> list[list[str]]:
        """The lines of a file of users or groups, in at least four parts."""
        try:
            text = self.at(f"/{name}").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        return [parts for line in text.splitlines() if len(parts := line.split(":")) > 3]


def _allows(status: os.stat_result, user: int, groups: Collection[int], bits: int) -> bool:
    """Whether a mode gives the user these bits (1 to search, 2 to write)."""
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == user:
        mode >>= 6
    elif status.st_gid in groups:
        mode >>= 3
    return mode & bits == bits
