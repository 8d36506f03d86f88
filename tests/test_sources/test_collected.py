"""Logs that were collected from a machine: its host, its zone, its boot."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from oomdb import databases
from oomdb.ingest import ingest
from tests.printed import dmesg, log, report_6_1

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("views_unkept")

FACTS = {
    "hostname": "db7.example.org\n",
    "etc/timezone": "Europe/Berlin\n",
    "proc/stat": "cpu  1 2 3\nbtime 1717513200\n",
    "sos_commands/kernel/uname_-a": "Linux db7 6.1.0-50-amd64 #1 SMP x86_64 GNU/Linux\n",
}
REPORT = report_6_1()


def tree(top: Path) -> Path:
    """An unpacked sosreport with one incident in dmesg, another in a log without a year."""
    files = {name: text.encode() for name, text in FACTS.items()}
    files["sos_commands/kernel/dmesg"] = log(dmesg(REPORT, 62.5))
    other = report_6_1(pid=77, free_kb=801)
    files["var/log/messages-20240610"] = log([f"Jun  4 17:19:10 kernel: {line}" for line in other])
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return top


def packed(top: Path) -> Path:
    """The same as an archive in which the facts come after the logs."""
    archive = top.with_suffix(".tar.xz")
    with tarfile.open(archive, "w:xz") as tar:
        for path in sorted(top.rglob("*"), key=lambda path: path.name in {"hostname", "timezone"}):
            if path.is_file():
                tar.add(path, f"{top.name}/{path.relative_to(top)}")
    return archive


@pytest.mark.parametrize("form", ["unpacked", "packed"])
def test_a_sosreport_names_and_dates_its_reports(tmp_path: Path, form: str) -> None:
    path = tree(tmp_path / "sosreport-db7-2024-06-10")
    if form == "packed":
        path = packed(path)
    database = tmp_path / "oomdb.duckdb"
    summary = ingest([path], database)
    assert summary.set_aside == []
    with databases.open_for_reading(database) as reader:
        found = reader.connection.execute(
            "SELECT hostname, CAST(occurred_at AS TEXT), time_basis FROM events"
            " JOIN hosts USING (host_id) ORDER BY occurred_at"
        ).fetchall()
    assert found == [
        ("db7.example.org", "2024-06-04 15:01:02.5", "boot_clock"),
        ("db7.example.org", "2024-06-04 15:19:10", "stamp+year:name+zone:machine"),
    ]
