-- How many pages the kernel measured processes against when it chose a victim
-- (totalpages in mm/oom_kill.c): all memory and swap, or the cgroup's limit.
-- event_id: the event
-- total_pages: the base of the badness score; NULL when the report does not tell
--   [pages]
-- total_basis: ram_and_swap, managed_and_swap (where the printed `reserved` is
--   known to be wrong), nodes_and_swap (memory policy or cpuset), cgroup_limit
WITH managed AS (
    SELECT
        z.event_id,
        SUM(z.managed_kb) AS managed_kb,
        SUM(z.present_kb) AS present_kb
    FROM zones AS z
    GROUP BY z.event_id
),

counters AS (
    SELECT
        c.event_id,
        MAX(CASE WHEN c.name = 'shared' THEN 1 ELSE 0 END) AS has_shared
    FROM memory_counters AS c
    GROUP BY c.event_id
),

limits AS (
    SELECT
        g.event_id,
        MAX(CASE WHEN g.name = 'memory.limit' THEN g.value END) AS memory_kb,
        MAX(CASE WHEN g.name = 'swap.limit' THEN g.value END) AS swap_kb,
        MAX(CASE WHEN g.name = 'memory+swap.limit' THEN g.value END) AS memsw_kb
    FROM cgroup_counters AS g
    GROUP BY g.event_id
),

candidates AS (
    SELECT
        e.event_id,
        e.page_size_kb,
        CASE
            WHEN e.constraint_kind = 'memcg' THEN 'cgroup_limit'
            WHEN e.constraint_kind IN ('memory_policy', 'cpuset')
                THEN 'nodes_and_swap'
            WHEN COALESCE(c.has_shared, 0) = 0
                AND m.managed_kb IS NOT NULL
                AND m.present_kb = e.ram_pages * e.page_size_kb
                AND m.present_kb - m.managed_kb
                <> e.reserved_pages * e.page_size_kb THEN 'managed_and_swap'
            ELSE 'ram_and_swap'
        END AS total_basis,
        (e.ram_pages - e.reserved_pages) * e.page_size_kb AS ram_kb,
        m.managed_kb,
        m.present_kb,
        COALESCE(e.swap_total_kb, 0) AS swap_total_kb,
        l.memory_kb,
        l.swap_kb,
        l.memsw_kb
    FROM events AS e
    LEFT JOIN managed AS m
        ON e.event_id = m.event_id
    LEFT JOIN counters AS c
        ON e.event_id = c.event_id
    LEFT JOIN limits AS l
        ON e.event_id = l.event_id
)

SELECT
    k.event_id,
    CAST(
        FLOOR(
            CASE k.total_basis
                WHEN 'cgroup_limit'
                    THEN k.memory_kb
                        + CASE
                            WHEN k.memsw_kb IS NOT NULL
                                AND k.memsw_kb - k.memory_kb < k.swap_total_kb
                                THEN k.memsw_kb - k.memory_kb
                            WHEN k.swap_kb IS NOT NULL
                                AND k.swap_kb < k.swap_total_kb THEN k.swap_kb
                            ELSE k.swap_total_kb
                        END
                WHEN 'nodes_and_swap' THEN k.present_kb + k.swap_total_kb
                WHEN 'managed_and_swap' THEN k.managed_kb + k.swap_total_kb
                ELSE k.ram_kb + k.swap_total_kb
            END / k.page_size_kb
        ) AS BIGINT
    ) AS total_pages,
    k.total_basis
FROM candidates AS k
