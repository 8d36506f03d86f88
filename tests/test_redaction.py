"""What stands for names, and that no text of a log gets past it, however the log is damaged."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.export import export
from oomdb.ingest import ingest
from oomdb.lines import KINDS
from oomdb.redaction.columns import PRINTED_NAMES
from oomdb.redaction.names import Names
from oomdb.redaction.patterns import KERNEL_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = Path(__file__).parent.parent / "samples"
KEY = b"a key for tests alone, not for you"

#: A name that nothing else holds, and as programs and systemd write it.
CANARY = "zqxjvw"
_BYTES = CANARY.encode()
DRESSED = (
    CANARY,
    CANARY.upper(),
    CANARY.capitalize(),
    f"{CANARY}-db1.example.com",
    "".join(rf"\x{byte:02x}" for byte in _BYTES),
    "".join(f"#{byte:03o}" for byte in _BYTES),
    "".join(rf"\{byte:03o}" for byte in _BYTES),
    "".join(f"%{byte:02x}" for byte in _BYTES),
    "клиент",
    "".join(rf"\x{byte:02x}" for byte in "клиент".encode()),
)
#: Parts of it that a tear leaves, escapes, and a number that is none of a report. Hashes are
#: too short to hold one by chance.
_LEAK = re.compile(
    r"zqxjv|qxjvw|клие|иент|\\x(?!2d)|#1[0-7]{2}|\\1[0-7]{2}|%7[0-9a-f]|\b7a.71\b|\b49151(?:23456)?\b",
    re.I,
)


def cells(folder: Path) -> Iterator[tuple[str, str]]:
    """Every text in files of Parquet and in what is told of their columns, with its place."""
    for file in sorted(folder.iterdir()):
        rows = duckdb.execute(f"SELECT * FROM '{file}'")
        names = [column[0] for column in rows.description or ()]
        told = duckdb.execute(
            "SELECT path_in_schema, stats_min, stats_max, stats_min_value, stats_max_value"
            f" FROM parquet_metadata('{file}')"
        ).fetchall()
        for row in told:
            yield from ((f"{file.stem} {row[0]}", str(value)) for value in row[1:])
        seen = {
            (name, value)
            for row in rows.fetchall()
            for name, value in zip(names, row, strict=True)
            if isinstance(value, (str, bytes))
        }
        yield from ((f"{file.stem}.{name}", str(value)) for name, value in seen)


def facts(path: Path) -> Iterator[tuple[str, str]]:
    """Every text in a database, in the tables of kept views too."""
    with duckdb.connect(str(path), read_only=True) as database:
        found = database.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, table in found:
            rows = database.execute(f"SELECT DISTINCT COLUMNS(*)::VARCHAR FROM {schema}.{table}")
            for row in rows.fetchall():
                yield from ((f"{schema}.{table}", value) for value in row if value is not None)


def leaks(folder: Path) -> list[tuple[str, str]]:
    """What an export of the logs in a folder tells of the canary."""
    database = folder.parent / f"{folder.name}.duckdb"
    redacted, files = database.with_suffix(".redacted.duckdb"), database.with_suffix(".tables")
    ingest([folder], database)
    export(database, redacted, KEY)
    export(redacted, files, None)
    written = b"".join(file.read_bytes() for file in (redacted, *files.iterdir())).lower()
    assert _BYTES not in written
    assert "клиент".encode() not in written
    texts = {*facts(redacted), *cells(files)}
    assert len({text for _, text in texts}) > 100
    return sorted((place, text) for place, text in texts if _LEAK.search(text))


def torn(line: str, draw: random.Random) -> str:
    """A line that something else was written into, before or after, or that was cut."""
    name, at = draw.choice(DRESSED), draw.randrange(len(line) + 1)
    inside = draw.choice((name, f"{name} login: ", f" {name}:5 {name}_b:7", f"\n{name}\n"))
    number = draw.randrange(1, 99)
    return draw.choice(
        (
            line[:at] + inside + line[at:],
            line[:at] + inside + line[at:],
            line[:at] + name,
            name + line[at:],
            f"{name}-db1> {line}",
            f"[{name}/{name}] {line}",
            f"{name} | {line}",
            f"{line} {name}:{number}kB {name} {number}",
            re.sub(r"[A-Za-z_]+", lambda word: draw.choice((word[0], word[0], name)), line),
        )
    )


def test_nothing_of_torn_logs_gets_out(tmp_path: Path) -> None:
    draw = random.Random("torn")
    logs = tmp_path / "logs"
    logs.mkdir()
    for path in sorted(SAMPLES.rglob("*.log")):
        lines = path.read_text("utf-8", "surrogateescape").splitlines()[:400]
        text = "\n".join(torn(line, draw) if draw.random() < 0.15 else line for line in lines)
        (logs / path.name).write_text(text, "utf-8", "surrogateescape")
    assert leaks(logs) == []


def test_nothing_of_lines_that_any_kernel_prints_gets_out(tmp_path: Path) -> None:
    """A report around each kind of line, torn in some places."""
    draw = random.Random("lines")
    logs = tmp_path / "logs"
    logs.mkdir()
    for kind in KINDS:
        reports = []
        for number, sample in enumerate(kind.samples * 4):
            line = torn(sample, draw)
            reports += [
                f"a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj={number}",
                f"CPU: 0 PID: {number} Comm: a Not tainted 6.1.0 #1",
                "Mem-Info:",
                "active_anon:28337 inactive_anon:0 isolated_anon:0",
                "Node 0 DMA free:880kB min:168kB low:208kB high:248kB present:15992kB",
                "Memory cgroup stats for /a:",
                "anon 41512960",
                line,
                f"Out of memory: Killed process {number + 9} (a) total-vm:{number}kB,"
                " anon-rss:8kB, file-rss:0kB",
            ]
        (logs / f"{kind.name}.log").write_text("\n".join(reports))
    assert leaks(logs) == []


KILL = (
    "Killed process {} (java) total-vm:65028kB, anon-rss:39072kB, file-rss:0kB, shmem-rss:12kB,"
    " UID:1000 pgtables:144kB oom_score_adj:968"
)


def test_nothing_of_undamaged_reports_gets_out(tmp_path: Path) -> None:
    """Names that people chose in every place that kernels print them."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for number, name in enumerate(DRESSED):
        comm = name[:15]
        lines = [
            f"{comm} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
            f"CPU: 0 PID: {number} Comm: {comm} Not tainted 6.1.0-{CANARY} #1 ({CANARY}@{CANARY})",
            f"Hardware name: {name}",
            f"Workqueue: wg-crypt-{name} wg_packet_encrypt_worker",
            "Call Trace:",
            f" {CANARY}_open+0x1/0x2 [{CANARY}]",
            "memory: usage 40960kB, limit 40960kB, failcnt 173",
            f"Memory cgroup stats for /{name}/4915123456/49-151-23456:",
            "anon 41512960",
            "Mem-Info:",
            "active_anon:28337 inactive_anon:0 isolated_anon:0",
            f"Node 0 DMA free:880kB min:168kB low:208kB high:248kB {CANARY}:15992kB",
            "Unreclaimable slab info:",
            "Name                      Used          Total",
            f"dentry(55:a){CANARY})      96KB         96KB",
            f"{CANARY}_cache             96KB         96KB",
            f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset={name},mems_allowed=0,"
            f"oom_memcg=/{name},task_memcg=/{name}/pod{name},task={comm},pid={number + 9},uid=1000",
            f"Memory cgroup out of memory: {KILL.format(number + 9).replace('java', comm)}",
            f"Kernel panic - not syncing: Out of memory: {name} panic_on_oom is enabled",
        ]
        stamps = [f"2024-06-04T17:{number:02}:10.{at:06}+00:00" for at in range(len(lines))]
        text = [
            f"{s} {name} kernel: [9.{at:06}] {line}"
            for at, (s, line) in enumerate(zip(stamps, lines, strict=True))
        ]
        (logs / f"{CANARY}{number}.log").write_text("\n".join(text))
    assert leaks(logs) == []


