"""Runs of commands by the driver, and what they leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tests.faults.commands import DATABASE, NEWER

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parent.parent.parent
#: Workers that are alone have so long to end [s].
_ORPHANS_S = 10
#: Room for the databases of a command, several times.
_MEMORY_BYTES = 256 << 20
#: Columns that tell of the moment of a run.
_OF_THE_MOMENT = {
    "sources": ("ingested_at", "reading"),
    "custody": ("happened_at", "previous_sha256", "entry_sha256"),
}
#: A mount namespace: root's own, or in a user namespace.
_OWN_MOUNTS = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended: `code` is negative when a signal ended it; `steps` where asked for."""

    pid: int
    code: int
    seconds: float
    out: str
    err: str
    steps: tuple[str, ...] = ()

    @property
    def is_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -9


class Driver:
    """The process that forks runs, and the folder where each says what it did.

    With `mounts` it lives in a mount namespace of its own, where file systems can be mounted
    that are gone with it.
    """

    def __init__(self, folder: Path, *, mounts: bool = False) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True, mode=0o777)
        folder.chmod(0o777)
        self._process = subprocess.Popen(
            [*(_OWN_MOUNTS if mounts else []), sys.executable, "-m", "tests.faults.driver"],
            cwd=REPOSITORY,
            # What starts workers in this Python looks nowhere else for the package.
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def run(
        self,
        folder: Path,
        *arguments: str,
        tmp: Path | None = None,
        steps: bool = False,
        **options: Any,
    ) -> Ended:
        """Run `oomdb` in `folder`; the options are those of a request to the driver."""
        out, err, trace = (self._folder / name for name in ("out", "err", "trace"))
        for path in (out, err, trace):
            path.unlink(missing_ok=True)
        request = {
            "folder": str(folder),
            "arguments": arguments,
            "out": str(out),
            "err": str(err),
            **options,
            "environment": {
                **({"TMPDIR": str(tmp)} if tmp is not None else {}),
                **options.get("environment", {}),
            },
        }
        if steps or "kill_at" in options:
            request["trace"] = str(trace)
        newer = folder / NEWER
        if newer.exists():
            request["resources"] = str(newer)
        answer = self._ask(request)
        return Ended(
            answer["pid"],
            answer["code"],
            answer["seconds"],
            _text(out),
            _text(err),
            tuple(_text(trace).splitlines()),
        )

    def mount(self, place: Path, options: str) -> None:
        """Put an empty file system in memory over a folder, in place of the one before."""
        done = self._ask({"mount": str(place), "options": options})
        assert not done["code"], done

    def see(self, path: Path) -> Path:
        """The path as the driver sees it, whose file systems are its own."""
        return Path(f"/proc/{self._process.pid}/root{path}")

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def dump(self, folder: Path) -> str:
        """The canonical dump of the database in a folder, by a fresh process."""
        done = self.run(folder, "dump", "--canonical")
        assert done.code == 0, done.err
        return done.out


def _text(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def content(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but what tells of the moment of an ingest, by DuckDB alone."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        found = {}
        for schema, table in tables:
            names = _OF_THE_MOMENT.get(table)
            columns = f"* EXCLUDE ({', '.join(names)})" if names else "*"
            sql = f'SELECT {columns} FROM "{schema}"."{table}" ORDER BY ALL'
            found[f"{schema}.{table}"] = connection.execute(sql).fetchall()
        return found


def orphans(session: int) -> list[int]:
    """The processes of a session that still live after a while."""
    end = time.monotonic() + _ORPHANS_S
    while (found := list(_members(session))) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def _members(session: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in ("Z", "X"):
                yield int(stat.parent.name)


def leftovers(folder: Path, tmp: Path) -> list[str]:
    """What lies beside the database and in TMPDIR that is nobody's any more."""
    beside = [path.name for path in folder.glob(f"{DATABASE}?*")]
    return sorted(beside + [path.name for path in tmp.iterdir()])


def scratch_root() -> str | None:
    """A folder in memory, where a kill is as good as on a disk and fsync costs nothing."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _MEMORY_BYTES:
        return str(memory)
    return None


def can_mount() -> bool:
    """Whether this machine lets a test mount a file system in memory."""
    command = [*_OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
