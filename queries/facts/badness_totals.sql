-- The memory that the kernel measured processes against (totalpages), with
-- every value that fits the report: a cgroup's report does not always tell
-- whether its swap counts.
-- stored: by event
-- event_id: the event
-- candidate_no: 1 for the likeliest
-- total_pages: memory plus swap within the limit that was hit [pages]
-- total_basis: ram, managed, nodes, cgroup or cgroup_and_swap: its source
WITH zone_sums AS (
    SELECT
        event_id,
        SUM(present_kb) AS all_present_kb,
        SUM(managed_kb) AS all_managed_kb,
        COUNT(*) AS zone_count,
        COUNT(managed_kb) AS managed_count
    FROM zones
    GROUP BY event_id
),
cgroups AS (
    SELECT
        event_id,
        MAX(CASE WHEN name = 'memory.limit' THEN value END) AS limit_kb,
        MAX(CASE WHEN name = 'memory.usage' THEN value END) AS usage_kb,
        MAX(
            CASE WHEN name = 'memory+swap.limit' THEN value END
        ) AS both_limit_kb,
        MAX(
            CASE WHEN name = 'memory+swap.usage' THEN value END
        ) AS both_usage_kb,
        MAX(CASE WHEN name = 'swap.limit' THEN value END) AS swap_limit_kb,
        MAX(CASE WHEN name = 'swap.usage' THEN value END) AS swap_usage_kb
    FROM cgroup_counters
    WHERE unit = 'kB'
    GROUP BY event_id
),
globals AS (
    SELECT
        e.event_id,
        1 AS candidate,
        CASE
            WHEN e.constraint_kind IN ('cpuset', 'memory_policy')
                THEN zone_sums.all_present_kb
            -- From Linux 3.13 on RAM is the sum of the zones, and 3.13 to 3.17
            -- print a wrong reserved, so managed is right. Older RAM is more.
            WHEN zone_sums.all_present_kb = e.ram_pages * e.page_size_kb
                AND zone_sums.managed_count = zone_sums.zone_count
                THEN zone_sums.all_managed_kb
            ELSE (e.ram_pages - e.reserved_pages) * e.page_size_kb
        END + COALESCE(e.swap_total_kb, 0) AS total_kb,
        CASE
            WHEN e.constraint_kind IN ('cpuset', 'memory_policy') THEN 'nodes'
            WHEN zone_sums.all_present_kb = e.ram_pages * e.page_size_kb
                AND zone_sums.managed_count = zone_sums.zone_count
                THEN 'managed'
            ELSE 'ram'
        END AS basis
    FROM events AS e
    LEFT JOIN zone_sums ON zone_sums.event_id = e.event_id
    WHERE e.constraint_kind IS NULL OR e.constraint_kind <> 'memcg'
),
swaps AS (
    SELECT
        e.event_id,
        c.limit_kb,
        c.swap_usage_kb > 0 OR c.both_usage_kb > c.usage_kb AS swap_in_use,
        CASE
            WHEN c.both_limit_kb < c.limit_kb + e.swap_total_kb
                THEN c.both_limit_kb
            WHEN c.swap_limit_kb < e.swap_total_kb
                THEN c.limit_kb + c.swap_limit_kb
            WHEN e.swap_total_kb IS NOT NULL THEN c.limit_kb + e.swap_total_kb
            WHEN c.both_limit_kb IS NOT NULL THEN c.both_limit_kb
            ELSE c.limit_kb + c.swap_limit_kb
        END AS with_swap_kb
    FROM events AS e
    INNER JOIN cgroups AS c ON c.event_id = e.event_id
    WHERE e.constraint_kind = 'memcg'
),
limited AS (
    SELECT
        event_id,
        CASE WHEN swap_in_use THEN 2 ELSE 1 END AS candidate,
        limit_kb AS total_kb,
        'cgroup' AS basis
    FROM swaps
    UNION ALL
    SELECT
        event_id,
        CASE WHEN swap_in_use THEN 1 ELSE 2 END AS candidate,
        with_swap_kb AS total_kb,
        'cgroup_and_swap' AS basis
    FROM swaps
    WHERE with_swap_kb <> limit_kb
),
-- Up to Linux 4.20 no constraint is printed. Where the zones shown are not all
-- of the RAM, a memory policy or a cpuset may have held.
perhaps_nodes AS (
    SELECT
        e.event_id,
        2 AS candidate,
        zone_sums.all_present_kb + COALESCE(e.swap_total_kb, 0) AS total_kb,
        'nodes' AS basis
    FROM events AS e
    INNER JOIN zone_sums ON zone_sums.event_id = e.event_id
    WHERE e.constraint_kind IS NULL
        AND zone_sums.all_present_kb * 1000 < e.ram_pages * e.page_size_kb * 995
),
candidates AS (
    SELECT event_id, candidate, total_kb, basis FROM globals
    UNION ALL
    SELECT event_id, candidate, total_kb, basis FROM perhaps_nodes
    UNION ALL
    SELECT event_id, candidate, total_kb, basis FROM limited
)
SELECT
    c.event_id,
    ROW_NUMBER() OVER (
        PARTITION BY c.event_id ORDER BY c.candidate
    ) AS candidate_no,
    CAST((c.total_kb - c.total_kb % e.page_size_kb) / e.page_size_kb AS BIGINT)
        AS total_pages,
    c.basis AS total_basis
FROM candidates AS c
INNER JOIN events AS e ON e.event_id = c.event_id
WHERE c.total_kb > 0 AND e.page_size_kb > 0