@pytest.mark.parametrize("form", KERNEL_WORDS.values(), ids=KERNEL_WORDS)
def test_no_form_takes_another_word(form: str) -> None:
    words = [
        *DRESSED, "Jane", "ACME", "GFP_ACME", "CONSTRAINT_ACME", "10.0.0.7", "0xacme", "a,b", "a b",
        "Out of memory: acme", "acme Out of memory", "stamp+zone:acme", "cut_end,acme", "G ACME",
        "Acme 4 10:00:00", "2024-06-04T10:00:00 acme",
    ]  # fmt: skip
    taken = [
        word
        for word in words
        if duckdb.execute("SELECT REGEXP_FULL_MATCH(?, ?)", [word, form]).fetchone() == (True,)
    ]
    assert taken == []


# Names


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/system.slice/postgresql.service", r"/system\.slice/n\w{9}\.service"),
        ("/user.slice/user-1000.slice", r"/user\.slice/user-1000\.slice"),
        ("/user.slice/user@60123.service", r"/user\.slice/user@60123\.service"),
        ("user-60123.slice", r"user-60123\.slice"),
        ("/a-user-60123", r"/n\w{9}-user-n\w{9}"),
        ("/system.slice/web@7.service", r"/system\.slice/n\w{9}@7\.service"),
        ("/49151", r"/n\w{9}"),
        ("/49-151-2345", r"/n\w{9}"),
        (r"/49\x2d151\x2d2345", r"/n\w{9}"),
        ("/vm-10.11.12.13", r"/n\w{9}-n\w{9}"),
        (r"/machine.slice/machine-qemu\x2d1\x2dshop.scope",
         r"/machine\.slice/machine-qemu\\x2d1\\x2dn\w{9}\.scope"),
        (r"/app-\xe6\xa0\xaa-\x7a.scope", r"/app-n\w{9}-n\w{9}\.scope"),
        (r"/a\346\240\252/%41%42", r"/n\w{9}/n\w{9}"),
        ("/docker/" + "5ad0c0ff" * 8, r"/docker/[0-9a-f]{64}"),
        ("/docker/" + "5ad0c0ff" * 80, r"/docker/[0-9a-f]{640}"),
        ("/kubepods/burstable/pod0b1c2d3e-0000-11e9-8000-0123456789ab",
         r"/kubepods/burstable/pod[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("/kunde müller/\u202e", r"/n\w{9}/n\w{9}"),
        ("/", "/"),
    ],
)  # fmt: skip
def test_a_cgroup_keeps_its_shape(path: str, shape: str) -> None:
    assert re.fullmatch(shape, Names(KEY).cgroup(path))


