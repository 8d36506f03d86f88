"""What is true of each log: the corpus's JSON files as plain records."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: More pages than any machine has: such a printed number is nonsense (52 address bits).
MAX_PAGES = 2**40
#: The same in kilobytes.
MAX_KB = 2**42

_CONSTRAINT_KINDS = {
    "CONSTRAINT_NONE": "none",
    "CONSTRAINT_MEMCG": "memcg",
    "CONSTRAINT_CPUSET": "cpuset",
    "CONSTRAINT_MEMORY_POLICY": "memory_policy",
}


def constraint_kind(printed: str | None) -> str | None:
    """`events.constraint_kind` for a constraint as printed; None for an unknown one."""
    return _CONSTRAINT_KINDS.get(printed or "")


@dataclass(frozen=True)
class Kill:
    """One killed process as the truth has it; `sizes` has only what was printed."""

    pid: int
    comm: str
    sizes: tuple[tuple[str, int], ...] = ()


@dataclass
class Expected:
    """One report of a public log, as its independent reading has it."""

    invoker: str | None
    header: dict[str, Any]
    constraint_printed: str | None
    kills: list[Kill]
    scores: list[tuple[int, str, int]]
    no_killable: bool
    panic: str | None
    table_header: str | None
    table_rows: int
    zone_count: int
    zones: list[dict[str, Any]]
    ram_pages: int | None
    kernel_release: str | None
    cgroup: dict[str, int]
    tells_memcg: bool = False

    @property
    def constraint_kinds(self) -> tuple[str | None, ...]:
        """The values of events.constraint_kind that can be right.

        Where no constraint is named, other lines of a cgroup's report still tell.
        """
        if self.constraint_printed is not None:
            return (constraint_kind(self.constraint_printed),)
        return (None, "memcg") if self.tells_memcg else (None,)

    @property
    def kinds(self) -> frozenset[str]:
        """The values of events.kind that can be right."""
        if self.kills or self.scores:
            return frozenset({"oom_kill"})
        if self.no_killable:
            return frozenset({"no_victim", "panic"})
        if self.panic is not None:
            return frozenset({"panic"})
        return frozenset({"oom_kill", "no_victim"})


@dataclass(frozen=True)
class CarrierReport:
    """One incident of a carrier's folder: constraint, victims in order, exact names."""

    constraint: str
    killed_pids: list[int]
    names: dict[int, bytes]


@dataclass
class LabTruth:
    """What the guest and a scan of its console say about one lab log."""

    kernel: str | None
    page_size: int | None
    scan: dict[str, int]
    constraints: list[str] | None
    killed_pids: list[int]
    exact_names: dict[int, bytes]
    adj: dict[int, int] = field(default_factory=dict)
    uid: dict[int, int] = field(default_factory=dict)
    killed_by_guest: list[int] | None = None


def read_lab(path: Path) -> LabTruth:
    """The truth of a lab log from its JSON file."""
    data = json.loads(path.read_text("utf-8"))
    truth = data["truth"]
    by_guest = truth.get("killed_by_sigkill")
    named = [*(by_guest or []), *truth.get("batch_workers", []), *truth.get("leaky_worker", [])]
    expected = data.get("expected", {})
    if isinstance(expected, list):
        constraints = [entry["constraint"] for entry in expected]
    elif "constraint" in expected:
        constraints = [expected["constraint"]]
    else:
        constraints = None
    page_size = data.get("page_size")
    return LabTruth(
        kernel=data.get("kernel"),
        page_size=None if page_size is None else int(page_size),
        scan=data.get("log_scan", {}),
        constraints=constraints,
        killed_pids=list(dict.fromkeys(data.get("log_killed_pids", []))),
        exact_names={entry["pid"]: bytes.fromhex(entry["comm_hex"]) for entry in named},
        adj={entry["pid"]: entry["adj"] for entry in by_guest or []},
        uid={entry["pid"]: entry["uid"] for entry in by_guest or []},
        killed_by_guest=[entry["pid"] for entry in by_guest]
        if by_guest and truth.get("oom_kills_vmstat") is not None
        else None,
    )


def read_public(path: Path) -> list[Expected]:
    """The reports of a public log in printed order, a headless first one included."""
    data = json.loads(path.read_text("utf-8"))
    fragment = data.get("fragment_before_first_report")
    memcg = "memcg" in data.get("meta", {}).get("constraint", "")
    entries = ([fragment] if fragment else []) + data["reports"]
    return [_expected(entry, tells_memcg=memcg) for entry in entries]


_HEADER = {
    "gfp_names": "gfp_names",
    "order": "alloc_order",
    "oom_score_adj": "invoker_oom_score_adj",
    "nodemask": "nodemask",
}
_SIZES = ("total_vm_kb", "anon_rss_kb", "file_rss_kb", "shmem_rss_kb")
_CGROUP = {
    "memcg_usage_kb": "memory.usage",
    "memcg_limit_kb": "memory.limit",
    "memcg_failcnt": "memory.failcnt",
}


def _expected(entry: dict[str, Any], *, tells_memcg: bool) -> Expected:
    header = {column: entry[key] for key, column in _HEADER.items() if entry.get(key) is not None}
    if entry.get("gfp_mask") is not None:
        header["gfp_mask"] = int(entry["gfp_mask"], 16)
    kills = [
        Kill(
            kill["pid"],
            kill["comm"],
            tuple((name, kill[name]) for name in _SIZES if name in kill),
        )
        for kill in entry["kills"]
    ]
    return Expected(
        invoker=entry["invoker"],
        header=header,
        constraint_printed=entry["constraint_printed"],
        kills=_each_once(kills),
        scores=[(score["pid"], score["comm"], score["score"]) for score in entry["scores"]],
        no_killable=entry["no_killable"],
        panic=entry["panic"],
        table_header=entry["table_header"],
        table_rows=entry["table_rows"],
        zone_count=entry["zone_count"],
        zones=entry["zones"],
        ram_pages=entry["pages_RAM"],
        kernel_release=entry["kernel_printed"],
        cgroup={name: entry[key] for key, name in _CGROUP.items() if key in entry},
        tells_memcg=tells_memcg,
    )


def _each_once(kills: list[Kill]) -> list[Kill]:
    """A group kill prints its first victim twice, and a block may be pasted twice."""
    first: dict[int, Kill] = {}
    for kill in kills:
        known = first.get(kill.pid)
        if known is None or len(kill.sizes) > len(known.sizes):
            first[kill.pid] = kill
    return list(first.values())


def read_carrier(folder: Path) -> list[CarrierReport] | None:
    """The incidents that the files of `folder` tell of; None when nothing says so."""
    if (folder / "truth.json").exists():
        data = json.loads((folder / "truth.json").read_text("utf-8"))
        lab = read_lab(folder / "truth.json")
        pids = iter(lab.killed_pids)
        return [
            CarrierReport(
                entry["constraint"], [next(pids) for _ in entry["killed"]], lab.exact_names
            )
            for entry in data["expected"]
        ]
    if not (folder / "gt.jsonl").exists():
        return None
    diary = [json.loads(line) for line in (folder / "gt.jsonl").read_text("utf-8").splitlines()]
    killed = [entry for entry in diary if entry.get("ev") == "exit" and entry.get("signal") == 9]
    names = {entry["pid"]: bytes.fromhex(entry["comm_hex"]) for entry in killed}
    return [CarrierReport("CONSTRAINT_NONE", [entry["pid"] for entry in killed], names)]
