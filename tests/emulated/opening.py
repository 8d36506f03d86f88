"""The head of a report: what was asked for, by whom, and the stack (dump_header, dump_stack)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulated.kernel import Kernel
    from tests.emulated.paper import Paper

_GFP_NAMES = (
    "GFP_KERNEL",
    "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO",
    "",
    "GFP_NOFS|0x8000000",
)
_SYMBOLS = ("dump_stack", "oom_kill_process.cold", "__alloc_pages", "xfs_buf_get_map", "do_IRQ")


def oom_header(kernel: Kernel, paper: Paper, comm: str, *, order: int | None = None) -> None:
    """`COMM invoked oom-killer: ...` and, up to Linux 4.20, the cpuset line."""
    draw = paper.draw
    paper.event.update(
        invoker_comm=comm, alloc_order=order if order is not None else draw.number(10)
    )
    gfp = _gfp(kernel, paper)
    nodemask = ""
    if kernel.since(4, 9) and not _has_summary(kernel):
        paper.event["nodemask"] = draw.nodes() if draw.chance() else "(null)"
        blanks = "  " if (4, 11) <= kernel.version < (4, 15) else " "
        nodemask = f", nodemask={paper.event['nodemask']},{blanks}order="
    adj = _adj(kernel, paper)
    asked = (nodemask or ", order=") + str(paper.event["alloc_order"])
    paper.line(f"{comm} invoked oom-killer: gfp_mask={gfp}{asked}{adj}")
    if not _has_summary(kernel) and kernel.since(2, 6, 25):
        name, nodes = draw.path().rpartition("/")[2] or "/", draw.nodes()
        paper.line(f"{comm} cpuset={name} mems_allowed={nodes}", cpuset=name, mems_allowed=nodes)
    if paper.event["alloc_order"] and kernel.since(4, 9) and draw.chance(0.1):
        paper.line("COMPACTION is disabled!!!")


def allocation_failure(kernel: Kernel, paper: Paper, comm: str) -> None:
    """The head of a report of warn_alloc(), which kills nobody."""
    draw = paper.draw
    vmalloc = kernel.since(3, 0) and draw.chance(0.3)
    paper.event.update(invoker_comm=comm)
    if vmalloc:
        what = _vmalloc_message(kernel, paper)
    else:
        paper.event["alloc_order"] = draw.number(10)
        stop = ":" if kernel.since(2, 6, 39) else "."
        paper.event["failure_message"] = "page allocation failure"
        what = f"page allocation failure{stop} order:{paper.event['alloc_order']}"
    mode = _gfp(kernel, paper, named_since=(4, 9))
    constraint = ""
    if kernel.since(4, 11):
        paper.event["nodemask"] = draw.nodes() if draw.chance() else "(null)"
        blank = "" if _has_summary(kernel) else " "
        constraint = f",{blank}nodemask={paper.event['nodemask']}"
    name, nodes = draw.path().rpartition("/")[2] or "/", draw.nodes()
    if _has_summary(kernel):
        constraint += f",cpuset={name},mems_allowed={nodes}"
    paper.line(f"{comm}: {what}, mode:{mode}{constraint}")
    if kernel.since(4, 11):
        paper.event.update(cpuset=name, mems_allowed=nodes)
        if not _has_summary(kernel):
            paper.line(f"{comm} cpuset={name} mems_allowed={nodes}")


def _vmalloc_message(kernel: Kernel, paper: Paper) -> str:
    size = paper.draw.kb()
    if kernel.since(5, 13):
        message = f"vmalloc error: size {size}, failed to allocate pages"
    elif kernel.since(4, 11):
        message = f"vmalloc: allocation failure: {size} bytes"
    else:
        message = f"vmalloc: allocation failure, allocated {size // 2} of {size} bytes"
    paper.event["failure_message"] = message
    return message


def _gfp(kernel: Kernel, paper: Paper, named_since: tuple[int, ...] = (4, 6)) -> str:
    mask = paper.draw.number(2**27)
    paper.event["gfp_mask"] = mask
    if not kernel.since(*named_since):
        return hex(mask)
    names = paper.draw.random.choice(_GFP_NAMES)
    paper.event["gfp_names"] = names
    return f"{mask:#x}({names})"


def _adj(kernel: Kernel, paper: Paper) -> str:
    text = ""
    if not kernel.since(3, 7) and kernel.rhel != 7:
        old = paper.draw.random.randint(-17, 15)
        paper.event["invoker_oom_adj"] = old
        text = f", {'oom_adj' if kernel.since(2, 6, 30) else 'oomkilladj'}={old}"
    if kernel.since(2, 6, 36) or kernel.rhel:
        paper.event["invoker_oom_score_adj"] = paper.draw.adj()
        text += f", oom_score_adj={paper.event['invoker_oom_score_adj']}"
    return text


def _has_summary(kernel: Kernel) -> bool:
    return kernel.since(5, 0) or kernel.rhel == 83


def stack(kernel: Kernel, paper: Paper, comm: str) -> None:
    """The CPU line, the frames and the registers, in the form of the architecture."""
    _task(kernel, paper, comm)
    if kernel.since(3, 10) and not kernel.since(4, 10) and kernel.arch == "x86_64":
        for _ in range(2):
            words = " ".join(f"{paper.draw.number(2**63):016x}" for _ in range(4))
            paper.line(f" {words}")
            paper.row("trace_lines", name="stack_words", text=words)
    _FRAMES[kernel.arch](kernel, paper)


def _task(kernel: Kernel, paper: Paper, comm: str) -> None:
    draw = paper.draw
    pid, cpu = draw.number(4194304), draw.number(512)
    taint = draw.random.choice(
        (None, "P           OE", "G          I    ------------ T", "G        W")
    )
    printed_taint = "Not tainted" if taint is None else f"Tainted: {taint}   "
    build = draw.random.choice(("#1", "#21-Ubuntu", "#1  Debian 6.1.176-1"))
    if kernel.since(6, 15):
        build = f"#1 PREEMPT(voluntary)  {build[1:]} ".rstrip()
    tail = f"{printed_taint} {kernel.release} {build}"
    if kernel.since(3, 10):
        uid = f" UID: {draw.number(70000)}" if kernel.since(6, 11) else ""
        if uid:
            paper.event["invoker_uid"] = int(uid.split()[1])
        kdump = "Kdump: loaded " if kernel.since(4, 17) and draw.chance() else ""
        paper.line(f"CPU: {cpu}{uid} PID: {pid} Comm: {comm} {kdump}{tail}", invoker_cpu=cpu)
    else:
        paper.line(f"Pid: {pid}, comm: {comm} {tail}")
    paper.event.update(
        invoker_pid=pid, taint=taint, kernel_release=kernel.release, kernel_build=build.rstrip()
    )
    if taint and kernel.since(6, 11):
        paper.line("Tainted: [P]=PROPRIETARY_MODULE, [O]=OOT_MODULE")
        paper.row(
            "trace_lines", name="taint", text="Tainted: [P]=PROPRIETARY_MODULE, [O]=OOT_MODULE"
        )
    if kernel.since(3, 10):
        name = "Dell Inc. PowerEdge R740/0WRPXK, BIOS 2.8.2 08/27/2020"
        paper.line(f"Hardware name: {name}", hardware_name=name)
    if comm.startswith("kworker"):
        paper.line("Workqueue: events moom_callback", workqueue="events moom_callback")


def _frame(paper: Paper, **parts: object) -> dict[str, str]:
    """One frame, noted; what is common to all architectures."""
    random = paper.draw.random
    symbol, offset = random.choice(_SYMBOLS), f"{random.randint(0, 4095):#x}/{4096:#x}"
    position = len(paper.rows.get("stack_frames", ())) + 1
    paper.row("stack_frames", position=position, symbol=symbol, frame_offset=offset, **parts)
    return {"name": symbol, "offset": offset, "text": f"{symbol}+{offset}"}


def _keep(paper: Paper, name: str, *lines: str) -> None:
    for text in lines:
        paper.line(text)
        paper.row("trace_lines", name=name, text=text.strip())


def _x86(kernel: Kernel, paper: Paper) -> None:
    paper.line("Call Trace:")
    marked = kernel.since(5, 15)
    if marked:
        paper.line(" <TASK>")
    for _ in range(3):
        sure, module = paper.draw.chance(), "xfs" if paper.draw.chance(0.3) else None
        build_id = "0123456789abcdef0123" if module and kernel.since(5, 14) else None
        address = f"[<{paper.draw.number(2**63):016x}>]" if not kernel.since(4, 10) else None
        frame = _frame(
            paper,
            reliable=sure,
            module=module,
            module_build_id=build_id,
            address=address,
            context="TASK" if marked else None,
        )
        parts = [address, None if sure else "?", frame["text"], _module(module, build_id)]
        paper.line(" " + " ".join(part for part in parts if part))
    if kernel.since(4, 14):
        ip = "RIP: 0033:0x7f2b8c0d1e2f"
        if kernel.arch == "i386":
            ip = "EIP: 0x804a2f1"
        _keep(paper, "registers", ip)
        _keep(
            paper, "code", "Code: Bad RIP value." if paper.draw.chance() else "Code: 83 8e <88> 4c"
        )
        _keep(
            paper,
            "registers",
            "RSP: 002b:00007fff6840eec0 EFLAGS: 00010202",
            "RAX: 26e978d4fdf3b693 RBX: 00000000003fa000 RCX: 0000000000000013",
            "R10: 0000000000000000 R11: 0000000000000206 R12: 000055d0a0a0a0a0",
        )
    if marked:
        paper.line(" </TASK>")


def _module(module: str | None, build_id: str | None) -> str:
    if module is None:
        return ""
    return f"[{module} {build_id}]" if build_id else f"[{module}]"


def _i386(kernel: Kernel, paper: Paper) -> None:
    paper.line("Call Trace:")
    for _ in range(3):
        address = f"[<{paper.draw.number(2**31):08x}>]"
        sure = paper.draw.chance()
        frame = _frame(paper, reliable=sure, address=address)
        paper.line(f" {address} {'' if sure else '? '}{frame['text']}")
    if not kernel.since(2, 6, 28):
        _keep(paper, "ruler", " =======================")


def _arm(kernel: Kernel, paper: Paper) -> None:
    paper.line("Backtrace: ")
    for _ in range(3):
        address = f"{paper.draw.number(2**31):08x}"
        caller = "[<c00a1b2c>] (show_mem+0x48/0x114)"
        frame = _frame(paper, reliable=True, address=address, called_from=caller)
        paper.line(f"[<{address}>] ({frame['text']}) from {caller}")
    _keep(paper, "exception_stack", "Exception stack(0xc3a15fb0 to 0xc3a15ff8)")
    _keep(
        paper,
        "stack_words",
        "5fa0:                                     a5cf0008 00000000 00100000 a5d18ff8",
        "5fc0: 00000000 00000001 b6f3d000 00000000 be8f7d54 00000000 b6f3d000 00000000",
    )


def _arm64(kernel: Kernel, paper: Paper) -> None:
    paper.line("Call trace:")
    for _ in range(3):
        frame = _frame(paper, reliable=True)
        paper.line(f" {frame['text']}")


def _ppc64(kernel: Kernel, paper: Paper) -> None:
    paper.line("Call Trace:")
    for _ in range(3):
        sure = paper.draw.chance()
        address = f"[{paper.draw.number(2**63):016x}] [{paper.draw.number(2**63):016x}]"
        frame = _frame(paper, reliable=sure, address=address)
        paper.line(f"{address} {frame['text']}{'' if sure else ' (unreliable)'}")
    _keep(paper, "interrupt", "--- interrupt: 300 at 0x10003a44")
    _keep(
        paper,
        "registers",
        "NIP:  00007fff8d2b3a44 LR: 00007fff8d2b3a10 CTR: 0000000000000000",
        "REGS: c000000005b3fe80 TRAP: 0300   Not tainted  (6.1.0-50-powerpc64le Debian 6.1.176-1)",
        "MSR:  800000000280f033 <SF,VEC,VSX,EE,PR,FP,ME,IR,DR,RI,LE>  CR: 24002842  XER: 00000000",
        "CFAR: 00007fff8d2b3a0c DAR: 00007fff8b6f0000 DSISR: 42000000 IRQMASK: 0 ",
        "GPR00: 0000000000000004 00007fffd6f1f0a0 0000000010160000 0000000000000000 ",
        "NIP [00007fff8d2b3a44] 0x7fff8d2b3a44",
        "LR [00007fff8d2b3a10] 0x7fff8d2b3a10",
    )
    _keep(paper, "interrupt", "--- interrupt: 300")


def _s390x(kernel: Kernel, paper: Paper) -> None:
    paper.line("Call Trace:")
    for _ in range(3):
        address = f"[<{paper.draw.number(2**62):016x}>]"
        inner = paper.draw.chance(0.3)
        frame = _frame(paper, reliable=True, address=address)
        paper.line(f"({address} {frame['text']})" if inner else f" {address} {frame['text']} ")
    if paper.draw.chance():
        text = "Last Breaking-Event-Address:"
        _keep(paper, "breaking_event", text)
        frame = _frame(paper, reliable=True, address="[<0000000000105248>]", context=text[:-1])
        paper.line(f" [<0000000000105248>] {frame['text']}")


def _mips(kernel: Kernel, paper: Paper) -> None:
    words = "0000000000000001 ffffffff8011b000 0000000000000000 980000007d8f7d54"
    paper.line(f"Stack : {words}")
    paper.row("trace_lines", name="stack_words", text=f"Stack : {words}")
    _keep(paper, "stack_words", f"        {words}")
    _keep(paper, "stack_words", "        ...")
    paper.line("Call Trace:")
    for _ in range(3):
        address = f"[<{paper.draw.number(2**62):016x}>]"
        frame = _frame(paper, reliable=True, address=address)
        paper.line(f"{address} {frame['text']}")


def _riscv(kernel: Kernel, paper: Paper) -> None:
    paper.line("Call Trace:")
    for _ in range(3):
        address = f"[<{paper.draw.number(2**62):016x}>]"
        frame = _frame(paper, reliable=True, address=address)
        paper.line(f"{address} {frame['text']}")


_FRAMES = {
    "x86_64": _x86,
    "i386": _i386,
    "arm": _arm,
    "arm64": _arm64,
    "ppc64": _ppc64,
    "s390x": _s390x,
    "mips": _mips,
    "riscv": _riscv,
}
