"""The samples as if a small fleet had logged them within two weeks.

Each sample's lines get a stamp and a host, as rsyslog writes them, and are otherwise as they
are; several hosts may meet the same incident. So pages about fleets can be shown and tested
on what kernels printed. `python -m tools.fleet_of_samples FOLDER` writes the logs.
"""

from __future__ import annotations

import re
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from oomdb.fleet.budgets import import_budgets
from oomdb.fleet.labels import import_labels
from oomdb.ingest import ingest

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
#: The fleet's last day ends with it; reports about its last week show both weeks.
UNTIL = "2026-06-08"
#: What its owner tells of it.
_LABELS = "host,role\nweb*,web\nmq*,broker\nkube*,kubernetes\ndb*,database\n"
_BUDGETS = "label,comm,kb,note\nrole=broker,java,4521984,heap 4 GB + PermGen 320 MB\n"
_BEGIN = datetime(2026, 5, 25)
_PREFIX = re.compile(r"(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\S+) \S+ kernel: ")
_STAMP = re.compile(r"\[ *(\d+)\.(\d+)\] ")

#: Sample: the hosts that met it, each with the hours after the begin.
_MET: dict[str, dict[str, tuple[float, ...]]] = {
    "rocketmq-8g.log": {"mq1": (228.4,), "mq2": (253.2,), "mq3": (301.7,)},
    "5.10-amd64--global.log": {"web1": (40.1,), "web2": (190.3,), "web3": (262.9,)},
    "5.10-amd64--memcg-v2.log": {"batch1": (63.0,), "batch2": (209.5,)},
    "5.10-amd64--order-3.log": {"store1": (275.6,)},
    "6.1-amd64--allocation-failure.log": {"store1": (279.1,), "store2": (322.4,)},
    "6.1-amd64--cpuset.log": {"batch2": (301.2,)},
    "6.1-amd64--global.log": {"web1": (99.7, 236.0), "web4": (331.2,)},
    "6.1-amd64--group-kill.log": {"batch1": (226.3,)},
    "6.1-amd64--hugetlb.log": {"db1": (171.8,)},
    "6.1-amd64--memcg-v1.log": {"batch3": (12.2,)},
    "6.1-amd64--memcg-v2-pod.log": {
        "kube1": (187.3, 205.6, 281.2),
        "kube2": (199.0, 248.8),
        "kube3": (110.4, 266.1, 318.5),
    },
    "6.1-amd64--page-tables.log": {"db1": (288.3,)},
    "6.1-amd64--panic-on-oom.log": {"db2": (310.5,)},
    "6.1-amd64--slab.log": {"store2": (150.9, 295.4)},
    "6.1-amd64--swap.log": {"web2": (325.6,)},
    "6.1-amd64--tmpfs.log": {"build1": (81.0, 259.3)},
    "6.1-amd64--two-cpus.log": {"build1": (306.7,)},
    "7.3-amd64--global.log": {"web5": (242.2,)},
    "7.3-amd64--memcg-v2.log": {"kube4": (217.7,)},
    "made/3.10-x86_64--rhel7-docker-memcg.log": {"legacy1": (51.5, 240.9)},
    "made/4.15-x86_64--kubernetes-memcg.log": {"kube5": (121.3,)},
    "made/5.2-x86_64--uid-on-the-summary-line.log": {"legacy2": (33.3,)},
    "made/6.8-x86_64--rss-columns.log": {"web5": (271.0,)},
}


def write(folder: Path) -> None:
    """Write a log for each host, its lines in the order of time."""
    folder.mkdir(parents=True, exist_ok=True)
    logs: dict[str, list[tuple[float, list[str]]]] = {}
    for sample, hosts in _MET.items():
        for host, hours in hosts.items():
            for hour in hours:
                logs.setdefault(host, []).append((hour, _lines(sample, host, hour)))
    for host, parts in logs.items():
        lines = [line for _, part in sorted(parts) for line in part]
        Path(folder, f"{host}.log").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_into(database: Path) -> None:
    """Make a database of it, with labels of its hosts and a budget."""
    with tempfile.TemporaryDirectory(prefix="oomdb-fleet-") as scratch:
        folder = Path(scratch)
        write(folder / "logs")
        ingest([folder / "logs"], database)
        for content, imported in ((_LABELS, import_labels), (_BUDGETS, import_budgets)):
            sheet = folder / "sheet.csv"
            sheet.write_text(content, encoding="utf-8")
            imported(sheet, database)


def _lines(sample: str, host: str, hour: float) -> list[str]:
    """The sample's lines as one host logs them, from an hour of the two weeks on."""
    content = (SAMPLES / sample).read_text(encoding="utf-8", errors="surrogateescape")
    begin = _BEGIN + timedelta(hours=hour)
    boot_s = round(hour * 1777 + sum(map(ord, host)) * 100)
    found = []
    for line in content.splitlines():
        if line.startswith("# "):
            continue
        text = _PREFIX.sub("", line)
        stamp = _STAMP.match(text)
        if stamp:
            # Each meets it at another time since it was booted.
            text = f"[{int(stamp[1]) + boot_s:5}.{stamp[2]}] {text[stamp.end() :]}"
        found.append(f"{begin.isoformat(timespec='microseconds')}+00:00 {host} kernel: {text}")
        begin += timedelta(milliseconds=1)
    return found


if __name__ == "__main__":
    write(Path(sys.argv[1]))
