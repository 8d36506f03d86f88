"""The seed incident as rows, copied by hand from its log (rocketmq-8g.log)."""

from __future__ import annotations

import string
from datetime import datetime
from typing import TYPE_CHECKING

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

#: pid, uid, total_vm, rss, nr_ptes, oom_score_adj, name; swapents is 0 everywhere.
PROCESSES = (
    (338, 0, 10748, 844, 25, 0, "systemd-journal"),
    (351, 0, 26113, 61, 20, 0, "lvmetad"),
    (368, 0, 10509, 149, 23, -1000, "systemd-udevd"),
    (521, 0, 170342, 908, 178, 0, "rsyslogd"),
    (525, 0, 8671, 82, 21, 0, "systemd-logind"),
    (526, 81, 7157, 96, 19, -900, "dbus-daemon"),
    (530, 0, 31575, 162, 17, 0, "crond"),
    (540, 28, 160978, 131, 37, 0, "nscd"),
    (548, 0, 27501, 30, 10, 0, "agetty"),
    (588, 0, 1621, 26, 9, 0, "iprinit"),
    (590, 0, 1621, 25, 9, 0, "iprupdate"),
    (601, 0, 9781, 23, 8, 0, "iprdump"),
    (838, 38, 7399, 169, 18, 0, "ntpd"),
    (881, 0, 386, 44, 4, 0, "aliyun-service"),
    (5973, 1000, 41595, 165, 32, 0, "gmond"),
    (3829, 0, 33413, 292, 67, 0, "sshd"),
    (3831, 1000, 33582, 476, 68, 0, "sshd"),
    (3832, 1000, 29407, 622, 16, 0, "bash"),
    (14638, 0, 20697, 210, 42, -1000, "sshd"),
    (11531, 0, 33413, 293, 66, 0, "sshd"),
    (11533, 1000, 33413, 292, 64, 0, "sshd"),
    (11534, 1000, 29361, 584, 15, 0, "bash"),
    (3172, 0, 6338, 161, 17, 0, "AliYunDunUpdate"),
    (3224, 0, 32867, 2270, 61, 0, "AliYunDun"),
    (5417, 1000, 28279, 51, 14, 0, "sh"),
    (5421, 1000, 28279, 53, 13, 0, "sh"),
    (5424, 1000, 36913689, 1537770, 66407, 0, "java"),
    (17132, 0, 21804, 215, 44, 0, "zabbix_agentd"),
    (17133, 0, 21804, 285, 43, 0, "zabbix_agentd"),
    (17134, 0, 21866, 290, 44, 0, "zabbix_agentd"),
    (17135, 0, 21866, 290, 44, 0, "zabbix_agentd"),
    (17136, 0, 21841, 290, 44, 0, "zabbix_agentd"),
    (17137, 0, 21804, 245, 43, 0, "zabbix_agentd"),
    (13669, 1000, 28279, 51, 14, 0, "sh"),
    (13673, 1000, 28279, 50, 13, 0, "sh"),
    (13675, 1000, 879675, 204324, 494, 0, "java"),
)

#: free, min, low, high, present, managed; lowmem_reserve; blocks of orders 0 to 10.
ZONES = {
    "DMA": (
        (15900, 132, 164, 196, 15992, 15908),
        (0, 2801, 7792, 7792),
        ("1U", "1U", "1U", "0", "2U", "1U", "1U", "0", "1U", "1R", "3M"),
    ),
    "DMA32": (
        (43500, 24252, 30312, 36376, 3129216, 2869240),
        (0, 0, 4990, 4990),
        ("1281UEM", "825UEM", "1404UEM", "290EM", "0", "0", "0", "0", "0", "0", "0"),
    ),
    "Normal": (
        (36200, 43192, 53988, 64788, 5242880, 5110124),
        (0, 0, 0, 0),
        ("1441UEM", "3177UEM", "315UEM", "0", "0", "0", "0", "0", "0", "0", "0"),
    ),
}

#: The Mem-Info block and its trailer, in pages.
COUNTERS = {
    "active_anon": 1813257,
    "inactive_anon": 37301,
    "isolated_anon": 0,
    "active_file": 84,
    "inactive_file": 0,
    "isolated_file": 0,
    "unevictable": 0,
    "dirty": 0,
    "writeback": 0,
    "unstable": 0,
    "free": 23900,
    "slab_reclaimable": 34218,
    "slab_unreclaimable": 5636,
    "mapped": 1252,
    "shmem": 100531,
    "pagetables": 68092,
    "bounce": 0,
    "free_cma": 0,
    "pagecache": 100592,
    "swap_cache": 0,
    "shared": 284736,
    "non_shared": 1976069,
}


