-- What explains the shortage: each thing about the event that passes its
-- threshold, with the figure and the threshold. What kept the request from
-- memory that was there comes first, then what held the memory, by size, then
-- the signs of a shortage. The total is RAM less what is reserved, or the
-- cgroup's limit (its usage without one). Where a person asked for the dump or
-- the kill (SysRq) there need be no shortage, and there are no suspects.
-- stored: by event
-- event_id: the event
-- suspect_no: place in the ranking, from 1
-- suspect: kept from memory that was there: cgroup_limit, cgroup_swap_limit,
--   cgroup_kernel_limit (the cgroup's fullest limit: usage against limit),
--   numa_node_full, lowmem_full (what is free on nodes, or in higher zones,
--   that the request may not use, against what its own zones need at high),
--   fragmentation (what is free in a zone without a block of the order, against
--   what the zone needs at min). Held the memory: large_process (rss of one
--   process, over half of the total), large_program (that of all processes of
--   one name; where printed its anonymous part, as the rest may be shared),
--   many_processes (all anonymous memory, over half, where neither of those
--   is), shmem, unreclaimable_slab, unevictable, hugetlb, balloon, gpu,
--   unaccounted (over 10 %), page_tables, kernel_stacks (over 2 %). Signs:
--   anon_outside_processes (the anonymous lists less the rss of all processes,
--   over 10 %), swap_full (swap used, from 95 % of it on), reserve_blocked
--   (what is free in a zone that only its lowmem_reserve refused, against what
--   it needs at min), free_only_in_cma, free_only_in_highatomic (what is free
--   but does not count for the request, against what is short at min; among the
--   first from a hundredth of the total on)
-- scope: machine or cgroup: whose memory the total is
-- node: NUMA node, of a zone or a full node; else NULL
-- subject: the process, zone or cgroup; NULL for the machine as a whole
-- pid: process id; NULL for all else
-- figure_kb: what was found [kB]
-- threshold_kb: what it is held against [kB]
-- share_thousandths: the figure's share of the total, in thousandths, cut; NULL
--   without a total
WITH shortages AS (
    SELECT
        e.event_id,
        CASE WHEN e.constraint_kind = 'memcg' THEN 'cgroup' ELSE 'machine' END
            AS scope_name,
        e.constraint_kind,
        e.oom_memcg,
        e.swap_total_kb,
        e.swap_free_kb,
        e.page_size_kb
    FROM events AS e
    LEFT JOIN request_scope AS r ON r.event_id = e.event_id
    WHERE e.kind <> 'memory_dump'
        AND COALESCE(r.trigger_kind, 'request') <> 'sysrq'
),
balance AS (
    SELECT
        b.event_id,
        b.scope,
        b.part,
        b.size_kb,
        b.total_kb,
        b.limit_kb
    FROM memory_balance AS b
    INNER JOIN shortages AS s
        ON s.event_id = b.event_id AND s.scope_name = b.scope
),
fallbacks AS (
    SELECT
        event_id,
        node,
        zone,
        free_kb,
        usable_free_kb,
        cma_kb,
        highatomic_kb,
        short_min_kb,
        needed_min_kb,
        needed_high_kb,
        verdict
    FROM zone_fallbacks
    WHERE trigger_kind = 'request'
),
resident_processes AS (
    SELECT event_id, pid, comm, rss_kb, anon_kb
    FROM process_memory
),
-- The total that a process or a part is a share of: what can be given out.
totals AS (
    SELECT
        event_id,
        MAX(COALESCE(limit_kb, total_kb))
        - MAX(CASE WHEN part = 'reserved' THEN size_kb ELSE 0 END) AS all_kb
    FROM balance
    GROUP BY event_id
),
parts AS (
    SELECT
        event_id,
        CASE
            WHEN part IN ('slab', 'slab_unreclaimable')
                THEN 'unreclaimable_slab'
            WHEN part IN ('mlocked', 'unevictable') THEN 'unevictable'
            ELSE part
        END AS name,
        size_kb
    FROM balance
    WHERE part IN (
        'shmem', 'slab', 'slab_unreclaimable', 'mlocked', 'unevictable',
        'hugetlb', 'balloon', 'gpu', 'unaccounted', 'page_tables',
        'kernel_stacks'
    )
),
large_parts AS (
    SELECT
        p.event_id,
        p.name,
        CAST(SUM(p.size_kb) AS BIGINT) AS kb,
        CASE
            WHEN p.name IN ('page_tables', 'kernel_stacks')
                THEN CAST((t.all_kb - t.all_kb % 50) / 50 AS BIGINT)
            ELSE CAST((t.all_kb - t.all_kb % 10) / 10 AS BIGINT)
        END AS least_kb
    FROM parts AS p
    INNER JOIN totals AS t ON t.event_id = p.event_id
    GROUP BY p.event_id, p.name, t.all_kb
),
large_processes AS (
    SELECT
        t.event_id,
        p.comm,
        p.pid,
        p.rss_kb AS kb,
        CAST((t.all_kb - t.all_kb % 2) / 2 AS BIGINT) AS least_kb
    FROM totals AS t
    INNER JOIN resident_processes AS p ON p.event_id = t.event_id
    WHERE p.rss_kb * 2 > t.all_kb
),
resident AS (
    SELECT
        event_id,
        comm,
        COUNT(*) AS process_count,
        CAST(SUM(rss_kb) AS BIGINT) AS resident_kb,
        CAST(SUM(COALESCE(anon_kb, rss_kb)) AS BIGINT) AS kb
    FROM resident_processes
    GROUP BY event_id, comm
),
large_programs AS (
    SELECT
        t.event_id,
        r.comm,
        r.kb,
        CAST((t.all_kb - t.all_kb % 2) / 2 AS BIGINT) AS least_kb
    FROM totals AS t
    INNER JOIN resident AS r ON r.event_id = t.event_id
    LEFT JOIN large_processes AS p
        ON p.event_id = r.event_id AND p.comm = r.comm
    WHERE r.kb * 2 > t.all_kb AND r.process_count > 1 AND p.event_id IS NULL
),
many_processes AS (
    SELECT
        b.event_id,
        b.size_kb AS kb,
        CAST((t.all_kb - t.all_kb % 2) / 2 AS BIGINT) AS least_kb
    FROM balance AS b
    INNER JOIN totals AS t ON t.event_id = b.event_id
    LEFT JOIN (
        SELECT event_id FROM large_processes
        UNION
        SELECT event_id FROM large_programs
    ) AS known ON known.event_id = b.event_id
    WHERE b.part = 'anon'
        AND b.size_kb * 2 > t.all_kb
        AND known.event_id IS NULL
),
-- Only a whole table tells what its processes do not hold.
anon_lists AS (
    SELECT
        b.event_id,
        CAST(SUM(b.size_kb) AS BIGINT) AS kb
    FROM balance AS b
    INNER JOIN events AS e ON e.event_id = b.event_id
    WHERE b.part IN ('anon', 'shmem')
        AND e.damage IS NULL
        AND COALESCE(e.constraint_kind, 'none') IN ('none', 'memcg')
    GROUP BY b.event_id
),
outside_processes AS (
    SELECT
        a.event_id,
        a.kb - CAST(SUM(r.resident_kb) AS BIGINT) AS rest_kb,
        MAX(CAST((t.all_kb - t.all_kb % 10) / 10 AS BIGINT)) AS least_kb
    FROM anon_lists AS a
    INNER JOIN totals AS t ON t.event_id = a.event_id
    INNER JOIN resident AS r ON r.event_id = a.event_id
    GROUP BY a.event_id, a.kb
),
limits AS (
    SELECT
        c.event_id,
        CASE c.name
            WHEN 'memory.usage' THEN 'cgroup_limit'
            WHEN 'memory+swap.usage' THEN 'cgroup_swap_limit'
            ELSE 'cgroup_kernel_limit'
        END AS limit_name,
        c.value AS kb,
        l.value AS least_kb,
        ROW_NUMBER() OVER (
            PARTITION BY c.event_id
            ORDER BY
                (c.value * 1000 - c.value * 1000 % l.value) / l.value
                    DESC NULLS LAST,
                CASE c.name WHEN 'memory.usage' THEN 1 ELSE 2 END,
                c.name
        ) AS fullness_no
    FROM cgroup_counters AS c
    INNER JOIN cgroup_counters AS l
        ON l.event_id = c.event_id
        AND l.name = REPLACE(c.name, '.usage', '.limit')
    WHERE c.name IN ('memory.usage', 'memory+swap.usage', 'kmem.usage')
        AND l.value > 0
),
zone_sums AS (
    SELECT
        event_id,
        CAST(SUM(free_kb) AS BIGINT) AS all_free_kb,
        CAST(SUM(needed_high_kb) AS BIGINT) AS needed_kb,
        MAX(CASE WHEN verdict = 'usable' OR verdict IS NULL THEN 1 ELSE 0 END)
            AS has_usable
    FROM fallbacks
    GROUP BY event_id
),
thisnode AS (
    SELECT event_id
    FROM gfp_flags
    WHERE flag = 'THISNODE'
    GROUP BY event_id
),
-- The free counter is of the whole machine, even where nodes and zones that
-- the request may not use are left out of the report.
out_of_reach AS (
    SELECT
        z.event_id,
        CASE
            WHEN s.constraint_kind IN ('cpuset', 'memory_policy')
                OR thisnode.event_id IS NOT NULL THEN 'numa_node_full'
            WHEN r.highest_rank <= 3 THEN 'lowmem_full'
        END AS name,
        c.pages * s.page_size_kb - z.all_free_kb AS kb,
        z.needed_kb AS least_kb
    FROM zone_sums AS z
    INNER JOIN shortages AS s ON s.event_id = z.event_id
    INNER JOIN request_scope AS r ON r.event_id = z.event_id
    INNER JOIN memory_counters AS c
        ON c.event_id = z.event_id AND c.name = 'free'
    LEFT JOIN thisnode ON thisnode.event_id = z.event_id
    WHERE z.has_usable = 0
),
zone_suspects AS (
    SELECT
        f.event_id,
        CASE
            WHEN f.verdict = 'no_block_of_order' THEN 'fragmentation'
            WHEN f.usable_free_kb + f.cma_kb > f.needed_min_kb
                THEN 'free_only_in_cma'
            WHEN f.usable_free_kb + f.highatomic_kb > f.needed_min_kb
                THEN 'free_only_in_highatomic'
            WHEN f.verdict = 'reserve_blocked' THEN 'reserve_blocked'
        END AS name,
        f.node,
        f.zone,
        f.usable_free_kb,
        f.cma_kb,
        f.highatomic_kb,
        f.short_min_kb,
        f.needed_min_kb
    FROM fallbacks AS f
    WHERE f.verdict IN (
        'no_block_of_order', 'below_watermark', 'reserve_blocked'
    )
),
suspects AS (
    SELECT
        l.event_id, 1 AS class_no, l.limit_name AS name,
        CAST(NULL AS BIGINT) AS of_node, s.oom_memcg AS what,
        CAST(NULL AS BIGINT) AS of_pid, l.kb, l.least_kb
    FROM limits AS l
    INNER JOIN shortages AS s
        ON s.event_id = l.event_id AND s.scope_name = 'cgroup'
    WHERE l.fullness_no = 1
    UNION ALL
    SELECT
        event_id, 1 AS class_no, name, NULL AS of_node, NULL AS what,
        NULL AS of_pid, kb, least_kb
    FROM out_of_reach
    WHERE name IS NOT NULL AND kb > least_kb
    UNION ALL
    SELECT
        event_id,
        CASE WHEN name = 'fragmentation' THEN 1 ELSE 3 END AS class_no,
        name,
        node AS of_node,
        zone AS what,
        NULL AS of_pid,
        CASE name
            WHEN 'free_only_in_cma' THEN cma_kb
            WHEN 'free_only_in_highatomic' THEN highatomic_kb
            ELSE usable_free_kb
        END AS kb,
        CASE
            WHEN name IN ('free_only_in_cma', 'free_only_in_highatomic')
                THEN short_min_kb
            ELSE needed_min_kb
        END AS least_kb
    FROM zone_suspects
    WHERE name IS NOT NULL
    UNION ALL
    SELECT
        event_id, 2 AS class_no, name, NULL AS of_node, NULL AS what,
        NULL AS of_pid, kb, least_kb
    FROM large_parts
    WHERE kb > least_kb
    UNION ALL
    SELECT
        event_id, 2 AS class_no, 'large_process' AS name, NULL AS of_node,
        comm AS what, pid AS of_pid, kb, least_kb
    FROM large_processes
    UNION ALL
    SELECT
        event_id, 2 AS class_no, 'large_program' AS name, NULL AS of_node,
        comm AS what, NULL AS of_pid, kb, least_kb
    FROM large_programs
    UNION ALL
    SELECT
        event_id, 2 AS class_no, 'many_processes' AS name, NULL AS of_node,
        NULL AS what, NULL AS of_pid, kb, least_kb
    FROM many_processes
    UNION ALL
    SELECT
        event_id, 3 AS class_no, 'anon_outside_processes' AS name,
        NULL AS of_node, NULL AS what, NULL AS of_pid, rest_kb, least_kb
    FROM outside_processes
    WHERE rest_kb > least_kb
    UNION ALL
    SELECT
        event_id, 3 AS class_no, 'swap_full' AS name, NULL AS of_node,
        NULL AS what, NULL AS of_pid, swap_total_kb - swap_free_kb AS kb,
        CAST((swap_total_kb * 95 - swap_total_kb * 95 % 100) / 100 AS BIGINT)
            AS least_kb
    FROM shortages
    WHERE swap_total_kb > 0
        AND (swap_total_kb - swap_free_kb) * 100 >= swap_total_kb * 95
)
SELECT
    s.event_id,
    ROW_NUMBER() OVER (
        PARTITION BY s.event_id
        ORDER BY
            -- A hundredth of all memory that is kept back is no small matter.
            CASE
                WHEN s.name LIKE 'free_only_%' AND s.kb * 100 >= t.all_kb THEN 1
                ELSE s.class_no
            END,
            s.kb DESC NULLS LAST, s.name, s.of_node NULLS LAST,
            s.what NULLS LAST, s.of_pid NULLS LAST
    ) AS suspect_no,
    s.name AS suspect,
    shortages.scope_name AS scope,
    s.of_node AS node,
    s.what AS subject,
    s.of_pid AS pid,
    s.kb AS figure_kb,
    s.least_kb AS threshold_kb,
    CASE
        WHEN t.all_kb > 0
            THEN CAST((s.kb * 1000 - s.kb * 1000 % t.all_kb) / t.all_kb
                AS BIGINT)
    END AS share_thousandths
FROM suspects AS s
INNER JOIN shortages ON shortages.event_id = s.event_id
LEFT JOIN totals AS t ON t.event_id = s.event_id
