"""Lines that begin a report: who asked for memory, and why the killer runs.

    java invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0
    java cpuset=/ mems_allowed=0
    kswapd0: page allocation failure: order:0, mode:0x20
    sysrq: Show Memory

Printed by dump_header() and warn_alloc() (mm/oom_kill.c, mm/page_alloc.c) and
drivers/tty/sysrq.c.
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Section

KINDS = (
    LineKind(
        name="callbacks_suppressed",
        literal="callbacks suppressed",
        pattern=r"(?:oom_kill_process|dump_header|out_of_memory|warn_alloc(?:_failed)?"
        r"|pagefault_out_of_memory|__ratelimit): "
        r"(?P<suppressed_callbacks>\d+) callbacks suppressed",
        section=Section.PREFACE,
        table="events",
        samples=("oom_kill_process: 5 callbacks suppressed",),
    ),
    LineKind(
        name="sysrq_oom",
        literal="Manual OOM execution",
        pattern=r"(?P<failure_message>[sS]ys[rR]q ?: Manual OOM execution)",
        section=Section.PREFACE,
        table="events",
        samples=("sysrq: Manual OOM execution", "SysRq : Manual OOM execution"),
    ),
    LineKind(
        name="vmalloc_message",
        literal="vmalloc: allocation failure",
        pattern=r"(?P<failure_message>vmalloc: allocation failure(?:: \d+ bytes"
        r"|, allocated \d+ of \d+ bytes))\s*",
        section=Section.PREFACE,
        table="events",
        samples=(
            "vmalloc: allocation failure: 0 bytes",
            "vmalloc: allocation failure, allocated 4096 of 8192 bytes",
        ),
    ),
    LineKind(
        name="oom_header",
        literal="invoked oom",
        pattern=r"(?P<invoker_comm>{{COMM}}) invoked oom(?:-killer)?: "
        r"gfp_mask=(?P<gfp_mask>0x[0-9a-fA-F]+)(?:\((?P<gfp_names>[^)]*)\))?,"
        r"(?:\s+nodemask=(?P<nodemask>{{LIST}}),)?"
        r"\s+order=(?P<alloc_order>{{INT}})"
        r"(?:, (?:oom_adj|oomkilladj)=(?P<invoker_oom_adj>{{INT}}))?"
        r"(?:, oom_score_adj=(?P<invoker_oom_score_adj>{{INT}}))?",
        section=Section.HEADER,
        table="events",
        opens="oom_kill",
        samples=(
            "smbd invoked oom-killer: gfp_mask=0x1201d2, order=0, oomkilladj=0",
            "sshd invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=0, oom_score_adj=0",
            "AliYunDun invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0",
            "stress invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null),"
            "  order=0, oom_score_adj=1000",
            "Web Content invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0",
        ),
    ),
    LineKind(
        name="oom_killer_without_invoker",
        literal="oom-killer",
        pattern=r"oom-killer: gfp_mask=(?P<gfp_mask>0x[0-9a-fA-F]+)"
        r"(?:, order=(?P<alloc_order>\d+))?",
        section=Section.HEADER,
        table="events",
        opens="oom_kill",
        samples=("oom-killer: gfp_mask=0xd0, order=0", "oom-killer: gfp_mask=0xd0"),
    ),
    LineKind(
        name="allocation_failure",
        literal=" failure",
        pattern=r"(?P<invoker_comm>{{COMM}}): "
        r"(?P<failure_message>page allocation failure|vmemmap alloc failure)[.:] "
        r"order:(?P<alloc_order>\d+), mode:(?P<gfp_mask>0x[0-9a-fA-F]+)"
        r"(?:\((?P<gfp_names>[^)]*)\))?"
        r"(?:,\s*nodemask=(?P<nodemask>{{LIST}}))?"
        r"(?:,\s*cpuset=(?P<cpuset>.*),mems_allowed=(?P<mems_allowed>[\d,-]*))?",
        section=Section.HEADER,
        table="events",
        opens="allocation_failure",
        samples=(
            "kswapd0: page allocation failure. order:0, mode:0x20",
            "kswapd0: page allocation failure: order:0, mode:0x20",
            "nginx: page allocation failure: order:4, mode:0x2040d0(GFP_TEMPORARY|__GFP_COMP)",
            "kworker/0:1: page allocation failure: order:5, "
            "mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/,mems_allowed=0",
            "kworker/1:0: vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|"
            "__GFP_RETRY_MAYFAIL), nodemask=(null),cpuset=/,mems_allowed=0",
        ),
    ),
    LineKind(
        name="vmalloc_failure",
        literal="alloc",
        pattern=r"(?P<invoker_comm>{{COMM}}): "
        r"(?P<failure_message>(?:vmalloc|vmap allocation|vmalloc size)\b.*?), "
        r"mode:(?P<gfp_mask>0x[0-9a-fA-F]+)(?:\((?P<gfp_names>[^)]*)\))?"
        r"(?:,\s*nodemask=(?P<nodemask>{{LIST}}))?"
        r"(?:,\s*cpuset=(?P<cpuset>.*),mems_allowed=(?P<mems_allowed>[\d,-]*))?",
        section=Section.HEADER,
        table="events",
        opens="allocation_failure",
        samples=(
            "syz-executor5: vmalloc: allocation failure: 17178296320 bytes, "
            "mode:0x14080c0(GFP_KERNEL|__GFP_ZERO), nodemask=(null)",
            "insmod: vmalloc error: size 1073741824, failed to allocate pages, "
            "mode:0xcc2(GFP_KERNEL|__GFP_HIGHMEM), nodemask=(null),cpuset=/,mems_allowed=0",
            "modprobe: vmalloc: allocation failure, allocated 4096 of 8192 bytes, mode:0xd2",
        ),
    ),
    LineKind(
        name="sysrq_show_memory",
        literal="Show Memory",
        pattern=r"(?P<failure_message>[sS]ys[rR]q ?: Show Memory)",
        section=Section.HEADER,
        table="events",
        opens="memory_dump",
        samples=("sysrq: Show Memory", "SysRq : Show Memory"),
    ),
    LineKind(
        name="compaction_disabled",
        literal="COMPACTION is disabled",
        pattern=r"COMPACTION is disabled!!!",
        section=Section.HEADER,
        samples=("COMPACTION is disabled!!!",),
    ),
    LineKind(
        name="cpuset",
        literal="cpuset=",
        pattern=r"(?:(?P<invoker_comm>{{COMM}}) )?cpuset=(?P<cpuset>.*?)"
        r",? ?mems_allowed=(?P<mems_allowed>[\d,-]*)",
        section=Section.HEADER,
        table="events",
        samples=(
            "AliYunDun cpuset=/ mems_allowed=0",
            "mysqld cpuset=VM_A mems_allowed=0-1",
            "stress cpuset=docker-0123.scope mems_allowed=0,2-3",
        ),
    ),
)
