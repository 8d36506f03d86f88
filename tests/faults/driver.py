"""A process that has loaded everything and forks one child for each run.

It takes requests as lines of JSON on standard input and answers each with a line. A child is
the real command line in a session of its own; no DuckDB was opened before the fork. With
`kill_at` it kills itself before or after so many steps of a write: transactions, checkpoints,
and what is done to files.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from functools import partial, wraps
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from oomdb import cli, resources, spool

if TYPE_CHECKING:
    from collections.abc import Callable

# Whatever a command would load, so that a fork needs no time, and no right, to load it.
for module in (
    "alembic.ddl",
    "encodings.ascii",
    "encodings.latin_1",
    "encodings.utf_8_sig",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "oomdb.delivery.deliver",
    "oomdb.delivery.targets",
    "oomdb.export",
    "oomdb.fleet.budgets",
    "oomdb.fleet.labels",
    "oomdb.fleet_report.site",
    "oomdb.ingest",
    "oomdb.reading",
    "oomdb.reparse",
    "oomdb.rows.builder",
    "oomdb.rows.leaves",
    "oomdb.store.assignment",
    "oomdb.store.custody",
    "oomdb.store.dump",
    "oomdb.store.deriving",
    "oomdb.store.held_rows",
    "oomdb.store.slices",
    "oomdb.store.facts",
    "oomdb.store.migrate",
    "oomdb.store.settle",
    "oomdb.summary",
    "pyarrow.parquet",
):
    import_module(module)

_FILE_STEPS = (
    "open",
    "fsync",
    "ftruncate",
    "rename",
    "replace",
    "unlink",
    "rmdir",
    "chmod",
    "chown",
    "copy_file_range",
    "mkdir",
)
_DATABASE_STEPS = ("begin", "commit", "rollback", "close", "__exit__")
#: Statements that end or begin what is written; others are between them.
_WRITTEN = ("CHECKPOINT", "BEGIN", "COMMIT", "ROLLBACK")
_POLL_S = 0.002


class _Steps:
    """Counts the steps of this process, writes them down, and does harm at one of them.

    It kills the process, with its group or alone, or takes the right to write a folder.
    """

    def __init__(
        self, trace: str, kill_at: int | None, *, group: bool, read_only: str | None
    ) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC)
        self._kill_at = kill_at
        self._group = group
        self._read_only = read_only
        self._pid = os.getpid()
        self._count = 0

    def wrap(self, owner: Any, name: str, *, told: Callable[..., str | None]) -> None:
        """Have calls of a function counted, where `told` gives them a name."""
        plain = getattr(owner, name, None)
        if plain is None:
            return

        @wraps(plain)
        def counted(*args: Any, **options: Any) -> Any:
            step = told(*args)
            if step is None or os.getpid() != self._pid:
                return plain(*args, **options)
            self._pass(f"before {step}")
            try:
                return plain(*args, **options)
            finally:
                self._pass(f"after {step}")

        setattr(owner, name, counted)

    def _pass(self, step: str) -> None:
        os.write(self._trace, f"{step}\n".encode("utf-8", "backslashreplace"))
        if self._count == self._kill_at and self._read_only:
            self._count += 1
            Path(self._read_only).chmod(0o555)
        elif self._count == self._kill_at:
            if self._group:
                os.killpg(0, signal.SIGKILL)
            os.kill(self._pid, signal.SIGKILL)
            time.sleep(60)
        self._count += 1


def _count_steps(steps: _Steps) -> None:
    for name in _FILE_STEPS:
        steps.wrap(os, name, told=partial(_file_step, name))
    for name in _DATABASE_STEPS:
        steps.wrap(duckdb.DuckDBPyConnection, name, told=lambda *_, name=name: name)
    steps.wrap(
        duckdb.DuckDBPyConnection,
        "execute",
        told=lambda _, sql, *rest: next((w for w in _WRITTEN if str(sql).startswith(w)), None),
    )


def _file_step(name: str, *args: Any) -> str | None:
    """What a call does to a file, in words; None when it changes nothing."""
    path = args[0]
    if name == "open" and not args[1] & os.O_CREAT:
        return None
    if isinstance(path, int):
        path = Path(f"/proc/self/fd/{path}").readlink()
    elif name == "unlink" and not os.path.lexists(path):
        return None
    return f"{name} {Path(os.fsdecode(path)).name}"


def _begin(request: dict[str, Any]) -> None:
    """Make the forked child the process that the request asks for."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.update(request.get("environment", {}))
    tempfile.tempdir = None
    for number, path in ((1, request["out"]), (2, request["err"])):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if newer := request.get("resources"):
        resources.folder = lambda name: Path(newer) / name
    if request.get("spools"):
        spool.MOST_ITEMS = 0
    if limit := request.get("file_bytes"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = ["oomdb", *request["arguments"]]
    if trace := request.get("trace"):
        _count_steps(
            _Steps(
                trace,
                request.get("kill_at"),
                group=request.get("group", False),
                read_only=request.get("read_only"),
            )
        )
    if uid := request.get("uid"):
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def _child(request: dict[str, Any]) -> None:
    code = 70
    try:
        _begin(request)
        code = 0
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 70
    except BaseException:
        traceback.print_exc()
        code = 70
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
            util._exit_function()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        os._exit(code)


def _run(request: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(request)
    after_s = request.get("kill_after_s")
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if after_s is not None and time.monotonic() - started >= after_s:
            with suppress(ProcessLookupError):
                if request.get("group"):
                    os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
            after_s = None
        time.sleep(_POLL_S)
    return {
        "pid": pid,
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - started,
    }


def _mount(place: str, options: str) -> dict[str, Any]:
    """Put an empty file system in memory over a folder, in place of the one before."""
    while os.path.ismount(place):
        subprocess.run(["umount", "--lazy", place], check=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "none", place]
    return {"code": subprocess.run(command, check=False).returncode}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        request = json.loads(line)
        is_mount = "mount" in request
        answer = _mount(request["mount"], request["options"]) if is_mount else _run(request)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