def insert_seed(connection: duckdb.DuckDBPyConnection, event_id: str = "seed") -> None:
    """The whole incident as event `event_id` of host iZ23tpcto8eZ."""
    insert(connection, "hosts", host_id="h-" + event_id, hostname="iZ23tpcto8eZ")
    insert(
        connection,
        "events",
        event_id=event_id,
        host_id="h-" + event_id,
        kind="oom_kill",
        occurred_at=datetime(2014, 6, 4, 17, 19, 10),
        occurred_epoch_s=1401902350,
        page_size_kb=4,
        page_size_basis="buddy",
        invoker_comm="AliYunDun",
        gfp_mask=0x201DA,
        gfp_layout="linux-2.6.32",
        alloc_order=0,
        invoker_oom_score_adj=0,
        cpuset="/",
        mems_allowed="0",
        kill_message="Out of memory",
        chosen_pid=5424,
        chosen_comm="java",
        chosen_score=800,
        ram_pages=2097151,
        reserved_pages=94167,
        swap_free_kb=0,
        swap_total_kb=0,
        task_table_header="[ pid ]   uid  tgid total_vm      rss nr_ptes swapents"
        " oom_score_adj name",
    )
    insert(
        connection,
        "victims",
        event_id=event_id,
        victim_no=1,
        role="victim",
        pid=5424,
        comm="java",
        score=800,
        total_vm_kb=147654756,
        anon_rss_kb=6151080,
        file_rss_kb=0,
    )
    for zone_no, (zone, (sizes, reserves, blocks)) in enumerate(ZONES.items(), start=1):
        insert_zone(connection, event_id, zone, sizes, reserves, blocks, zone_no=zone_no)
    for name, pages in COUNTERS.items():
        insert(connection, "memory_counters", event_id=event_id, name=name, pages=pages)
    for row_no, (pid, uid, total_vm, rss, nr_ptes, adj, comm) in enumerate(PROCESSES, start=1):
        insert(
            connection,
            "processes",
            event_id=event_id,
            row_no=row_no,
            pid=pid,
            uid=uid,
            tgid=pid,
            total_vm_pages=total_vm,
            rss_pages=rss,
            nr_ptes=nr_ptes,
            swapents=0,
            oom_score_adj=adj,
            comm=comm,
        )


def insert_zone(
    connection: duckdb.DuckDBPyConnection,
    event_id: str,
    zone: str,
    sizes: tuple[int, ...],
    reserves: tuple[int, ...],
    blocks: tuple[str, ...] = (),
    *,
    node: int = 0,
    zone_no: int = 1,
    page_size_kb: int = 4,
    **columns: object,
) -> None:
    """One zone: free, min, low, high, present and managed in kB; its reserves in pages;
    its free blocks such as `825UEM`, from order 0 up. `columns` go to the zone line.
    """
    free, least, low, high, present, managed = sizes
    where = {"event_id": event_id, "node": node, "zone": zone}
    insert(
        connection,
        "zones",
        **where,
        zone_no=zone_no,
        free_kb=free,
        present_kb=present,
        managed_kb=managed,
        **columns,
    )
    insert(connection, "watermarks", **where, min_kb=least, low_kb=low, high_kb=high)
    for class_index, pages in enumerate(reserves):
        insert(connection, "lowmem_reserves", **where, class_index=class_index, reserve_pages=pages)
    for order, text in enumerate(blocks):
        letters = text.lstrip("0123456789")
        insert(
            connection,
            "buddy_orders",
            **where,
            alloc_order=order,
            block_kb=page_size_kb << order,
            free_blocks=int(text.removesuffix(letters)),
            migratetypes=letters or None,
        )
    if blocks:
        sizes_kb = (page_size_kb << order for order in range(len(blocks)))
        counts = (int(text.rstrip(string.ascii_uppercase)) for text in blocks)
        total = sum(size * count for size, count in zip(sizes_kb, counts, strict=True))
        insert(connection, "buddy_totals", **where, total_kb=total)
