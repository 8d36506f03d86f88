-- Where the memory was: every page of RAM in one part, and what remains as
-- unaccounted, so that the parts of a scope add up to its total and no page is
-- in two of them. The machine is divided up where the report prints its
-- counters, each node where they are printed by node, and for a kill by a
-- cgroup's limit that cgroup's own usage. Counters are read one after another
-- while memory moves, so unaccounted may be a little below 0.
-- stored: by event
-- event_id: the event
-- scope: machine, node or cgroup (the one whose limit was hit)
-- node: NUMA node, for the scope node; else NULL
-- part_no: place by size within the scope, from 1
-- part: anon (heaps and stacks), shmem (shared memory and tmpfs), file (cache
--   of files), mlocked, unevictable (not reclaimable for other reasons),
--   slab_reclaimable, slab_unreclaimable, page_tables, kernel_stacks,
--   kernel_other (bounce buffers and what else the kernel names), hugetlb
--   (pools of huge pages), zspages or zswap (compressed swap), balloon, gpu,
--   hwpoisoned, free_per_cpu (free, in the processors' lists), free_cma (free,
--   in contiguous areas), free (elsewhere), reserved (never given out), percpu,
--   vmalloc, sock (of a cgroup), unaccounted (the rest: drivers, vmalloc,
--   per-CPU data; of a node also its slab, which is printed by node only up to
--   Linux 4.12). Where a kernel does not tell two apart: anon_and_file and slab
--   (up to 2.6.27), file_and_shmem (cgroups up to 4.11)
-- size_kb: its size [kB]
-- share_thousandths: its share of the total, in thousandths, cut
-- total_kb: RAM of the machine or node, or the cgroup's usage; NULL when not
--   printed [kB]
-- limit_kb: the cgroup's limit; NULL for other scopes and without a limit [kB]
-- basis: the lines of the report that tell the part, or rest
-- is_whole: whether the parts add up to the total; else counters are missing,
--   and there is no unaccounted part
WITH parts AS (
    SELECT
        event_id,
        'machine' AS scope_name,
        CAST(NULL AS BIGINT) AS of_node,
        part AS name,
        size_kb AS kb,
        ram_kb AS all_kb,
        CAST(NULL AS BIGINT) AS most_kb,
        basis AS told_by,
        has_core AND ram_kb IS NOT NULL AS adds_up
    FROM machine_memory_parts
    UNION ALL
    SELECT
        event_id,
        'node' AS scope_name,
        node AS of_node,
        part AS name,
        size_kb AS kb,
        present_kb AS all_kb,
        CAST(NULL AS BIGINT) AS most_kb,
        basis AS told_by,
        has_core AND present_kb IS NOT NULL AS adds_up
    FROM node_memory_parts
    UNION ALL
    SELECT
        event_id,
        'cgroup' AS scope_name,
        CAST(NULL AS BIGINT) AS of_node,
        part AS name,
        size_kb AS kb,
        usage_kb AS all_kb,
        limit_kb AS most_kb,
        basis AS told_by,
        has_core AS adds_up
    FROM cgroup_memory_parts
),
rests AS (
    SELECT
        event_id,
        scope_name,
        of_node,
        'unaccounted' AS name,
        MAX(all_kb) - CAST(SUM(kb) AS BIGINT) AS rest_kb,
        MAX(all_kb) AS total_kb,
        MAX(most_kb) AS limit_kb,
        'rest' AS told_by,
        TRUE AS adds_up
    FROM parts
    WHERE adds_up
    GROUP BY event_id, scope_name, of_node
),
whole AS (
    SELECT
        event_id, scope_name, of_node, name, kb, all_kb, most_kb, told_by,
        adds_up
    FROM parts
    UNION ALL
    SELECT
        event_id, scope_name, of_node, name, rest_kb, total_kb, limit_kb,
        told_by, adds_up
    FROM rests
)
SELECT
    event_id,
    scope_name AS scope,
    of_node AS node,
    ROW_NUMBER() OVER (
        PARTITION BY event_id, scope_name, of_node
        ORDER BY kb DESC NULLS LAST, name
    ) AS part_no,
    name AS part,
    kb AS size_kb,
    CASE
        WHEN all_kb > 0
            THEN CAST((kb * 1000 - kb * 1000 % all_kb) / all_kb AS BIGINT)
    END AS share_thousandths,
    all_kb AS total_kb,
    most_kb AS limit_kb,
    told_by AS basis,
    adds_up AS is_whole
FROM whole
