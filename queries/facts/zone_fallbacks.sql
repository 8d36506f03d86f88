-- Each zone that the request could fall back to, in the order in which the
-- kernel tries them: what was free, what the watermarks and lowmem_reserve[]
-- demanded at min, low and high, and why the zone refused. The kernel grants
-- only when free memory is greater than watermark plus reserve: equality is a
-- refusal. A kill by a cgroup's limit has no rows: no zone caused it. Nodes are
-- those that the report shows and that nodemask and cpuset allow, by number: no
-- report tells which of them was asked first.
-- stored: by event
-- event_id: the event
-- fallback_no: order of trial, from 1
-- node: NUMA node
-- zone: zone name
-- trigger_kind: request; page_fault or sysrq, where zones may well be usable
-- zone_index: the zone's own place in lowmem_reserve[]
-- class_index: entry of lowmem_reserve[] that applies to the request
-- free_kb: free memory as printed [kB]
-- order_kb: of it, not counted: all pages of the request but one; RHEL 6 takes
--   off two more [kB]
-- cma_kb: of it, not counted: contiguous areas that it may not use [kB]
-- highatomic_kb: of it, not counted: blocks kept for atomic requests [kB]
-- highatomic_basis: what was taken for that: free (the free part as printed),
--   free_lists (at most what their lists hold: Linux 6.11 and later count only
--   the free part, but some do not print it) or reserved (all of them); NULL
--   when nothing is taken off
-- usable_free_kb: free less those three, which is what counts [kB]
-- printed_min_kb: watermark min as printed [kB]
-- min_kb: watermark min as it applies; HIGH and ATOMIC requests go lower [kB]
-- low_kb: watermark low [kB]
-- high_kb: watermark high [kB]
-- reserve_kb: lowmem_reserve against this class of request [kB]
-- needed_min_kb: min + reserve; usable free memory must be greater [kB]
-- needed_low_kb: low + reserve [kB]
-- needed_high_kb: high + reserve, tried a last time before the kill [kB]
-- short_min_kb: what was missing at min; NULL when nothing was [kB]
-- short_low_kb: what was missing at low; NULL when nothing was [kB]
-- short_high_kb: what was missing at high, where contiguous areas never count;
--   NULL when nothing was [kB]
-- has_block: whether a free block was large enough; NULL when not known
-- has_block_at_high: the same in the last attempt; NULL when not known
-- verdict: at min: below_watermark (usable free memory is not above the zone's
--   own min), reserve_blocked (it is, but not above min + reserve),
--   no_block_of_order (enough memory, no free block large enough), usable; NULL
--   when the report does not tell
-- usable_reason: why a usable zone did not serve, where the report can tell:
--   sysrq (nothing was asked for), page_fault (the request is lost),
--   address_space (vmalloc found no room for addresses or refused the size),
--   one_node_only (THISNODE; which node is not printed), refused_at_high (it
--   fails the last attempt, at high, which decides for the kill),
--   highatomic_not_printed (blocks for atomic requests are there, their size is
--   not printed), nodemask_not_printed (several nodes, and no memory policy is
--   printed), memory_moved (the report's two readings of its free
--   memory differ), unexplained; NULL for the other verdicts
WITH traces AS (
    -- An underscore in a pattern is any character: alloc_pages_current, left
    -- on the stack by others, is not meant.
    SELECT
        event_id,
        MAX(CASE WHEN symbol LIKE '%vmalloc%' THEN 1 ELSE 0 END) AS in_vmalloc,
        MAX(CASE WHEN symbol LIKE '%__alloc_pages%' THEN 1 ELSE 0 END)
            AS in_allocator
    FROM stack_frames
    GROUP BY event_id
),
free_lists AS (
    SELECT
        event_id,
        node,
        zone,
        SUM(free_blocks * block_kb) AS listed_kb
    FROM buddy_orders
    GROUP BY event_id, node, zone
),
ranked_zones AS (
    SELECT
        event_id,
        node,
        zone,
        free_kb,
        COALESCE(free_cma_kb, 0) AS all_cma_kb,
        reserved_highatomic_kb,
        free_highatomic_kb,
        CASE zone
            WHEN 'DMA' THEN 1
            WHEN 'DMA32' THEN 2
            WHEN 'Normal' THEN 3
            WHEN 'HighMem' THEN 4
            WHEN 'Movable' THEN 5
        END AS zone_rank
    FROM zones
    WHERE COALESCE(managed_kb, present_kb, 1) > 0
),
allowed_zones AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        z.zone_rank,
        z.free_kb,
        z.all_cma_kb,
        z.reserved_highatomic_kb,
        z.free_highatomic_kb,
        e.kind,
        e.page_size_kb,
        e.nodemask,
        r.trigger_kind,
        r.request_order,
        r.may_use_cma,
        r.may_use_highatomic,
        r.is_bound_to_node,
        shape.has_zone_stacks,
        shape.has_invoker_uid,
        shape.is_rhel6,
        shape.has_wait_flag,
        CASE z.zone_rank
            WHEN 1 THEN i.dma_index
            WHEN 2 THEN i.dma32_index
            WHEN 3 THEN i.normal_index
            WHEN 4 THEN i.highmem_index
            WHEN 5 THEN i.movable_index
        END AS zone_index,
        i.dma_index,
        i.dma32_index,
        i.normal_index,
        i.highmem_index,
        i.movable_index,
        -- Up to Linux 5.7 the class is the first zone that the request may use
        -- and that has memory; since then it is the type that the mask names,
        -- with memory or without.
        CASE
            WHEN shape.has_unstable = FALSE THEN r.highest_rank
            ELSE MAX(z.zone_rank) OVER (PARTITION BY z.event_id)
        END AS class_rank,
        MIN(z.node) OVER (PARTITION BY z.event_id) AS first_node,
        MAX(z.node) OVER (PARTITION BY z.event_id) AS last_node
    FROM ranked_zones AS z
    INNER JOIN events AS e
        ON e.event_id = z.event_id
    INNER JOIN request_scope AS r
        ON r.event_id = z.event_id
    INNER JOIN report_shape AS shape
        ON shape.event_id = z.event_id
    INNER JOIN request_nodes AS n
        ON n.event_id = z.event_id AND n.node = z.node
    LEFT JOIN zone_type_indexes AS i
        ON i.event_id = z.event_id
    WHERE COALESCE(e.constraint_kind, 'none') <> 'memcg'
        AND n.is_in_nodemask
        -- A request that cannot wait leaves its cpuset rather than fail.
        AND (n.is_in_cpuset OR r.is_harder)
        -- A type that the machine does not have stands for Normal.
        AND z.zone_rank <= CASE
            WHEN r.highest_rank = 1 AND i.dma_index IS NULL
                AND i.normal_index < 2 THEN 3
            WHEN r.highest_rank = 2 AND i.dma32_index IS NULL
                AND i.normal_index < 2 THEN 3
            ELSE r.highest_rank
        END
),
classed_zones AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        z.zone_rank,
        z.kind,
        z.nodemask,
        z.first_node,
        z.last_node,
        z.trigger_kind,
        z.request_order,
        z.is_bound_to_node,
        z.has_wait_flag,
        z.zone_index,
        z.free_kb,
        z.page_size_kb,
        z.all_cma_kb,
        z.reserved_highatomic_kb,
        z.free_highatomic_kb,
        CASE
            WHEN z.is_rhel6 THEN z.page_size_kb
                * (CAST(POWER(2, z.request_order) AS BIGINT) + 1)
            WHEN z.request_order = 0 THEN 0
            ELSE z.page_size_kb
                * (CAST(POWER(2, z.request_order) AS BIGINT) - 1)
        END AS order_kb,
        CASE WHEN z.may_use_cma THEN 0 ELSE z.all_cma_kb END AS cma_kb,
        -- Linux 5.8 and older do not withhold these blocks from requests of one
        -- page; 6.12 and later withhold only their free part.
        CASE
            WHEN z.may_use_highatomic THEN NULL
            WHEN z.request_order = 0 AND z.has_zone_stacks THEN NULL
            WHEN z.free_highatomic_kb > 0 THEN 'free'
            WHEN z.free_highatomic_kb = 0 THEN NULL
            WHEN z.reserved_highatomic_kb = 0 THEN NULL
            WHEN z.has_invoker_uid
                AND b.highatomic_list_kb < z.reserved_highatomic_kb
                THEN 'free_lists'
            WHEN z.reserved_highatomic_kb > 0 THEN 'reserved'
        END AS highatomic_from,
        CASE z.class_rank
            WHEN 1 THEN COALESCE(z.dma_index, z.normal_index)
            WHEN 2 THEN COALESCE(z.dma32_index, z.normal_index)
            WHEN 3 THEN z.normal_index
            WHEN 4 THEN COALESCE(z.highmem_index, z.normal_index)
            WHEN 5 THEN z.movable_index
        END AS class_index,
        b.highatomic_list_kb,
        b.has_block,
        b.has_block_at_high
    FROM allowed_zones AS z
    LEFT JOIN zone_blocks AS b
        ON b.event_id = z.event_id AND b.node = z.node AND b.zone = z.zone
),
withheld_zones AS (
    SELECT
        event_id,
        node,
        zone,
        zone_rank,
        kind,
        nodemask,
        first_node,
        last_node,
        trigger_kind,
        request_order,
        is_bound_to_node,
        has_wait_flag,
        zone_index,
        class_index,
        free_kb,
        page_size_kb,
        order_kb,
        cma_kb,
        all_cma_kb,
        reserved_highatomic_kb,
        free_highatomic_kb,
        highatomic_list_kb,
        highatomic_from,
        CASE highatomic_from
            WHEN 'free' THEN free_highatomic_kb
            WHEN 'free_lists' THEN highatomic_list_kb
            WHEN 'reserved' THEN reserved_highatomic_kb
            ELSE 0
        END AS highatomic_kb,
        has_block,
        has_block_at_high
    FROM classed_zones
),
measured_zones AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        z.zone_rank,
        z.kind,
        z.nodemask,
        z.first_node,
        z.last_node,
        z.trigger_kind,
        z.request_order,
        z.is_bound_to_node,
        z.has_wait_flag,
        z.zone_index,
        z.class_index,
        z.free_kb,
        z.order_kb,
        z.cma_kb,
        z.reserved_highatomic_kb,
        z.free_highatomic_kb,
        z.highatomic_list_kb,
        z.highatomic_from,
        z.highatomic_kb,
        z.free_kb - z.order_kb - z.cma_kb - z.highatomic_kb AS usable_free_kb,
        z.free_kb - z.order_kb - z.all_cma_kb - z.highatomic_kb
            AS last_free_kb,
        w.min_kb AS printed_min_kb,
        m.mark_min_kb,
        w.low_kb,
        w.high_kb,
        l.reserve_pages * z.page_size_kb AS reserve_kb,
        z.has_block,
        z.has_block_at_high,
        f.listed_kb
    FROM withheld_zones AS z
    LEFT JOIN watermarks AS w
        ON w.event_id = z.event_id AND w.node = z.node AND w.zone = z.zone
    LEFT JOIN request_watermarks AS m
        ON m.event_id = z.event_id AND m.node = z.node AND m.zone = z.zone
    LEFT JOIN lowmem_reserves AS l
        ON l.event_id = z.event_id
        AND l.node = z.node
        AND l.zone = z.zone
        AND l.class_index = z.class_index
    LEFT JOIN free_lists AS f
        ON f.event_id = z.event_id AND f.node = z.node AND f.zone = z.zone
),
judged_zones AS (
    SELECT
        event_id,
        node,
        zone,
        CASE
            WHEN usable_free_kb <= mark_min_kb THEN 'below_watermark'
            WHEN usable_free_kb <= mark_min_kb + reserve_kb
                THEN 'reserve_blocked'
            WHEN usable_free_kb IS NULL OR mark_min_kb + reserve_kb IS NULL
                THEN NULL
            WHEN request_order = 0 OR has_block THEN 'usable'
            WHEN NOT has_block THEN 'no_block_of_order'
        END AS min_verdict
    FROM measured_zones
)
SELECT
    z.event_id,
    ROW_NUMBER() OVER (
        PARTITION BY z.event_id
        ORDER BY z.node NULLS LAST, z.zone_rank DESC NULLS LAST
    ) AS fallback_no,
    z.node,
    z.zone,
    z.trigger_kind,
    z.zone_index,
    z.class_index,
    z.free_kb,
    z.order_kb,
    z.cma_kb,
    z.highatomic_kb,
    z.highatomic_from AS highatomic_basis,
    z.usable_free_kb,
    z.printed_min_kb,
    z.mark_min_kb AS min_kb,
    z.low_kb,
    z.high_kb,
    z.reserve_kb,
    z.mark_min_kb + z.reserve_kb AS needed_min_kb,
    z.low_kb + z.reserve_kb AS needed_low_kb,
    z.high_kb + z.reserve_kb AS needed_high_kb,
    CASE
        WHEN z.usable_free_kb <= z.mark_min_kb + z.reserve_kb
            THEN z.mark_min_kb + z.reserve_kb - z.usable_free_kb
    END AS short_min_kb,
    CASE
        WHEN z.usable_free_kb <= z.low_kb + z.reserve_kb
            THEN z.low_kb + z.reserve_kb - z.usable_free_kb
    END AS short_low_kb,
    CASE
        WHEN z.last_free_kb <= z.high_kb + z.reserve_kb
            THEN z.high_kb + z.reserve_kb - z.last_free_kb
    END AS short_high_kb,
    z.has_block,
    z.has_block_at_high,
    j.min_verdict AS verdict,
    CASE
        WHEN j.min_verdict <> 'usable' OR j.min_verdict IS NULL THEN NULL
        WHEN z.trigger_kind <> 'request' THEN z.trigger_kind
        WHEN z.kind = 'allocation_failure' AND traces.in_vmalloc = 1
            AND traces.in_allocator = 0 THEN 'address_space'
        WHEN z.is_bound_to_node AND z.first_node <> z.last_node
            THEN 'one_node_only'
        -- An allocation failure kills nobody, so nothing is tried at high.
        WHEN z.kind <> 'allocation_failure'
            AND (z.last_free_kb <= z.high_kb + z.reserve_kb
                OR NOT z.has_block_at_high)
            THEN 'refused_at_high'
        WHEN z.request_order > 0 AND NOT z.has_wait_flag
            AND z.reserved_highatomic_kb IS NULL
            AND z.free_highatomic_kb IS NULL
            AND z.highatomic_list_kb > 0
            THEN 'highatomic_not_printed'
        WHEN z.first_node <> z.last_node AND z.nodemask IS NULL
            THEN 'nodemask_not_printed'
        WHEN z.listed_kb <> z.free_kb THEN 'memory_moved'
        ELSE 'unexplained'
    END AS usable_reason
FROM measured_zones AS z
INNER JOIN judged_zones AS j
    ON j.event_id = z.event_id AND j.node = z.node AND j.zone = z.zone
LEFT JOIN traces
    ON traces.event_id = z.event_id
