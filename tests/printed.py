"""Reports as kernels print them, written for tests, with the numbers they hold."""

from __future__ import annotations

HEADER_6_1 = (
    "java invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), "
    "order=0, oom_score_adj=0"
)
TASK_HEADER_6_1 = (
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"
)
ROWS_6_1 = (
    "[    112]     0   112      565      263    28672        0         -1000 init",
    "[    124]  1000   124    19959    19578   196608       17             0 java",
)


def report_6_1(
    *, invoker: str = "java", victim: str = "java", pid: int = 124, free_kb: int = 880
) -> list[str]:
    """A whole global report of Linux 6.1 without a stack; the table has two rows."""
    return [
        f"{invoker} {HEADER_6_1.partition(' ')[2]}",
        f"CPU: 0 PID: {pid} Comm: {invoker} Not tainted 6.1.0-50-amd64 #1  Debian 6.1.176-1",
        "Mem-Info:",
        "active_anon:28337 inactive_anon:0 isolated_anon:0",
        " active_file:7 unevictable:0 slab_reclaimable:510 free:443 free_pcp:506 free_cma:0",
        "Node 0 active_anon:113348kB inactive_anon:0kB shmem_thp: 0kB all_unreclaimable? no",
        f"Node 0 DMA free:{free_kb}kB boost:0kB min:168kB low:208kB high:248kB"
        " present:15992kB managed:15360kB free_cma:0kB",
        "lowmem_reserve[]: 0 125 125 125 125",
        "Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (M) = 20kB",
        "2610 total pagecache pages",
        "Free swap  = 0kB",
        "Total swap = 0kB",
        "49019 pages RAM",
        "13100 pages reserved",
        "Tasks state (memory values in pages):",
        TASK_HEADER_6_1,
        *ROWS_6_1,
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
        f"task_memcg=/,task={victim},pid={pid},uid=1000",
        f"Out of memory: Killed process {pid} ({victim}) total-vm:79836kB, anon-rss:77856kB,"
        " file-rss:0kB, shmem-rss:456kB, UID:1000 pgtables:192kB oom_score_adj:0",
    ]


def dmesg(lines: list[str], start_s: float = 6.0, caller: str | None = None) -> list[str]:
    """The lines with the kernel's stamps before them, a millisecond apart."""
    tag = f"[{caller:>6}]" if caller else ""
    return [f"[{start_s + number / 1000:12.6f}]{tag} {line}" for number, line in enumerate(lines)]


def syslog(lines: list[str], host: str = "web1", stamp: str = "Jun  4 17:19:10") -> list[str]:
    """The lines as a syslog daemon writes them."""
    return [f"{stamp} {host} kernel: {line}" for line in lines]


def log(*parts: list[str]) -> bytes:
    """The parts as one file."""
    return "".join(f"{line}\n" for part in parts for line in part).encode("latin-1")
