"""The file `oomdb.toml`: where it is, what it says, and on which line.

tomllib comes in with the first file, so that commands without one start as before.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE_NAME = "oomdb.toml"
#: The environment variable that names another file.
VARIABLE = "OOMDB_CONFIG"
#: A file beyond it is no configuration.
_MOST_BYTES = 1 << 18

_PLACE = re.compile(r" \(at line (\d+), column \d+\)")


def places(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where a file is looked for, the first that exists being the one: XDG, then /etc/oomdb."""
    home = environment.get("HOME")
    own = environment.get("XDG_CONFIG_HOME")
    if own and own.startswith("/"):
        yield Path(own, "oomdb", FILE_NAME)
    elif home and home.startswith("/"):
        yield Path(home, ".config", "oomdb", FILE_NAME)
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"):
        if folder.startswith("/"):
            yield Path(folder, "oomdb", FILE_NAME)
    yield Path("/etc/oomdb", FILE_NAME)


def find(option: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The file in force: the option, else OOMDB_CONFIG, else the first place with one.

    None when there is none. UsageError when one that was named is not there.
    """
    named = option or environment.get(VARIABLE)
    if named:
        path = Path(named)
        if not path.exists():
            raise UsageError(f"no configuration file at {path}")
        return path
    return next((path for path in places(environment) if os.path.exists(path)), None)  # noqa: PTH110


def read(path: Path) -> tuple[dict[str, object], str]:
    """The values by their full names (`smtp.host`), and the text.

    UsageError, with the line, when the file is no TOML or cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode()
    except OSError as error:
        advice = ""
        if isinstance(error, PermissionError):
            advice = "; let all read it, with its secrets in files of their own"
        raise UsageError(f"cannot read {path}: {error.strerror}{advice}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: not UTF-8") from None
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{path}: more than {_MOST_BYTES:,} bytes is no configuration")
    return _flat(_parsed(path, text)), text


def _parsed(path: Path, text: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place.group(1)) if place else text.count("\n") + 1
        raise UsageError(f"{path}:{line}: {_PLACE.sub('', str(error))}") from None


def _flat(table: dict[str, object], before: str = "") -> dict[str, object]:
    """The values of a table and the tables in it; of an empty table itself."""
    found: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{before}{key}.")
        else:
            found[before + key] = value
    return found


def lines_of(text: str) -> dict[str, int]:
    """The line on which each value of a TOML text begins, from 1, by its full name.

    What is in the first lines but not in fewer of them stands on the lines between; that
    asks the parser itself, so no form of TOML is misread.
    """
    import tomllib

    found: dict[str, int] = {}
    lines = text.splitlines(keepends=True)
    first = 0
    for end in range(1, len(lines) + 1):
        if not "".join(lines[first:end]).strip():
            first = end
            continue
        try:
            known = _flat(tomllib.loads("".join(lines[:end])))
        except tomllib.TOMLDecodeError:
            continue
        for name in known.keys() - found.keys():
            found[name] = first + 1
        first = end
    return found
