-- Each zone that the request could fall back to, in the order in which the
-- kernel tries them: what was free, what the watermarks and lowmem_reserve[]
-- demanded at min, low and high, and why the zone refused. The kernel grants
-- only when free memory is greater than watermark plus reserve: equality is a
-- refusal. A kill by a cgroup's limit has no rows: no zone caused it. Nodes are
-- those that the report shows and its nodemask allows, lowest number first: no
-- report tells which of them was asked first.
-- event_id: the event
-- fallback_no: order of trial, from 1
-- node: NUMA node
-- zone: zone name
-- trigger_kind: request; page_fault or sysrq, where zones may well be usable
-- zone_index: the zone's own place in lowmem_reserve[]
-- class_index: entry of lowmem_reserve[] that applies to the request
-- free_kb: free memory as printed [kB]
-- order_kb: of it, not counted: all pages of the request but one [kB]
-- cma_kb: of it, not counted: contiguous areas that it may not use [kB]
-- highatomic_kb: of it, not counted: blocks kept for atomic requests [kB]
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
-- verdict: at min: below_watermark (usable free memory is not above the zone's
--   own min), reserve_blocked (it is, but not above min + reserve),
--   no_block_of_order (enough memory, no free block large enough), usable; NULL
--   when the report does not tell
WITH counters AS (
    SELECT
        event_id,
        MAX(CASE WHEN name = 'unstable' THEN 1 ELSE 0 END) AS has_unstable
    FROM memory_counters
    GROUP BY event_id
),
ranked_zones AS (
    SELECT
        event_id,
        node,
        zone,
        free_kb,
        COALESCE(free_cma_kb, 0) AS all_cma_kb,
        -- Linux 6.12 and later withhold only the free part of these blocks.
        COALESCE(free_highatomic_kb, reserved_highatomic_kb, 0)
            AS all_highatomic_kb,
        -- Linux 5.8 and older, which print kernel_stack in the zone's line, do
        -- not withhold them from requests of one page.
        kernel_stack_kb IS NOT NULL AS spares_single_pages,
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
        z.all_highatomic_kb,
        z.spares_single_pages,
        e.page_size_kb,
        r.trigger_kind,
        r.request_order,
        r.may_use_cma,
        r.is_harder,
        CASE z.zone_rank
            WHEN 1 THEN i.dma_index
            WHEN 2 THEN i.dma32_index
            WHEN 3 THEN i.normal_index
            WHEN 4 THEN i.highmem_index
            WHEN 5 THEN i.movable_index
        END AS zone_index,
        -- Up to Linux 5.7, which print unstable, the class is the first zone
        -- that the request may use and that has memory; since then it is the
        -- type that the mask names, with memory or without.
        CASE
            WHEN c.has_unstable = 0 THEN r.highest_rank
            ELSE MAX(z.zone_rank) OVER (PARTITION BY z.event_id)
        END AS class_rank
    FROM ranked_zones AS z
    INNER JOIN events AS e
        ON e.event_id = z.event_id
    INNER JOIN request_scope AS r
        ON r.event_id = z.event_id
    LEFT JOIN zone_type_indexes AS i
        ON i.event_id = z.event_id
    LEFT JOIN counters AS c
        ON c.event_id = z.event_id
    LEFT JOIN nodemask_nodes AS n
        ON n.event_id = z.event_id AND n.node = z.node
    WHERE COALESCE(e.constraint_kind, 'none') <> 'memcg'
        AND (COALESCE(e.nodemask, '(null)') = '(null)' OR n.node IS NOT NULL)
        -- A type that the machine does not have stands for Normal.
        AND z.zone_rank <= CASE
            WHEN r.highest_rank = 1 AND i.dma_index IS NULL THEN 3
            WHEN r.highest_rank = 2 AND i.dma32_index IS NULL THEN 3
            ELSE r.highest_rank
        END
),
classed_zones AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        z.zone_rank,
        z.trigger_kind,
        z.request_order,
        z.zone_index,
        z.free_kb,
        z.page_size_kb,
        z.all_cma_kb,
        CASE
            WHEN z.request_order = 0 THEN 0
            ELSE z.page_size_kb
                * (CAST(POWER(2, z.request_order) AS BIGINT) - 1)
        END AS order_kb,
        CASE WHEN z.may_use_cma THEN 0 ELSE z.all_cma_kb END AS cma_kb,
        CASE
            WHEN z.is_harder THEN 0
            WHEN z.request_order = 0 AND z.spares_single_pages THEN 0
            ELSE z.all_highatomic_kb
        END AS highatomic_kb,
        CASE z.class_rank
            WHEN 1 THEN COALESCE(i.dma_index, i.normal_index)
            WHEN 2 THEN COALESCE(i.dma32_index, i.normal_index)
            WHEN 3 THEN i.normal_index
            WHEN 4 THEN COALESCE(i.highmem_index, i.normal_index)
            WHEN 5 THEN i.movable_index
        END AS class_index
    FROM allowed_zones AS z
    LEFT JOIN zone_type_indexes AS i
        ON i.event_id = z.event_id
),
measured_zones AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        z.zone_rank,
        z.trigger_kind,
        z.request_order,
        z.zone_index,
        z.class_index,
        z.free_kb,
        z.order_kb,
        z.cma_kb,
        z.highatomic_kb,
        z.free_kb - z.order_kb - z.cma_kb - z.highatomic_kb AS usable_free_kb,
        z.free_kb - z.order_kb - z.all_cma_kb - z.highatomic_kb AS last_free_kb,
        w.min_kb AS printed_min_kb,
        m.mark_min_kb,
        w.low_kb,
        w.high_kb,
        l.reserve_pages * z.page_size_kb AS reserve_kb,
        b.has_block
    FROM classed_zones AS z
    LEFT JOIN watermarks AS w
        ON w.event_id = z.event_id AND w.node = z.node AND w.zone = z.zone
    LEFT JOIN request_watermarks AS m
        ON m.event_id = z.event_id AND m.node = z.node AND m.zone = z.zone
    LEFT JOIN lowmem_reserves AS l
        ON l.event_id = z.event_id
        AND l.node = z.node
        AND l.zone = z.zone
        AND l.class_index = z.class_index
    LEFT JOIN zone_blocks AS b
        ON b.event_id = z.event_id AND b.node = z.node AND b.zone = z.zone
)
SELECT
    event_id,
    ROW_NUMBER() OVER (
        PARTITION BY event_id
        ORDER BY node, zone_rank DESC
    ) AS fallback_no,
    node,
    zone,
    trigger_kind,
    zone_index,
    class_index,
    free_kb,
    order_kb,
    cma_kb,
    highatomic_kb,
    usable_free_kb,
    printed_min_kb,
    mark_min_kb AS min_kb,
    low_kb,
    high_kb,
    reserve_kb,
    mark_min_kb + reserve_kb AS needed_min_kb,
    low_kb + reserve_kb AS needed_low_kb,
    high_kb + reserve_kb AS needed_high_kb,
    CASE
        WHEN usable_free_kb <= mark_min_kb + reserve_kb
            THEN mark_min_kb + reserve_kb - usable_free_kb
    END AS short_min_kb,
    CASE
        WHEN usable_free_kb <= low_kb + reserve_kb
            THEN low_kb + reserve_kb - usable_free_kb
    END AS short_low_kb,
    CASE
        WHEN last_free_kb <= high_kb + reserve_kb
            THEN high_kb + reserve_kb - last_free_kb
    END AS short_high_kb,
    has_block,
    CASE
        WHEN usable_free_kb <= mark_min_kb THEN 'below_watermark'
        WHEN usable_free_kb <= mark_min_kb + reserve_kb THEN 'reserve_blocked'
        WHEN usable_free_kb IS NULL OR mark_min_kb + reserve_kb IS NULL
            THEN NULL
        WHEN request_order = 0 OR has_block THEN 'usable'
        WHEN NOT has_block THEN 'no_block_of_order'
    END AS verdict
FROM measured_zones