def test_a_short_host_name_begins_its_full_one() -> None:
    names = Names(KEY)
    assert names.host("Web1.example.com").startswith(names.host("web1") + ".")
    assert names.host("localhost") == "localhost"
    assert "10.0.0.7" not in names.host("10.0.0.7")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("kmalloc-64", "kmalloc-64"),
        (":A-0000192", ":A-0000192"),
        ("Acpi-State", "Acpi-State"),
        ("dentry(12:customer)", r"dentry\(12:n\w{9}\)"),
        ("dentry(55:a)customer)", r"dentry\(55:n\w{9}\)n\w{9}\)"),
        ("kmalloc-8k(12:the customer", r"kmalloc-8k\(12:n\w{9}"),
        ("customer_cache", r"s\w{10}"),
        ("kmalloc-customer", r"s\w{10}"),
    ],
)
def test_a_slab_cache_keeps_a_kernels_name_but_not_its_cgroup(name: str, shape: str) -> None:
    assert re.fullmatch(shape, Names(KEY).slab(name))


@pytest.mark.parametrize(
    ("place", "name", "shape"),
    [
        ("events.kernel_release", "6.1.0-50-amd64", r"6\.1\.0-50-amd64"),
        ("events.kernel_release", "5.15.0-100.96.32.el8uek.x86_64", r".*\.el8uek\.x86_64"),
        ("events.kernel_release", "6.1.0-acme+", r"6\.1\.0-n\w{9}\+"),
        ("events.kernel_release", "6.1.0acme", r"6\.1\.n\w{9}"),
        ("events.kernel_release", "acme 6.1.0", "None"),
        ("events.task_table_header", "[ pid ]   uid acme name", r"\[ pid \]   uid k\w{10} name"),
        ("stack_frames.symbol", "dump_header.isra.4", r"dump_header\.isra\.4"),
        ("stack_frames.symbol", "dump_header.acme", r"f\w{12}"),
        ("stack_frames.symbol", "__x64_sys_read", "__x64_sys_read"),
        ("stack_frames.symbol", "__x64_sys_acme", r"f\w{12}"),
        ("stack_frames.symbol", "c0011a44", "c0011a44"),
        ("stack_frames.module", "xfs", "xfs"),
        ("stack_frames.module", "acme", r"m\w{10}"),
        ("stack_frames.called_from", "[<c0067480>] (show_stack+0x18/0x1c)", r"\[<c0067480>.*"),
        ("stack_frames.called_from", "acme+0x18/0x1c [acme]", r"f\w{12}\+0x18/0x1c \[m\w{10}\]"),
        ("stack_frames.called_from", "by acme", "None"),
        ("allocation_sites.site", "mm/memory.c:1124", r"mm/memory\.c:1124"),
        ("allocation_sites.site", "/home/acme/drv.c:3", r"n\w{9}/n\w{9}/n\w{9}/n\w{9}\.c:3"),
        ("cgroup_counters.name", "memory+swap.limit", r"memory\+swap\.limit"),
        ("cgroup_counters.name", "acme.limit", r"k\w{10}"),
        ("extra_fields.name", "column_5", "column_5"),
        ("extra_fields.name", "high_kb", "high_kb"),
    ],
)  # fmt: skip
def test_what_no_kernel_is_known_to_print_is_hashed(place: str, name: str, shape: str) -> None:
    assert re.fullmatch(shape, str(PRINTED_NAMES[place](Names(KEY), name)))


@given(st.text(min_size=1, max_size=40))
def test_a_name_is_not_in_what_stands_for_it(name: str) -> None:
    names = Names(KEY)
    assert len(names.comm(name).encode()) <= 15
    for redacted in (names.comm(name), names.host(f"x{name}"), names.path(name)):
        assert len(name) < 4 or name not in redacted
        assert redacted.isascii() or "." in name
    assert names.cgroup(f"/{name}").isascii()
