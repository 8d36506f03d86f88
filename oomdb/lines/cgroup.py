"""Memory cgroup lines: whose limit was hit, how full it was, what it held.

    Task in /docker/d9e6 killed as a result of limit of /docker/d9e6
    memory: usage 61440kB, limit 61440kB, failcnt 19
    swap: usage 0kB, limit 9007199254740988kB, failcnt 0
    Memory cgroup stats for /system.slice/postgresql.service:
    anon 62734336

Printed by mem_cgroup_print_oom_context() and mem_cgroup_print_oom_meminfo()
(mm/memcontrol.c). Up to Linux 5.2 the statistics are one line per cgroup in KB,
since 5.3 lines of `key value` in bytes.
"""

from __future__ import annotations

from oomdb.grammar import Items, LineKind, Section

KINDS = (
    LineKind(
        name="task_in_cgroup",
        literal="killed as a result of limit of",
        pattern=r"Task in (?P<task_memcg>.*) killed as a result of limit of (?P<oom_memcg>.*)",
        section=Section.CGROUP,
        table="events",
        samples=("Task in /docker/d9e6 killed as a result of limit of /docker/d9e6",),
    ),
    LineKind(
        name="task_in_cgroup_start",
        literal="Task in ",
        pattern=r"Task in (?P<task_memcg>/\S*(?: (?!k)\S+)*)",
        section=Section.CGROUP,
        table="events",
        samples=("Task in /lxc/web", "Task in /machine/two words"),
    ),
    LineKind(
        name="task_in_cgroup_end",
        literal="killed as a result of limit of",
        pattern=r"\s*killed as a result of limit of (?P<oom_memcg>/.*)",
        section=Section.CGROUP,
        table="events",
        samples=(" killed as a result of limit of /lxc",),
    ),
    LineKind(
        name="cgroup_limit_reached",
        literal="Memory limit reached of cgroup",
        pattern=r"Memory limit reached of cgroup (?P<oom_memcg>.*)",
        section=Section.CGROUP,
        table="events",
        samples=("Memory limit reached of cgroup /batch",),
    ),
    LineKind(
        name="cgroup_usage",
        literal=": usage ",
        pattern=r"(?P<prefix>[a-z+]+): (?P<items>usage \d+ ?kB, limit \d+ ?kB, failcnt \d+)",
        section=Section.CGROUP,
        table="cgroup_counters",
        items=Items(r"(?P<name>usage|limit|failcnt) (?P<value>\d+) ?(?P<unit>kB)?"),
        constants={"unit": "count"},
        samples=(
            "memory: usage 61440kB, limit 61440kB, failcnt 19",
            "memory+swap: usage 1197316kB, limit 9007199254740988kB, failcnt 0",
            "kmem: usage 4168kB, limit 9007199254740988kB, failcnt 0",
        ),
    ),
    LineKind(
        name="cgroup_stats_line",
        literal="Memory cgroup stats",
        pattern=r"Memory cgroup stats(?: for (?P<cgroup>.*?))?: ?"
        r"(?P<items>[a-z_]+:-?\d+KB(?:\s+[a-z_]+:-?\d+KB)*)\s*",
        section=Section.CGROUP,
        table="cgroup_counters",
        items=Items(r"(?P<name>[a-z_]+):(?P<value>-?\d+)(?P<unit>KB)"),
        samples=(
            "Memory cgroup stats for /docker/d9e6: cache:32KB rss:507732KB rss_huge:0KB "
            "mapped_file:8KB swap:685388KB inactive_anon:253968KB ",
        ),
    ),
    LineKind(
        name="cgroup_stats_header",
        literal="Memory cgroup stats",
        pattern=r"Memory cgroup stats(?: for (?P<cgroup>.*?))?:\s*",
        section=Section.CGROUP,
        table="cgroup_counters",
        heads=True,
        samples=("Memory cgroup stats for /system.slice/postgresql.service:",),
    ),
    LineKind(
        name="cgroup_stat",
        literal=" ",
        pattern=r"(?P<items>[a-z][a-z0-9_]+ \d+)",
        section=Section.CGROUP,
        table="cgroup_counters",
        follows=frozenset({"cgroup_stats_header", "cgroup_stat", "cgroup_stats_record"}),
        items=Items(r"(?P<name>[a-z][a-z0-9_]+) (?P<value>\d+)"),
        constants={"unit": "stat"},
        samples=("anon 62734336", "workingset_refault_anon 0", "pgfault 1711"),
    ),
    LineKind(
        name="cgroup_stats_record",
        literal="Memory cgroup stats",
        pattern=r"Memory cgroup stats(?: for (?P<cgroup>.*?))?:\s+"
        r"(?P<items>[a-z][a-z0-9_]+ \d+(?:\s+[a-z][a-z0-9_]+ \d+)*)\s*",
        section=Section.CGROUP,
        table="cgroup_counters",
        items=Items(r"(?P<name>[a-z][a-z0-9_]+) (?P<value>\d+)"),
        constants={"unit": "stat"},
        samples=("Memory cgroup stats for /batch: anon 62734336 file 8192",),
    ),
    LineKind(
        name="cgroup_stat_cut",
        literal="",
        pattern=r"(?P<items>[a-z][a-z0-9_]*) ?",
        section=Section.CGROUP,
        table="cgroup_counters",
        follows=frozenset({"cgroup_stat"}),
        items=Items(r"(?P<name>[a-z][a-z0-9_]*)"),
        constants={"unit": "stat"},
        samples=("workingset_activate_fi",),
    ),
    LineKind(
        name="cgroup_protection",
        literal="min protection",
        pattern=r"Memory cgroup min protection (?P<memory_min_kb>\d+)kB"
        r" -- low protection (?P<memory_low_kb>\d+)kB",
        section=Section.SLABS,
        table="events",
        samples=("Memory cgroup min protection 0kB -- low protection 0kB",),
    ),
)
