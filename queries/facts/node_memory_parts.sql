-- Each NUMA node's memory in parts of which no two hold the same page, for the
-- nodes that the report shows. Linux 4.8 and later print most of it in the
-- node's own line, older ones in the lines of its zones. Slab is printed by
-- node only up to Linux 4.12, and reserved memory only since 3.8. Linux 6.1 and
-- later hide zones that the request may not use: a node's memory is then not
-- known.
-- stored: by event
-- event_id: the event
-- node: NUMA node
-- part: name of the part, as in memory_balance
-- size_kb: its size [kB]
-- basis: the lines that tell it: nodes, zones, hugepages or per_cpu
-- present_kb: memory of the node's zones; NULL where zones may be hidden or
--   lost [kB]
-- has_core: whether the counters that hold nearly all memory are printed
WITH zone_sums AS (
    SELECT
        event_id,
        node,
        SUM(present_kb) AS zones_present_kb,
        SUM(present_kb - managed_kb) AS zones_reserved_kb,
        SUM(free_kb - COALESCE(free_cma_kb, 0)) AS zones_free_kb,
        SUM(free_cma_kb) AS zones_cma_kb,
        SUM(free_pcp_kb) AS zones_pcp_kb,
        SUM(
            COALESCE(active_anon_kb, 0) + inactive_anon_kb
            + COALESCE(isolated_anon_kb, 0)
        ) AS zones_anon_kb,
        SUM(
            COALESCE(active_file_kb, 0) + inactive_file_kb
            + COALESCE(isolated_file_kb, 0)
        ) AS zones_file_kb,
        SUM(COALESCE(active_kb, 0) + inactive_kb) AS zones_mixed_kb,
        SUM(unevictable_kb) AS zones_unevictable_kb,
        SUM(mlocked_kb) AS zones_mlocked_kb,
        SUM(shmem_kb) AS zones_shmem_kb,
        SUM(slab_reclaimable_kb) AS zones_reclaimable_kb,
        SUM(slab_unreclaimable_kb) AS zones_unreclaimable_kb,
        SUM(pagetables_kb) AS zones_table_kb,
        SUM(kernel_stack_kb + COALESCE(shadow_call_stack_kb, 0))
            AS zones_stack_kb,
        SUM(bounce_kb + COALESCE(writeback_tmp_kb, 0)) AS zones_other_kb,
        SUM(zspages_kb) AS zones_zspages_kb
    FROM zones
    GROUP BY event_id, node
),
-- Whether zones are missing: sec_pagetables came with the kernel that hides.
shown_zones AS (
    SELECT
        z.event_id,
        SUM(z.present_kb) = MAX(e.ram_pages * e.page_size_kb) AS has_all,
        MAX(CASE WHEN n.sec_pagetables_kb IS NULL THEN 0 ELSE 1 END)
            AS may_hide,
        MAX(CASE
            WHEN e.damage LIKE '%lost_lines%' OR e.damage LIKE '%cut_%'
                OR e.damage LIKE '%unparsed_lines%' THEN 1
            ELSE 0
        END) AS may_lack
    FROM zones AS z
    INNER JOIN events AS e ON e.event_id = z.event_id
    LEFT JOIN nodes AS n ON n.event_id = z.event_id AND n.node = z.node
    GROUP BY z.event_id
),
pools AS (
    SELECT
        event_id,
        node,
        SUM(size_kb * total_count) AS pool_kb
    FROM hugepages
    GROUP BY event_id, node
),
processor_lists AS (
    SELECT
        event_id,
        node,
        SUM(used_pages) AS used
    FROM per_cpu_pages
    GROUP BY event_id, node
),
-- Linux 4.8 and 4.9 print the node's shmem under the name anon_thp; the
-- machine's counter tells which of the two it is.
shown_shmem AS (
    SELECT
        n.event_id,
        ABS(SUM(n.anon_thp_kb) - MAX(c.pages) * MAX(e.page_size_kb))
        < ABS(SUM(n.shmem_kb) - MAX(c.pages) * MAX(e.page_size_kb))
        AND COUNT(n.pages_scanned) > 0 AS is_shifted
    FROM nodes AS n
    INNER JOIN events AS e ON e.event_id = n.event_id
    INNER JOIN memory_counters AS c
        ON c.event_id = n.event_id AND c.name = 'shmem'
    GROUP BY n.event_id
),
sized AS (
    SELECT
        z.event_id,
        z.node,
        CASE
            WHEN h.has_all OR (h.may_hide = 0 AND h.may_lack = 0)
                THEN z.zones_present_kb
        END AS whole_kb,
        z.zones_reserved_kb AS reserved_kb,
        z.zones_free_kb AS free_kb,
        z.zones_cma_kb AS cma_kb,
        COALESCE(z.zones_pcp_kb, l.used * e.page_size_kb) AS pcp_kb,
        CASE WHEN z.zones_pcp_kb IS NULL THEN 'per_cpu' ELSE 'zones' END
            AS pcp_basis,
        CASE WHEN n.event_id IS NULL THEN 'zones' ELSE 'nodes' END
            AS list_basis,
        CASE
            WHEN n.event_id IS NULL THEN z.zones_anon_kb
            ELSE n.active_anon_kb + n.inactive_anon_kb
                + COALESCE(n.isolated_anon_kb, 0)
        END AS lists_kb,
        CASE
            WHEN n.event_id IS NULL THEN z.zones_file_kb
            ELSE n.active_file_kb + n.inactive_file_kb
                + COALESCE(n.isolated_file_kb, 0)
        END AS file_kb,
        z.zones_mixed_kb AS mixed_kb,
        CASE
            WHEN s.is_shifted THEN n.anon_thp_kb
            ELSE COALESCE(n.shmem_kb, z.zones_shmem_kb)
        END AS shared_kb,
        COALESCE(n.unevictable_kb, z.zones_unevictable_kb) AS locked_kb,
        z.zones_mlocked_kb AS mlocked_kb,
        z.zones_reclaimable_kb AS reclaimable_kb,
        z.zones_unreclaimable_kb AS unreclaimable_kb,
        COALESCE(n.pagetables_kb, z.zones_table_kb)
        + COALESCE(n.sec_pagetables_kb, 0) AS table_kb,
        CASE WHEN n.pagetables_kb IS NULL THEN 'zones' ELSE 'nodes' END
            AS table_basis,
        COALESCE(
            n.kernel_stack_kb + COALESCE(n.shadow_call_stack_kb, 0),
            z.zones_stack_kb
        ) AS stack_kb,
        CASE WHEN n.kernel_stack_kb IS NULL THEN 'zones' ELSE 'nodes' END
            AS stack_basis,
        z.zones_other_kb + COALESCE(n.writeback_tmp_kb, 0) AS other_kb,
        z.zones_zspages_kb AS zspages_kb,
        n.balloon_kb,
        COALESCE(n.gpu_active_kb, 0) + n.gpu_reclaim_kb AS gpu_kb,
        p.pool_kb
    FROM zone_sums AS z
    INNER JOIN events AS e ON e.event_id = z.event_id
    LEFT JOIN nodes AS n ON n.event_id = z.event_id AND n.node = z.node
    LEFT JOIN shown_zones AS h ON h.event_id = z.event_id
    LEFT JOIN shown_shmem AS s ON s.event_id = z.event_id
    LEFT JOIN pools AS p ON p.event_id = z.event_id AND p.node = z.node
    LEFT JOIN processor_lists AS l
        ON l.event_id = z.event_id AND l.node = z.node
),
-- As for the machine: what the anonymous lists cannot hold of shared memory is
-- locked.
split AS (
    SELECT
        s.event_id,
        s.node,
        s.whole_kb,
        s.reserved_kb,
        s.free_kb,
        s.cma_kb,
        s.pcp_kb,
        s.pcp_basis,
        s.list_basis,
        CASE
            WHEN s.shared_kb > s.lists_kb THEN 0
            ELSE s.lists_kb - COALESCE(s.shared_kb, 0)
        END AS anon_kb,
        s.file_kb,
        s.mixed_kb,
        s.shared_kb,
        CASE
            WHEN s.shared_kb <= s.lists_kb OR s.shared_kb IS NULL
                THEN s.locked_kb
            WHEN s.shared_kb - s.lists_kb > s.locked_kb THEN 0
            ELSE s.locked_kb - (s.shared_kb - s.lists_kb)
        END AS unevictable_kb,
        s.mlocked_kb,
        s.reclaimable_kb,
        s.unreclaimable_kb,
        s.table_kb,
        s.table_basis,
        s.stack_kb,
        s.stack_basis,
        s.other_kb,
        s.zspages_kb,
        s.balloon_kb,
        s.gpu_kb,
        s.pool_kb
    FROM sized AS s
),
names AS (
    SELECT 'anon' AS name
    UNION ALL SELECT 'shmem'
    UNION ALL SELECT 'file'
    UNION ALL SELECT 'anon_and_file'
    UNION ALL SELECT 'mlocked'
    UNION ALL SELECT 'unevictable'
    UNION ALL SELECT 'slab_reclaimable'
    UNION ALL SELECT 'slab_unreclaimable'
    UNION ALL SELECT 'page_tables'
    UNION ALL SELECT 'kernel_stacks'
    UNION ALL SELECT 'kernel_other'
    UNION ALL SELECT 'hugetlb'
    UNION ALL SELECT 'zspages'
    UNION ALL SELECT 'balloon'
    UNION ALL SELECT 'gpu'
    UNION ALL SELECT 'free_per_cpu'
    UNION ALL SELECT 'free_cma'
    UNION ALL SELECT 'free'
    UNION ALL SELECT 'reserved'
),
parts AS (
    SELECT
        s.event_id,
        s.node,
        n.name,
        CASE n.name
            WHEN 'anon' THEN s.anon_kb
            WHEN 'shmem' THEN s.shared_kb
            WHEN 'file' THEN s.file_kb
            WHEN 'anon_and_file' THEN s.mixed_kb
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
            WHEN 'slab_reclaimable' THEN s.reclaimable_kb
            WHEN 'slab_unreclaimable' THEN s.unreclaimable_kb
            WHEN 'page_tables' THEN s.table_kb
            WHEN 'kernel_stacks' THEN s.stack_kb
            WHEN 'kernel_other' THEN s.other_kb
            WHEN 'hugetlb' THEN s.pool_kb
            WHEN 'zspages' THEN s.zspages_kb
            WHEN 'balloon' THEN s.balloon_kb
            WHEN 'gpu' THEN s.gpu_kb
            WHEN 'free_per_cpu' THEN s.pcp_kb
            WHEN 'free_cma' THEN s.cma_kb
            WHEN 'free' THEN s.free_kb
            WHEN 'reserved' THEN s.reserved_kb
        END AS kb,
        CASE
            WHEN n.name IN ('anon', 'shmem', 'file') THEN s.list_basis
            WHEN n.name = 'page_tables' THEN s.table_basis
            WHEN n.name = 'kernel_stacks' THEN s.stack_basis
            WHEN n.name IN ('balloon', 'gpu') THEN 'nodes'
            WHEN n.name = 'hugetlb' THEN 'hugepages'
            WHEN n.name = 'free_per_cpu' THEN s.pcp_basis
            ELSE 'zones'
        END AS told_by,
        s.whole_kb,
        s.free_kb IS NOT NULL
            AND COALESCE(s.mixed_kb, s.anon_kb) IS NOT NULL
            AND COALESCE(s.mixed_kb, s.file_kb) IS NOT NULL AS is_told
    FROM split AS s
    CROSS JOIN names AS n
)
SELECT
    event_id,
    node,
    name AS part,
    CAST(kb AS BIGINT) AS size_kb,
    told_by AS basis,
    CAST(whole_kb AS BIGINT) AS present_kb,
    is_told AS has_core
FROM parts
WHERE kb IS NOT NULL
