-- Each zone that the request could fall back to, in the order in which the kernel
-- tries them: what was free, what the watermarks and lowmem_reserve[] demanded at
-- min, low and high, and why the zone refused. The kernel grants only when free
-- memory is greater than watermark plus reserve, so equality is a refusal.
-- Requests charged to a memory cgroup are left out: zones did not cause those.
-- The report does not name the preferred node, so nodes stand in ascending order;
-- nodes outside nodemask and cpuset are not printed by the kernel itself.
-- event_id: the event
-- fallback_no: order of trial, from 1
-- node: NUMA node
-- zone: zone name
-- class_index: entry of lowmem_reserve[] that applies to the request
-- free_kb: free memory as printed [kB]
-- usable_free_kb: free memory less 2^order - 1 pages, less CMA pages where the
--   request may not use them, less the reserve for high-order atomic requests [kB]
-- min_kb: watermark min as it applies to the request [kB]
-- low_kb: watermark low [kB]
-- high_kb: watermark high [kB]
-- reserve_kb: lowmem_reserve against this class of request [kB]
-- needed_min_kb: min + reserve; free memory must be greater [kB]
-- needed_low_kb: low + reserve [kB]
-- needed_high_kb: high + reserve [kB]
-- short_min_kb: what was missing at min; NULL when nothing was [kB]
-- short_low_kb: what was missing at low; NULL when nothing was [kB]
-- short_high_kb: what was missing at high; NULL when nothing was [kB]
-- verdict: below_watermark (free memory is not above the zone's own min),
--   reserve_blocked (it is, but not above min + reserve), no_block_of_order
--   (enough memory, no free block large enough), usable; NULL when the report
--   does not tell
WITH marks AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        CASE z.zone
            WHEN 'DMA' THEN 0
            WHEN 'DMA32' THEN 1
            WHEN 'Normal' THEN 2
            WHEN 'HighMem' THEN 3
            WHEN 'Movable' THEN 4
            ELSE 5
        END AS zone_rank,
        c.highest_zone_rank,
        c.class_index,
        c.has_old_order_rule,
        c.is_movable,
        e.alloc_order,
        z.free_kb,
        z.free_kb
        - c.pages_less_one * COALESCE(e.page_size_kb, 0)
        - CASE WHEN c.is_movable THEN 0 ELSE COALESCE(z.free_cma_kb, 0) END
        - CASE
            WHEN c.is_high AND NOT c.is_sleeping THEN 0
            WHEN z.free_highatomic_kb IS NOT NULL THEN z.free_highatomic_kb
            WHEN z.kernel_stack_kb IS NOT NULL AND e.alloc_order <= 0 THEN 0
            ELSE COALESCE(z.reserved_highatomic_kb, 0)
        END AS usable_free_kb,
        CASE
            WHEN c.is_high
                THEN w.min_kb - CAST(FLOOR(w.min_kb / 2) AS BIGINT)
            ELSE w.min_kb
        END AS min_kb,
        w.low_kb,
        w.high_kb,
        r.reserve_pages * e.page_size_kb AS reserve_kb
    FROM zones AS z
    INNER JOIN events AS e
        ON z.event_id = e.event_id
    INNER JOIN request_class AS c
        ON z.event_id = c.event_id
    LEFT JOIN watermarks AS w
        ON z.event_id = w.event_id
        AND z.node = w.node
        AND z.zone = w.zone
    LEFT JOIN lowmem_reserves AS r
        ON z.event_id = r.event_id
        AND z.node = r.node
        AND z.zone = r.zone
        AND c.class_index = r.class_index
    WHERE COALESCE(z.managed_kb, z.present_kb, 1) > 0
        AND COALESCE(e.constraint_kind, 'none') <> 'memcg'
),

blocks AS (
    SELECT
        b.event_id,
        b.node,
        b.zone,
        b.alloc_order,
        b.free_blocks,
        b.migratetypes,
        SUM(b.free_blocks * b.block_kb) OVER (
            PARTITION BY b.event_id, b.node, b.zone
            ORDER BY b.alloc_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS up_to_order_kb
    FROM buddy_orders AS b
),

order_checks AS (
    SELECT
        m.event_id,
        m.node,
        m.zone,
        MAX(
            CASE
                WHEN b.alloc_order >= m.alloc_order
                    AND b.free_blocks > 0
                    AND (
                        b.migratetypes IS NULL
                        OR b.migratetypes LIKE '%U%'
                        OR b.migratetypes LIKE '%M%'
                        OR b.migratetypes LIKE '%E%'
                        OR b.migratetypes LIKE '%R%'
                        OR (m.is_movable AND b.migratetypes LIKE '%C%')
                    ) THEN 1
                ELSE 0
            END
        ) AS has_block,
        MAX(
            CASE
                WHEN m.has_old_order_rule
                    AND b.alloc_order < m.alloc_order
                    AND m.usable_free_kb - b.up_to_order_kb
                    <= m.min_kb / POWER(2, b.alloc_order + 1) THEN 1
                ELSE 0
            END
        ) AS fails_old_rule
    FROM marks AS m
    INNER JOIN blocks AS b
        ON m.event_id = b.event_id
        AND m.node = b.node
        AND m.zone = b.zone
    WHERE m.alloc_order > 0
    GROUP BY m.event_id, m.node, m.zone
)

SELECT
    m.event_id,
    ROW_NUMBER() OVER (
        PARTITION BY m.event_id
        ORDER BY m.node, m.zone_rank DESC
    ) AS fallback_no,
    m.node,
    m.zone,
    m.class_index,
    m.free_kb,
    m.usable_free_kb,
    m.min_kb,
    m.low_kb,
    m.high_kb,
    m.reserve_kb,
    m.min_kb + m.reserve_kb AS needed_min_kb,
    m.low_kb + m.reserve_kb AS needed_low_kb,
    m.high_kb + m.reserve_kb AS needed_high_kb,
    CASE
        WHEN m.usable_free_kb <= m.min_kb + m.reserve_kb
            THEN m.min_kb + m.reserve_kb - m.usable_free_kb
    END AS short_min_kb,
    CASE
        WHEN m.usable_free_kb <= m.low_kb + m.reserve_kb
            THEN m.low_kb + m.reserve_kb - m.usable_free_kb
    END AS short_low_kb,
    CASE
        WHEN m.usable_free_kb <= m.high_kb + m.reserve_kb
            THEN m.high_kb + m.reserve_kb - m.usable_free_kb
    END AS short_high_kb,
    CASE
        WHEN m.usable_free_kb <= m.min_kb THEN 'below_watermark'
        WHEN m.usable_free_kb <= m.min_kb + m.reserve_kb THEN 'reserve_blocked'
        WHEN m.usable_free_kb IS NULL OR m.min_kb + m.reserve_kb IS NULL THEN NULL
        WHEN o.fails_old_rule = 1 OR o.has_block = 0 THEN 'no_block_of_order'
        ELSE 'usable'
    END AS verdict
FROM marks AS m
LEFT JOIN order_checks AS o
    ON m.event_id = o.event_id
    AND m.node = o.node
    AND m.zone = o.zone
WHERE m.zone_rank <= m.highest_zone_rank
