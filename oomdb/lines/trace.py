"""The stack dump: CPU line, hardware, frames and registers.

    CPU: 0 PID: 124 Comm: java Not tainted 6.1.0-50-amd64 #1  Debian 6.1.176-1
    Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2 04/01/2014
    Call Trace:
     <TASK>
     dump_stack_lvl+0x44/0x5c
     ? policy_node+0x51/0x70

Printed by dump_stack_print_info() (lib/dump_stack.c) and each architecture's
show_stack(). Registers and code bytes are kept as printed in `trace_lines`.
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Section

_SYMBOL = r"(?P<symbol>[A-Za-z_.$][\w.$]*|0x[0-9a-f]+|[0-9a-f]{8,16})"
_OFFSET = r"(?:\+(?P<frame_offset>0x[0-9a-f]+(?:/0x[0-9a-f]+)?))?"
_MODULE = r"(?: \[(?P<module>[\w-]+)(?: (?P<module_build_id>[0-9a-f]+))?\])?"
#: Where in the sources a frame stands, as scripts/decode_stacktrace.sh and syzbot put it.
_PLACE = r"[\w./+-]+\.(?:[chS]|rs|cpp):\d+(?: \(discriminator \d+\))?"
#: Of what was inlined, each place.
_PLACES = rf"{_PLACE}(?: {_PLACE})*"
_ADDRESS = r"(?P<address>(?:\[<?[0-9a-fA-F]+>?\] ?)+)"
_RELEASE = r"(?P<kernel_release>\d+\.\d+\S*)"
_TAINT = r"(?:Not tainted|Tainted:? (?P<taint>(?:.*?[^ ])??))"


def _kept(
    name: str, literal: str, pattern: str, *samples: str, rest: str | None = None
) -> LineKind:
    """A trace line without columns of its own, kept whole under `name`."""
    return LineKind(
        name=f"trace_{name}",
        literal=literal,
        pattern=f"(?P<text>{pattern})",
        section=Section.TRACE,
        table="trace_lines",
        constants={"name": name},
        samples=samples,
        continues=True,
        rest=rest,
    )


KINDS = (
    LineKind(
        name="cpu_line",
        literal="Comm:",
        pattern=r"CPU: ?(?P<invoker_cpu>\d+)(?: UID: (?P<invoker_uid>\d+))?"
        r" PID: (?P<invoker_pid>\d+),? Comm: (?P<comm>{{COMM}})(?<!Kdump: loaded)"
        rf" (?:Kdump: loaded )?{_TAINT} +{_RELEASE}(?: +(?P<kernel_build>#.*))?",
        section=Section.TRACE,
        table="events",
        samples=(
            "CPU: 0 PID: 124 Comm: java Not tainted 6.1.0-50-amd64 #1  Debian 6.1.176-1",
            "CPU: 62 PID: 249358 Comm: java Kdump: loaded Not tainted 3.10.0-862.el7.x86_64 #1",
            "CPU: 0 PID: 726 Comm: kprobelabs Tainted: G           O      5.10.160 #23",
            "CPU: 0 UID: 0 PID: 124 Comm: java Not tainted 7.3.4+deb13-amd64 #1"
            " PREEMPT(lazy)  Debian 7.3.4-1~bpo13+1 ",
        ),
        continues=True,
    ),
    LineKind(
        name="pid_line",
        literal="comm:",
        pattern=r"Pid: (?P<invoker_pid>\d+), comm: +(?P<comm>{{COMM}})"
        rf" {_TAINT} +\(?{_RELEASE}\)?(?: +(?P<kernel_build>#.*))?",
        section=Section.TRACE,
        table="events",
        samples=(
            "Pid: 2757, comm: smbd Not tainted 2.6.24.2 #1",
            "Pid: 4903, comm: controller Not tainted 2.6.32-642.11.1.el6.x86_64 #1",
        ),
        continues=True,
    ),
    LineKind(
        name="cpu_only_line",
        literal="CPU: ",
        pattern=rf"CPU: +(?P<invoker_cpu>\d+) +{_TAINT} +\(?{_RELEASE}"
        r"(?: +(?P<kernel_build>#.*?))?\)?",
        section=Section.TRACE,
        table="events",
        samples=("CPU: 0 Not tainted 2.6.28 #1",),
    ),
    LineKind(
        name="process_line",
        literal="Process ",
        pattern=r"Process (?P<comm>{{COMM}}) \(pid: (?P<invoker_pid>\d+), .*\)",
        section=Section.TRACE,
        table="events",
        samples=("Process basename (pid: 30555, task: 000000007baa6838, ksp: 0000000063867968)",),
    ),
    LineKind(
        name="hardware_name",
        literal="Hardware name",
        pattern=r"Hardware name:? ?(?P<hardware_name>.*)",
        section=Section.TRACE,
        table="events",
        samples=("Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2 04/01/2014",),
        continues=True,
        rest=r"(?:.*, )?BIOS .*|\d\d/\d\d/\d{4}",
    ),
    LineKind(
        name="workqueue",
        literal="Workqueue:",
        pattern=r"Workqueue: (?P<workqueue>.*)",
        section=Section.TRACE,
        table="events",
        samples=("Workqueue: events moom_callback",),
    ),
    _kept("taint", "Tainted: [", r"Tainted: \[.*", "Tainted: [O]=OOT_MODULE"),
    _kept("stopper", "Stopper:", r"Stopper: .*", "Stopper: multi_cpu_stop+0x0/0x120"),
    _kept("sched_ext", "Sched_ext:", r"Sched_ext: .*", "Sched_ext: simple (enabled)"),
    LineKind(
        name="call_trace",
        literal="race:",
        pattern=r"\s*(?:Call [Tt]race|Backtrace|Stack|Stack backtrace):? ?(?:\(.*\)|\[.*\])?\s*",
        section=Section.TRACE,
        samples=("Call Trace:", "Call trace:", "Backtrace: "),
    ),
    LineKind(
        name="stack_marker",
        literal=">",
        pattern=r"\s*<(?P<closing>/)?(?P<context>[A-Z#][\w#]*)>\s*",
        section=Section.TRACE,
        samples=(" <TASK>", " </TASK>", " <IRQ>", " <#DF>", " <EOI> "),
    ),
    LineKind(
        name="frame_from",
        literal=" from ",
        pattern=rf"\s*(?:\[<(?P<address>[0-9a-f]+)>\] )?\(?{_SYMBOL}{_OFFSET}{_MODULE}\)?"
        r" from (?P<called_from>\[<[0-9a-f]+>\]|(?:\[<[0-9a-f]+>\] )?"
        r"\(?[\w.$]+(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[[\w-]+\])?\)?)",
        section=Section.TRACE,
        table="stack_frames",
        samples=(
            "[<c011e49c>] (unwind_backtrace+0x0/0xf0) from [<c015e570>] (dump_header+0x48/0x114)",
            "[<b000f56d>] (unwind_backtrace) from [<b000e03f>] (show_stack+0xb/0xc)",
            " dump_backtrace from show_stack+0x18/0x1c",
        ),
    ),
    LineKind(
        name="frame",
        literal="",
        pattern=r"\s*(?:[0-9a-f]{8,16}: +(?=\[))?(?:<(?P<context>[A-Z#]+)> *)?\(?"
        rf"(?:{_ADDRESS} ?)?(?P<unsure>\?|\*)? ?"
        rf"(?:{_SYMBOL}\+(?P<frame_offset>0x[0-9a-f]+/0x[0-9a-f]+)|(?P<bare_address>0x[0-9a-f]+))"
        rf"{_MODULE}(?P<mark> \((?:unreliable|[A-Z]+)\))?\)?\s*",
        section=Section.TRACE,
        table="stack_frames",
        samples=(
            " dump_stack_lvl+0x44/0x5c",
            " ? policy_node+0x51/0x70",
            " ? sdebug_add_store+0xbf/0x3f0 [scsi_debug]",
            " [<c0139841>] oom_kill_process+0x54/0xf8",
            " [<ffffffff81131420>] ? dump_header+0x90/0x1b0",
            "([<0000000000105248>] show_trace+0xf4/0x144)",
            "[c000000005b3f890] [c000000000f7b0b4] dump_stack_lvl+0x74/0xa8 (unreliable)",
            " ? 0xffffffffc0429000",
            "6f5a1868:  [<6004fbd6>] T.351+0x4e/0xf6",
            " xfs_buf_get_map+0x1f/0x90 [xfs 0123456789abcdef]",
        ),
    ),
    LineKind(
        name="frame_with_source",
        literal=":",
        pattern=rf"\s*(?:{_ADDRESS} ?)?(?P<unsure>\?)? ?{_SYMBOL}{_OFFSET}"
        rf" \(?(?P<source>{_PLACES})\)?"
        rf"(?P<inlined> \[inline\])?{_MODULE}\s*",
        section=Section.TRACE,
        table="stack_frames",
        samples=(
            " dump_stack_lvl+0x136/0x150 lib/dump_stack.c:106",
            " __dump_stack lib/dump_stack.c:88 [inline]",
            " dump_stack_lvl (lib/dump_stack.c:107 (discriminator 1))",
            "dump_header (mm/oom_kill.c:74 mm/oom_kill.c:468) ",
        ),
    ),
    _kept(
        "slab_failure",
        "",
        r"SL[AU]B: Unable to allocate memory on node -?\d+,? .*"
        r"|\s*cache: [^,]{1,80}, object size: \d+.*"
        r"|\s*node \d+: slabs: \d+.*|\s*\S+ debugging increased min order, use .*"
        r"|slab_out_of_memory: \d+ callbacks suppressed",
        "SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)",
        "  cache: kmalloc-128, object size: 128, buffer size: 128, default order: 0, min order: 0",
        "  node 0: slabs: 18, objs: 596, free: 0",
        "  kmalloc-4k debugging increased min order, use slab_debug=O to disable.",
        "slab_out_of_memory: 53 callbacks suppressed",
    ),
    _kept(
        "registers",
        "",
        r"\s*(?:ORIG_[RE]AX|RIP|EIP|NIP|PC is at|LR is at|pc|lr|sp|psr|xPSR|Krnl PSW|User PSW|R\w\w"
        r"|E\w\w|[CD]R\d|[CDFG]S|GPR\d\d|REGS|MSR|CFAR|LR|IRQMASK|x\d+|r\d+"
        r"|Krnl GPRS|User GPRS|Flags|PSW)\b"
        r" ?[:=\[ ].*",
        "RIP: 0033:0x401b99",
        "EIP: 0x804a2f1",
        "RSP: 002b:00007fff6840eec0 EFLAGS: 00000202",
        "RAX: 26e978d4fdf3b693 RBX: 00000000003fa000 RCX: 0000000000000013",
        "NIP:  00007fff8d2b3a44 LR: 00007fff8d2b3a10 CTR: 0000000000000000",
        "GPR00: 0000000000000004 00007fffd6f1f0a0 0000000010160000 0000000000000000",
        "MSR:  800000000280f033 <SF,VEC,VSX,EE,PR,FP,ME,IR,DR,RI,LE>  CR: 24002842",
    ),
    _kept(
        "code",
        "ode:",
        r"\s*(?:Code|Krnl Code|User Code): .*",
        "Code: 83 8e 00 00 00 48 89 d9 <88> 4c 1d 00",
        "Code: Bad RIP value.",
        rest=r"(?:[<(]?[0-9a-f]{2,8}[>)]?(?: |$))+",
    ),
    _kept(
        "interrupt",
        "--",
        r"-{3,4} ?(?:interrupt|Exception|exception|syscall)\b.*",
        "--- interrupt: 300 at 0x10003a44",
        "---- interrupt: 300 at 0x10003a44",
    ),
    _kept(
        "exception_stack",
        "xception stack",
        r"Exception stack\(.*\)",
        "Exception stack(0xc3a15fb0 to 0xc3a15ff8)",
    ),
    LineKind(
        name="stack_head",
        literal="Stack",
        pattern=r"\s*Stack ?:\s*",
        section=Section.TRACE,
        samples=("Stack:",),
    ),
    LineKind(
        name="frame_without_names",
        literal="Function entered at",
        pattern=r"\s*Function entered at \[<(?P<bare_address>[0-9a-f]+)>\]"
        r" from (?P<called_from>\[<[0-9a-f]+>\])",
        section=Section.TRACE,
        table="stack_frames",
        samples=("Function entered at [<c0011e48>] from [<c03b1630>]",),
    ),
    _kept(
        "stack_words",
        "",
        r"\s*(?:Stack ?: |[0-9a-f]{4}: +|> )?(?:[0-9a-f]{8}(?:[0-9a-f]{8})?(?: +|$)){1,8}",
        " ffff88000c3f6078 ffff88000c3efbc0 ffffffff81ef3b9d 0000000000000000",
        "9fa0:                                     a5cf0008 00000000 00100000 a5d18ff8",
        "> 00000100 00000000 3dbfbc00 423b8f69",
    ),
    LineKind(
        name="trace_stack_words_end",
        literal="...",
        pattern=r"(?P<text>\s*\.\.\.)",
        section=Section.TRACE,
        table="trace_lines",
        constants={"name": "stack_words"},
        follows=frozenset({"trace_stack_words"}),
        samples=("        ...",),
    ),
    _kept("ruler", "====", r"\s*={8,}", " ======================="),
    _kept(
        "breaking_event",
        "Breaking-Event",
        r"\s*Last Breaking-Event-Address:\s*",
        "Last Breaking-Event-Address:",
    ),
    _kept(
        "kernel_offset",
        "Kernel Offset:",
        r"Kernel Offset: .*",
        "Kernel Offset: 0x1de00000 from 0xffffffff81000000 "
        "(relocation range: 0xffffffff80000000-0xffffffffbfffffff)",
    ),
    _kept(
        "end_of_panic",
        "---[ ",
        r"---\[ .*",
        "---[ end Kernel panic - not syncing: System is deadlocked on memory ]---",
        "---[ end Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
    ),
)
