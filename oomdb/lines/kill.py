"""What came of it: the summary, the kill, the reaper, or that nothing could be killed.

    oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,...
    Out of memory: Kill process 5424 (java) score 800 or sacrifice child
    Killed process 5424 (java) total-vm:147654756kB, anon-rss:6151080kB, file-rss:0kB
    oom_reaper: reaped process 124 (stuck-db), now anon-rss:0kB, file-rss:0kB, shmem-rss:4kB

Printed by oom_kill_process(), dump_oom_summary(), oom_reap_task() and out_of_memory()
(mm/oom_kill.c). "Kill process" (up to Linux 5.0) names the task that badness chose,
"Killed process" the one that died; they differ when a child was sacrificed. OpenVZ kills
by the limits of a container ("UB") with lines of its own, and tells no more than these.
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Section

_SIZES = (
    r" ?(?:score (?P<score>-?\d+) )?(?:total-vm|vsz|vm):(?P<total_vm_kb>\d+)kB"
    r"(?:, anon-rss:(?P<anon_rss_kb>\d+)kB|, rss:(?P<rss>\d+)kB, swap:(?P<swap>\d+)kB)"
    r"(?:, file-rss:(?P<file_rss_kb>\d+)kB)?(?:, shmem-rss:(?P<shmem_rss_kb>\d+)kB)?"
    r"(?:,? UID:(?P<uid_after>\d+))?(?:,? pgtables:(?P<pgtables_kb>\d+)kB)?"
    r"(?:,? oom_score_adj:(?P<oom_score_adj>-?\d+))?"
)

#: Decided once, as names may hold what the fields after it begin with.
_CPUSET = (
    r"(?>,cpuset=(?P<cpuset>.*?),mems_allowed="
    r"(?P<mems_allowed>(?:\d[\d-]*(?:,\d[\d-]*)*)?)(?=,|\s*$))"
)

KINDS = (
    LineKind(
        name="oom_summary",
        literal="oom-kill:constraint=",
        pattern=r"oom-kill:constraint=(?P<constraint_printed>\w+)"
        r"(?:,nodemask=(?P<nodemask>{{LIST}}))?"
        rf"{_CPUSET}?"
        r"(?:,(?P<scope>global_oom)|,oom_memcg="
        r"(?:(?=(?P<parent>.*?),task_memcg=(?P=parent)))?"
        r"(?P<oom_memcg>(?(parent)(?P=parent)|.*?)))?"
        r"(?:,task_memcg=(?P<task_memcg>.*?))?"
        r",task=(?P<comm>{{COMM}}),pid=(?P<pid>\d+),uid=(?P<uid>\d+)\s*",
        section=Section.SUMMARY,
        table="events",
        samples=(
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,"
            "global_oom,task_memcg=/,task=java,pid=124,uid=0",
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=system.slice,"
            "mems_allowed=0,oom_memcg=/system.slice/a.service,"
            "task_memcg=/system.slice/a.service,task=postgres,pid=119,uid=105",
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=kprobelabs,pid=726,uid=0",
        ),
    ),
    LineKind(
        name="oom_summary_cut",
        literal="oom-kill:constraint=",
        pattern=r"oom-kill:constraint=(?P<constraint_printed>\w+)"
        r"(?:,nodemask=(?P<nodemask>{{LIST}}))?"
        rf"{_CPUSET}?"
        r"(?:,(?P<scope>global_oom)|,oom_memcg=(?P<oom_memcg>.*?))?"
        r"(?P<cut>,(?:cpuset|oom_memcg|task_memcg)=(?:(?!,task=).)*(?:,task=(?:(?!,uid=).)*)?"
        r"|,[a-z_]*>?)",
        section=Section.SUMMARY,
        table="events",
        mends=frozenset({"clipped"}),
        samples=(
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-0a1b.scope,"
            "mems_allowed=0,oom_memcg=/kubepods.slice/pod1,task_memcg=/kubepods.slice/pod1/cri-0a",
            "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_o",
        ),
    ),
    LineKind(
        name="kill_chosen",
        literal="ill process ",
        pattern=r"(?P<kill_message>[^:]*): [kK]ill process (?P<chosen_pid>\d+) "
        r"\((?P<chosen_comm>{{COMM}})\) score (?P<chosen_score>-?\d+)"
        r" or (?:sacrifice child|a child)\s*",
        section=Section.KILL,
        table="events",
        samples=(
            "Out of memory: kill process 5928 (apache2) score 40674 or a child",
            "Out of memory: Kill process 5424 (java) score 800 or sacrifice child",
            "Memory cgroup out of memory: Kill process 30866 (oom) score 0 or sacrifice child",
            "Out of memory (oom_kill_allocating_task): Kill process 7 (sh) score 0"
            " or sacrifice child",
        ),
    ),
    LineKind(
        name="killed",
        literal="illed process ",
        pattern=r"(?:(?P<kill_message>[^:]*): )?(?:OOM k|K)illed process (?P<pid>\d+)"
        r"(?:, UID (?P<uid_before>\d+),)? \((?P<comm>{{COMM}})\)"
        rf"(?:,? UID (?P<uid_between>\d+),?)?(?:,?{_SIZES})?\.?\s*",
        section=Section.KILL,
        table="victims",
        rest=r",? ?(?:UID|score|total-vm|vsz)",
        samples=(
            "Killed process 5928 (apache2)",
            "Killed process 12 (a) vsz:50344kB, anon-rss:40956kB, file-rss:24kB",
            "Out of memory: Killed process 3911, UID 33, (apache2).",
            "Killed process 40738, UID 27, (mysqld) total-vm:9kB, anon-rss:8kB, file-rss:0kB",
            "Killed process 7 (java), UID 26, total-vm:9kB, anon-rss:8kB, file-rss:0kB,"
            " shmem-rss:0kB",
            "Out of memory: Killed process 142 (tmux: server)) total-vm:75732kB, anon-rss:71804kB,"
            " file-rss:0kB, shmem-rss:456kB, UID:0 pgtables:184kB oom_score_adj:0",
            "Out of memory in UB 4711: OOM killed process 31 (php) score 12 vm:98304kB,"
            " rss:20480kB, swap:512kB",
        ),
    ),
    LineKind(
        name="would_have_killed",
        literal="Would have killed",
        pattern=r"Would have killed process (?P<chosen_pid>\d+) \((?P<chosen_comm>{{COMM}})\)\."
        r" But continuing instead\.\s*",
        section=Section.KILL,
        table="events",
        samples=("Would have killed process 12 (dbserver). But continuing instead.",),
    ),
    LineKind(
        name="killed_sharing_mm",
        literal="sharing same memory",
        pattern=r"Kill process (?P<pid>\d+) \((?P<comm>{{COMM}})\) sharing same memory\s*",
        section=Section.KILL,
        table="victims",
        constants={"role": "sharing_mm"},
        samples=("Kill process 4242 (worker) sharing same memory",),
    ),
    LineKind(
        name="mm_pinned",
        literal="has mm pinned by",
        pattern=r"(?P<text>oom killer (?P<pid>\d+) \({{COMM}}\) has mm pinned by"
        r" \d+ \({{COMM}}\))\s*",
        section=Section.KILL,
        table="trace_lines",
        constants={"name": "mm_pinned"},
        samples=("oom killer 12 (a) has mm pinned by 1 (init)",),
    ),
    LineKind(
        name="already_exiting",
        literal="already exiting",
        pattern=r"(?:(?P<kill_message>[^:]*): )?OOM victim (?P<chosen_pid>\d+) "
        r"\((?P<chosen_comm>{{COMM}})\) is already exiting\. Skip killing the task\s*",
        section=Section.KILL,
        table="events",
        samples=("Out of memory: OOM victim 12 (a) is already exiting. Skip killing the task",),
    ),
    LineKind(
        name="group_kill",
        literal="memory.oom.group",
        pattern=r"Tasks in (?P<oom_group_memcg>.*) are going to be killed due to"
        r" memory\.oom\.group set\s*",
        section=Section.KILL,
        table="events",
        samples=(
            "Tasks in /system.slice/a.service are going to be killed due to memory.oom.group set",
        ),
    ),
    LineKind(
        name="group_kill_cut",
        literal=" are going to be",
        pattern=r"Tasks in (?P<oom_group_memcg>.*) are going to be(?!.*memory\.oom\.group set).*",
        section=Section.KILL,
        table="events",
        mends=frozenset({"clipped"}),
        samples=("Tasks in /system.slice/a.service are going to be killed due to mem>",),
    ),
    LineKind(
        name="no_killable",
        literal="no killable processes",
        pattern=r"Out of memory and no killable processes\.\.\.\s*",
        section=Section.OUTCOME,
        samples=("Out of memory and no killable processes...",),
    ),
    LineKind(
        name="sysrq_ignored",
        literal="OOM request ignored",
        pattern=r"(?:sysrq: )?(?P<failure_message>OOM request ignored.*)",
        section=Section.OUTCOME,
        table="events",
        samples=("sysrq: OOM request ignored. No task eligible",),
    ),
    LineKind(
        name="panic",
        literal="Kernel panic",
        pattern=r"Kernel panic - not syncing: (?P<panic_message>.*(?:[oO]ut of memory"
        r"|deadlocked on memory|panic_on_oom).*)",
        section=Section.OUTCOME,
        table="events",
        samples=(
            "Kernel panic - not syncing: System is deadlocked on memory",
            "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
            "Kernel panic - not syncing: Out of memory and no killable processes...",
        ),
        continues=True,
    ),
    LineKind(
        name="reaped",
        literal="oom_reaper: reaped",
        pattern=r"oom_reaper: (?P<reaper_outcome>reaped) process:? ?(?P<pid>\d+) "
        r"\((?P<comm>{{COMM}})\),?"
        r" now anon-rss:(?P<reaped_anon_rss_kb>\d+)kB, file-rss:(?P<reaped_file_rss_kb>\d+)kB"
        r"(?:, shmem-rss:(?P<reaped_shmem_rss_kb>\d+)kB)?\s*",
        section=Section.AFTERMATH,
        table="victims",
        samples=(
            "oom_reaper: reaped process 124 (stuck-db), now anon-rss:0kB, file-rss:0kB,"
            " shmem-rss:4kB",
        ),
    ),
    LineKind(
        name="not_reaped",
        literal="oom_reaper:",
        pattern=r"oom_reaper: (?P<reaper_outcome>unable to reap|giving up) pid:(?P<pid>\d+)"
        r" \((?P<comm>{{COMM}})\)\s*",
        section=Section.AFTERMATH,
        table="victims",
        samples=("oom_reaper: unable to reap pid:124 (stuck-db)",),
    ),
)
