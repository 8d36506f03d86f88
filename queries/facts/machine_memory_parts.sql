-- The machine's memory in parts of which no two hold the same page, as far as
-- the report's counters tell them apart. Swap cache, mapped, dirty and
-- writeback pages are states of pages that other parts hold.
-- stored: by event
-- event_id: the event
-- part: name of the part, as in memory_balance
-- size_kb: its size [kB]
-- basis: the lines that tell it: counters, trailer, zones, nodes, hugepages,
--   per_cpu, or zones_and_counters
-- ram_kb: all memory of the machine; NULL when not printed [kB]
-- has_core: whether the counters that hold nearly all memory are printed
WITH counted AS (
    SELECT
        event_id,
        MAX(CASE WHEN name = 'free' THEN pages END) AS all_free,
        MAX(CASE WHEN name = 'free_cma' THEN pages END) AS free_cma,
        MAX(CASE WHEN name = 'free_pcp' THEN pages END) AS free_pcp,
        MAX(CASE WHEN name = 'shmem' THEN pages END) AS shmem,
        SUM(
            CASE
                WHEN name IN ('active_anon', 'inactive_anon', 'isolated_anon')
                    THEN pages
            END
        ) AS anon_lists,
        SUM(
            CASE
                WHEN name IN ('active_file', 'inactive_file', 'isolated_file')
                    THEN pages
            END
        ) AS file_lists,
        -- Up to 2.6.27 the lists hold both.
        SUM(CASE WHEN name IN ('active', 'inactive') THEN pages END)
            AS mixed_lists,
        SUM(
            CASE
                WHEN name IN (
                    'active', 'inactive', 'active_anon', 'inactive_anon',
                    'active_file', 'inactive_file'
                ) THEN 1
            END
        ) AS list_count,
        MAX(CASE WHEN name = 'unevictable' THEN pages END) AS unevictable,
        MAX(CASE WHEN name = 'slab' THEN pages END) AS slab,
        MAX(CASE WHEN name = 'slab_reclaimable' THEN pages END)
            AS slab_reclaimable,
        MAX(CASE WHEN name = 'slab_unreclaimable' THEN pages END)
            AS slab_unreclaimable,
        MAX(CASE WHEN name = 'pagetables' THEN pages END) AS pagetables,
        MAX(CASE WHEN name = 'sec_pagetables' THEN pages END) AS sec_pagetables,
        MAX(CASE WHEN name = 'pagetable_cache' THEN pages END)
            AS pagetable_cache,
        MAX(CASE WHEN name = 'bounce' THEN pages END) AS bounce,
        MAX(CASE WHEN name = 'kernel_misc_reclaimable' THEN pages END)
            AS misc_reclaimable,
        MAX(CASE WHEN name = 'hwpoisoned' THEN pages END) AS hwpoisoned
    FROM memory_counters
    GROUP BY event_id
),
zone_sums AS (
    SELECT
        event_id,
        SUM(present_kb) AS all_present_kb,
        SUM(managed_kb) AS all_managed_kb,
        COUNT(managed_kb) AS managed_count,
        COUNT(*) AS zone_count,
        SUM(mlocked_kb) AS all_mlocked_kb,
        SUM(kernel_stack_kb) AS all_stack_kb,
        SUM(shadow_call_stack_kb) AS all_shadow_stack_kb,
        SUM(writeback_tmp_kb) AS all_fuse_kb,
        SUM(zspages_kb) AS all_zspages_kb
    FROM zones
    GROUP BY event_id
),
node_sums AS (
    SELECT
        event_id,
        SUM(kernel_stack_kb) AS all_stack_kb,
        SUM(shadow_call_stack_kb) AS all_shadow_stack_kb,
        SUM(writeback_tmp_kb) AS all_fuse_kb,
        SUM(balloon_kb) AS all_balloon_kb,
        SUM(COALESCE(gpu_active_kb, 0) + gpu_reclaim_kb) AS gpu_kb
    FROM nodes
    GROUP BY event_id
),
pools AS (
    SELECT
        event_id,
        SUM(size_kb * total_count) AS pool_kb
    FROM hugepages
    GROUP BY event_id
),
processor_lists AS (
    SELECT
        event_id,
        SUM(used_pages) AS used
    FROM per_cpu_pages
    GROUP BY event_id
),
-- Shared memory is on the anonymous lists, and where it is locked on the
-- unevictable one: what the anonymous lists cannot hold of it is there.
sized AS (
    SELECT
        c.event_id,
        e.page_size_kb AS page_kb,
        e.ram_pages * e.page_size_kb AS ram_kb,
        c.all_free - COALESCE(c.free_cma, 0) AS free,
        c.free_cma,
        COALESCE(c.free_pcp, l.used) AS lists_free,
        CASE WHEN c.free_pcp IS NULL THEN 'per_cpu' ELSE 'counters' END
            AS pcp_basis,
        c.shmem,
        CASE
            WHEN c.shmem > c.anon_lists THEN 0
            ELSE c.anon_lists - COALESCE(c.shmem, 0)
        END AS anon,
        c.file_lists,
        c.mixed_lists,
        CASE
            WHEN c.shmem <= c.anon_lists OR c.shmem IS NULL THEN c.unevictable
            WHEN c.shmem - c.anon_lists > c.unevictable THEN 0
            ELSE c.unevictable - (c.shmem - c.anon_lists)
        END * e.page_size_kb AS unevictable_kb,
        z.all_mlocked_kb AS mlocked_kb,
        c.slab,
        c.slab_reclaimable,
        c.slab_unreclaimable,
        c.pagetables,
        c.sec_pagetables,
        c.pagetable_cache,
        c.bounce,
        c.misc_reclaimable,
        c.hwpoisoned,
        COALESCE(n.all_stack_kb, z.all_stack_kb) AS stack_kb,
        CASE WHEN n.all_stack_kb IS NULL THEN 'zones' ELSE 'nodes' END
            AS stack_basis,
        COALESCE(n.all_shadow_stack_kb, z.all_shadow_stack_kb)
            AS shadow_stack_kb,
        COALESCE(n.all_fuse_kb, z.all_fuse_kb) AS fuse_kb,
        z.all_zspages_kb AS zspages_kb,
        n.all_balloon_kb AS balloon_kb,
        n.gpu_kb,
        p.pool_kb,
        -- Linux 3.13 to 4.1 print a wrong sum; the zones tell, if all are
        -- printed. Older kernels count otherwise, and there the sums differ.
        z.all_present_kb = e.ram_pages * e.page_size_kb
            AND z.managed_count = z.zone_count AS has_all_zones,
        z.all_present_kb - z.all_managed_kb AS unmanaged_kb,
        e.reserved_pages * e.page_size_kb AS reserved_kb,
        c.all_free IS NOT NULL
            AND c.pagetables IS NOT NULL
            AND (
                c.slab IS NOT NULL
                OR c.slab_reclaimable + c.slab_unreclaimable IS NOT NULL
            )
            AND c.list_count IN (2, 4) AS has_core
    FROM counted AS c
    INNER JOIN events AS e ON e.event_id = c.event_id
    LEFT JOIN zone_sums AS z ON z.event_id = c.event_id
    LEFT JOIN node_sums AS n ON n.event_id = c.event_id
    LEFT JOIN pools AS p ON p.event_id = c.event_id
    LEFT JOIN processor_lists AS l ON l.event_id = c.event_id
    WHERE e.page_size_kb IS NOT NULL
),
names AS (
    SELECT 'anon' AS name
    UNION ALL SELECT 'shmem'
    UNION ALL SELECT 'file'
    UNION ALL SELECT 'anon_and_file'
    UNION ALL SELECT 'mlocked'
    UNION ALL SELECT 'unevictable'
    UNION ALL SELECT 'slab'
    UNION ALL SELECT 'slab_reclaimable'
    UNION ALL SELECT 'slab_unreclaimable'
    UNION ALL SELECT 'page_tables'
    UNION ALL SELECT 'kernel_stacks'
    UNION ALL SELECT 'kernel_other'
    UNION ALL SELECT 'hugetlb'
    UNION ALL SELECT 'zspages'
    UNION ALL SELECT 'balloon'
    UNION ALL SELECT 'gpu'
    UNION ALL SELECT 'hwpoisoned'
    UNION ALL SELECT 'free_per_cpu'
    UNION ALL SELECT 'free_cma'
    UNION ALL SELECT 'free'
    UNION ALL SELECT 'reserved'
),
parts AS (
    SELECT
        s.event_id,
        n.name,
        CASE n.name
            WHEN 'anon' THEN s.anon * s.page_kb
            WHEN 'shmem' THEN s.shmem * s.page_kb
            WHEN 'file' THEN s.file_lists * s.page_kb
            WHEN 'anon_and_file' THEN s.mixed_lists * s.page_kb
            WHEN 'mlocked'
                THEN CASE
                    WHEN s.mlocked_kb > s.unevictable_kb THEN s.unevictable_kb
                    ELSE s.mlocked_kb
                END
            WHEN 'unevictable'
                THEN CASE
                    WHEN s.mlocked_kb > s.unevictable_kb THEN 0
                    ELSE s.unevictable_kb - COALESCE(s.mlocked_kb, 0)
                END
            WHEN 'slab' THEN s.slab * s.page_kb
            WHEN 'slab_reclaimable' THEN s.slab_reclaimable * s.page_kb
            WHEN 'slab_unreclaimable' THEN s.slab_unreclaimable * s.page_kb
            WHEN 'page_tables'
                THEN (
                    s.pagetables + COALESCE(s.sec_pagetables, 0)
                    + COALESCE(s.pagetable_cache, 0)
                ) * s.page_kb
            WHEN 'kernel_stacks'
                THEN s.stack_kb + COALESCE(s.shadow_stack_kb, 0)
            WHEN 'kernel_other'
                THEN s.bounce * s.page_kb
                    + COALESCE(s.misc_reclaimable * s.page_kb, 0)
                    + COALESCE(s.fuse_kb, 0)
            WHEN 'hugetlb' THEN s.pool_kb
            WHEN 'zspages' THEN s.zspages_kb
            WHEN 'balloon' THEN s.balloon_kb
            WHEN 'gpu' THEN s.gpu_kb
            WHEN 'hwpoisoned' THEN s.hwpoisoned * s.page_kb
            WHEN 'free_per_cpu' THEN s.lists_free * s.page_kb
            WHEN 'free_cma' THEN s.free_cma * s.page_kb
            WHEN 'free' THEN s.free * s.page_kb
            WHEN 'reserved'
                THEN CASE
                    WHEN s.has_all_zones THEN s.unmanaged_kb
                    ELSE s.reserved_kb
                END
        END AS kb,
        CASE
            WHEN n.name IN ('mlocked', 'unevictable', 'kernel_other')
                THEN 'zones_and_counters'
            WHEN n.name = 'kernel_stacks' THEN s.stack_basis
            WHEN n.name = 'zspages' THEN 'zones'
            WHEN n.name IN ('balloon', 'gpu') THEN 'nodes'
            WHEN n.name = 'hugetlb' THEN 'hugepages'
            WHEN n.name = 'hwpoisoned' THEN 'trailer'
            WHEN n.name = 'free_per_cpu' THEN s.pcp_basis
            WHEN n.name = 'reserved' AND s.has_all_zones THEN 'zones'
            WHEN n.name = 'reserved' THEN 'trailer'
            ELSE 'counters'
        END AS told_by,
        s.ram_kb,
        s.has_core AND s.reserved_kb IS NOT NULL AS is_told
    FROM sized AS s
    CROSS JOIN names AS n
)
SELECT
    event_id,
    name AS part,
    CAST(kb AS BIGINT) AS size_kb,
    told_by AS basis,
    ram_kb,
    is_told AS has_core
FROM parts
WHERE kb IS NOT NULL
