"""A cluster of Spark on this machine, as its own programs start it, and logs to read there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from benchmarks.fleet import fleet as generator
from tests.servers.spark import JAVA_OPTIONS
from tests.test_lake.lakes import in_one_database

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).resolve().parents[2]
_LOOPBACK = "127.0.0.1"
_MOST_S = 120
#: Settings for a small machine; executors have the code under test.
LOCAL = {
    "spark.driver.host": _LOOPBACK,
    "spark.driver.bindAddress": _LOOPBACK,
    "spark.driver.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    # What is lost with a worker is not asked for again and again.
    "spark.locality.wait": "0",
    "spark.shuffle.io.maxRetries": "1",
    "spark.shuffle.io.retryWait": "1s",
}


@dataclass(frozen=True)
class Fleet:
    """Logs, and the canonical dump of a database that one machine made of them."""

    logs: Path
    expected: list[str]

    @classmethod
    def written(cls, folder: Path) -> Fleet:
        """A generated fleet: every carrier, copies, compressed and rotated files."""
        logs = folder / "logs"
        generator.write(
            generator.Fleet(hosts=10, events=30, days=5, lines_an_hour=4, processes=20), logs
        )
        return cls(logs, in_one_database(folder, [logs]))


class Cluster:
    """A standalone master and its workers, each a process group of its own."""

    def __init__(self, folder: Path) -> None:
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        self._home = Path(spec.origin).parent
        self._folder = folder
        with socket.socket() as free:
            free.bind((_LOOPBACK, 0))
            self._port = free.getsockname()[1]
        self.master = f"spark://{_LOOPBACK}:{self._port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
        self.conf = {
            **LOCAL,
            "spark.cores.max": "2",
            "spark.executor.cores": "1",
            "spark.executor.memory": "512m",
            "spark.executor.extraJavaOptions": JAVA_OPTIONS,
            "spark.executorEnv.PYTHONPATH": path,
        }

    def __enter__(self) -> Self:
        master = ["master.Master", "--host", _LOOPBACK, "--port", str(self._port)]
        self._start("master", [*master, "--webui-port", "0"])
        wait_for(lambda: "I have been elected leader" in self._log("master"))
        for _ in range(2):
            self.add_worker()
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            self.kill(process)

    def add_worker(self) -> None:
        """Start one more worker, with one processor."""
        name = f"worker{len(self.workers)}"
        work = ["worker.Worker", "--host", _LOOPBACK, "--webui-port", "0", "--cores", "1"]
        work += ["--memory", "1g", "--work-dir", str(self._folder / name), self.master]
        self.workers.append(self._start(name, work))
        wait_for(lambda: "Successfully registered with master" in self._log(name))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a worker, with its executor, or the master at once."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "SPARK_HOME": str(self._home),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": JAVA_OPTIONS,
            "SPARK_LOCAL_IP": _LOOPBACK,
            "SPARK_LOG_LEVEL": "INFO",
        }
        program, *rest = arguments
        command = [str(self._home / "bin/spark-class"), f"org.apache.spark.deploy.{program}", *rest]
        with (self._folder / f"{name}.log").open("wb") as log:
            started = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        self._processes.append(started)
        return started

    def _log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(errors="replace")


def wait_for(condition: Callable[[], bool], step_s: float = 0.1) -> None:
    """Wait until something holds; TimeoutError after a long while."""
    end = time.monotonic() + _MOST_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(step_s)


def group_of(leader: int) -> set[int]:
    """The processes of a session, whatever their group: a worker and all that it started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found.add(int(path.parent.name))
    return found


def is_python(pid: int) -> bool:
    """Whether a process runs Python for an executor."""
    try:
        return b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
