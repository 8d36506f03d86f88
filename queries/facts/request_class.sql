-- What kind of memory a request could use: its highest zone type, and the place
-- of that type in lowmem_reserve[]. The order of the types is DMA, DMA32, Normal,
-- HighMem, Movable, Device; which of them a kernel has shows in the number of
-- entries and in the first entry that is not zero.
-- event_id: the event
-- highest_zone_rank: 0 DMA, 1 DMA32, 2 Normal, 3 HighMem, 4 Movable
-- class_index: entry of lowmem_reserve[] that applies to the request; NULL
--   without a reserve line
-- is_movable: whether the pages may be moved, so that CMA areas can serve
-- is_high: whether half of the emergency reserve is allowed (__GFP_HIGH)
-- is_sleeping: whether the request may reclaim and wait
-- pages_less_one: 2^order - 1, the pages that the check takes off first [pages]
-- has_old_order_rule: whether the check for blocks is that of Linux before 4.4
WITH wanted AS (
    SELECT
        f.event_id,
        MAX(CASE WHEN f.flag = 'DMA' THEN 1 ELSE 0 END) AS dma,
        MAX(CASE WHEN f.flag = 'DMA32' THEN 1 ELSE 0 END) AS dma32,
        MAX(CASE WHEN f.flag = 'HIGHMEM' THEN 1 ELSE 0 END) AS highmem,
        MAX(CASE WHEN f.flag = 'MOVABLE' THEN 1 ELSE 0 END) AS movable,
        MAX(CASE WHEN f.flag = 'HIGH' THEN 1 ELSE 0 END) AS high,
        MAX(
            CASE WHEN f.flag IN ('WAIT', 'DIRECT_RECLAIM') THEN 1 ELSE 0 END
        ) AS sleeping
    FROM gfp_flags AS f
    GROUP BY f.event_id
),

reserve_lines AS (
    SELECT
        r.event_id,
        r.node,
        r.zone,
        COUNT(*) AS entries,
        MIN(
            CASE WHEN r.reserve_pages > 0 THEN r.class_index END
        ) AS first_reserved
    FROM lowmem_reserves AS r
    GROUP BY r.event_id, r.node, r.zone
),

shapes AS (
    SELECT
        l.event_id,
        MAX(l.entries) AS entries,
        MAX(CASE WHEN l.zone = 'HighMem' THEN 1 ELSE 0 END) AS has_highmem,
        MAX(CASE WHEN l.zone = 'DMA' THEN 1 ELSE 0 END) AS has_dma,
        MAX(CASE WHEN l.zone = 'DMA32' THEN 1 ELSE 0 END) AS has_dma32,
        MAX(CASE WHEN l.zone = 'Normal' THEN 1 ELSE 0 END) AS has_normal,
        MIN(
            CASE WHEN l.zone IN ('DMA', 'DMA32') THEN l.first_reserved END
        ) AS first_above_low,
        MIN(
            CASE WHEN l.zone = 'Normal' THEN l.first_reserved END
        ) AS first_above_normal
    FROM reserve_lines AS l
    GROUP BY l.event_id
),

indexes AS (
    SELECT
        s.event_id,
        s.has_highmem,
        s.has_dma,
        s.has_dma32,
        CASE
            WHEN s.has_highmem = 1 THEN s.entries - 1
            WHEN s.entries >= 5 THEN 3
            WHEN s.entries = 4
                AND s.has_dma + s.has_dma32 < 2
                AND (
                    (s.has_normal = 1 AND s.first_above_low = 1)
                    OR s.first_above_normal = 2
                ) THEN 2
            WHEN s.entries = 4 THEN 3
            ELSE s.entries - 1
        END AS movable_index
    FROM shapes AS s
),

classes AS (
    SELECT
        e.event_id,
        CASE
            WHEN w.dma = 1 THEN 0
            WHEN w.dma32 = 1 THEN 1
            WHEN w.highmem = 1 AND w.movable = 1 THEN 4
            WHEN w.highmem = 1 THEN 3
            ELSE 2
        END AS zone_rank,
        i.movable_index,
        i.has_highmem,
        i.has_dma32,
        COALESCE(w.movable, 0) AS movable,
        COALESCE(w.high, 0) AS high,
        COALESCE(w.sleeping, 0) AS sleeping,
        CASE
            WHEN e.alloc_order > 0
                THEN CAST(POWER(2, e.alloc_order) AS BIGINT) - 1
            ELSE 0
        END AS pages_less_one,
        e.gfp_layout
    FROM events AS e
    LEFT JOIN wanted AS w
        ON e.event_id = w.event_id
    LEFT JOIN indexes AS i
        ON e.event_id = i.event_id
    WHERE e.gfp_mask IS NOT NULL
)

SELECT
    c.event_id,
    c.zone_rank AS highest_zone_rank,
    CASE
        WHEN c.zone_rank = 0 THEN 0
        WHEN c.zone_rank = 4 THEN c.movable_index
        WHEN c.zone_rank = 3 OR c.has_highmem = 0
            THEN c.movable_index - 1
                - CASE WHEN c.zone_rank = 1 AND c.has_dma32 = 1 THEN 1 ELSE 0 END
        ELSE c.movable_index - 2
    END AS class_index,
    c.movable = 1 AS is_movable,
    c.high = 1 AS is_high,
    c.sleeping = 1 AS is_sleeping,
    c.pages_less_one,
    c.gfp_layout IN (
        'linux-2.6.24', 'linux-2.6.32', 'linux-3.8', 'linux-3.10-el7'
    ) AS has_old_order_rule
FROM classes AS c
