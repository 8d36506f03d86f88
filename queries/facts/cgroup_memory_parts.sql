-- The memory of the cgroup whose limit was hit, in parts of which no two hold
-- the same page, as far as its statistics tell them apart. Up to Linux 5.2 each
-- cgroup below it has statistics of its own, which are added up; from 6.5 on
-- cgroup v1 prints sums beside its own, which are taken.
-- stored: by event
-- event_id: the event
-- part: name of the part, as in memory_balance
-- size_kb: its size [kB]
-- basis: the lines that tell it: statistics, or usage (the kmem line)
-- usage_kb: what the cgroup was charged with; NULL when not printed [kB]
-- limit_kb: its limit; NULL when it has none or it is not printed [kB]
-- has_core: whether usage and statistics are printed
WITH sized AS (
    SELECT
        event_id,
        name,
        CASE
            WHEN unit = 'bytes'
                THEN CAST((value - value % 1024) / 1024 AS BIGINT)
            ELSE value
        END AS kb
    FROM cgroup_counters
    WHERE unit <> 'count'
),
told AS (
    SELECT
        s.event_id,
        MAX(CASE WHEN name = 'memory.usage' THEN kb END) AS usage_kb,
        MAX(CASE WHEN name = 'memory.limit' THEN kb END) AS limit_kb,
        MAX(CASE WHEN name = 'kmem.usage' THEN kb END) AS kmem_kb,
        SUM(CASE WHEN name = 'anon' THEN kb END) AS anon_kb,
        SUM(CASE WHEN name = 'file' THEN kb END) AS file_kb,
        SUM(CASE WHEN name = 'rss' THEN kb END) AS rss_kb,
        SUM(CASE WHEN name = 'cache' THEN kb END) AS cache_kb,
        SUM(CASE WHEN name = 'shmem' THEN kb END) AS shmem_kb,
        MAX(CASE WHEN name = 'total_rss' THEN kb END) AS total_rss_kb,
        MAX(CASE WHEN name = 'total_cache' THEN kb END) AS total_cache_kb,
        MAX(CASE WHEN name = 'total_shmem' THEN kb END) AS total_shmem_kb,
        MAX(CASE WHEN name = 'kernel' THEN kb END) AS kernel_kb,
        MAX(CASE WHEN name = 'kernel_stack' THEN kb END) AS stack_kb,
        MAX(CASE WHEN name = 'pagetables' THEN kb END) AS table_kb,
        MAX(CASE WHEN name = 'sec_pagetables' THEN kb END) AS sec_table_kb,
        MAX(CASE WHEN name = 'percpu' THEN kb END) AS percpu_kb,
        MAX(CASE WHEN name = 'sock' THEN kb END) AS sock_kb,
        MAX(CASE WHEN name = 'vmalloc' THEN kb END) AS vmalloc_kb,
        MAX(CASE WHEN name = 'zswap' THEN kb END) AS zswap_kb,
        MAX(CASE WHEN name = 'hugetlb' THEN kb END) AS huge_kb,
        MAX(CASE WHEN name = 'slab' THEN kb END) AS slab_kb,
        MAX(CASE WHEN name = 'slab_reclaimable' THEN kb END) AS reclaimable_kb,
        MAX(CASE WHEN name = 'slab_unreclaimable' THEN kb END)
            AS unreclaimable_kb
    FROM sized AS s
    INNER JOIN events AS e
        ON e.event_id = s.event_id AND e.constraint_kind = 'memcg'
    GROUP BY s.event_id
),
-- Page cache holds shared memory; up to 4.11 it cannot be told apart. All
-- kernel memory is one number, of which the others name a part.
split AS (
    SELECT
        event_id,
        usage_kb,
        limit_kb,
        COALESCE(total_rss_kb, rss_kb, anon_kb) AS private_kb,
        COALESCE(total_shmem_kb, shmem_kb) AS shared_kb,
        COALESCE(total_cache_kb, cache_kb, file_kb) AS page_cache_kb,
        CASE
            WHEN reclaimable_kb IS NULL AND unreclaimable_kb IS NULL
                THEN slab_kb
        END AS whole_slab_kb,
        reclaimable_kb,
        unreclaimable_kb,
        stack_kb,
        table_kb + COALESCE(sec_table_kb, 0) AS tables_kb,
        percpu_kb,
        vmalloc_kb,
        sock_kb,
        zswap_kb,
        huge_kb,
        CASE WHEN kernel_kb IS NULL THEN 'usage' ELSE 'statistics' END
            AS kernel_basis,
        COALESCE(kernel_kb, kmem_kb)
        - COALESCE(reclaimable_kb + unreclaimable_kb, slab_kb, 0)
        - COALESCE(stack_kb, 0)
        - COALESCE(table_kb, 0)
        - COALESCE(sec_table_kb, 0)
        - COALESCE(percpu_kb, 0)
        - COALESCE(vmalloc_kb, 0)
        - COALESCE(zswap_kb, 0) AS other_kb
    FROM told
),
names AS (
    SELECT 'anon' AS name
    UNION ALL SELECT 'shmem'
    UNION ALL SELECT 'file'
    UNION ALL SELECT 'file_and_shmem'
    UNION ALL SELECT 'slab'
    UNION ALL SELECT 'slab_reclaimable'
    UNION ALL SELECT 'slab_unreclaimable'
    UNION ALL SELECT 'page_tables'
    UNION ALL SELECT 'kernel_stacks'
    UNION ALL SELECT 'percpu'
    UNION ALL SELECT 'vmalloc'
    UNION ALL SELECT 'sock'
    UNION ALL SELECT 'zswap'
    UNION ALL SELECT 'hugetlb'
    UNION ALL SELECT 'kernel_other'
),
parts AS (
    SELECT
        s.event_id,
        n.name,
        CASE n.name
            WHEN 'anon' THEN s.private_kb
            WHEN 'shmem' THEN s.shared_kb
            WHEN 'file' THEN s.page_cache_kb - s.shared_kb
            WHEN 'file_and_shmem'
                THEN CASE WHEN s.shared_kb IS NULL THEN s.page_cache_kb END
            WHEN 'slab' THEN s.whole_slab_kb
            WHEN 'slab_reclaimable' THEN s.reclaimable_kb
            WHEN 'slab_unreclaimable' THEN s.unreclaimable_kb
            WHEN 'page_tables' THEN s.tables_kb
            WHEN 'kernel_stacks' THEN s.stack_kb
            WHEN 'percpu' THEN s.percpu_kb
            WHEN 'vmalloc' THEN s.vmalloc_kb
            WHEN 'sock' THEN s.sock_kb
            WHEN 'zswap' THEN s.zswap_kb
            WHEN 'hugetlb' THEN s.huge_kb
            WHEN 'kernel_other'
                THEN CASE WHEN s.other_kb < 0 THEN 0 ELSE s.other_kb END
        END AS kb,
        CASE WHEN n.name = 'kernel_other' THEN s.kernel_basis
            ELSE 'statistics' END AS told_by,
        s.usage_kb,
        s.limit_kb,
        s.usage_kb IS NOT NULL
            AND s.private_kb IS NOT NULL
            AND s.page_cache_kb IS NOT NULL AS is_told
    FROM split AS s
    CROSS JOIN names AS n
)
SELECT
    event_id,
    name AS part,
    CAST(kb AS BIGINT) AS size_kb,
    told_by AS basis,
    usage_kb,
    limit_kb,
    is_told AS has_core
FROM parts
WHERE kb IS NOT NULL
