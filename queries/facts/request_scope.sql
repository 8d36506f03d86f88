-- What the request's flags let it do: the highest zone it may take memory from,
-- the free pages that do not count for it, and how far below min it may go.
-- stored: by event
-- event_id: the event
-- trigger_kind: request, page_fault (its mask is lost) or sysrq (no request)
-- request_order: the request is for 2^request_order pages; 0 for SysRq
-- highest_zone: highest zone the mask allows; NULL for an invalid mask
-- highest_rank: its rank: 1 DMA, 2 DMA32, 3 Normal, 4 HighMem, 5 Movable
-- may_use_cma: whether it may take pages of contiguous-allocation areas
-- may_use_half_min: whether HIGH lets it go down to half of min
-- is_harder: whether it cannot sleep and so gets a quarter of min more
-- may_use_highatomic: whether the blocks kept for atomic requests count for it
-- ignores_boost: whether a raise after fragmentation is left out of min for it
-- is_bound_to_node: whether THISNODE keeps it to one node, which is not printed
-- has_wait_flag: whether the layout is of Linux 4.3 or older, which has WAIT;
--   NULL when the layout is not known
WITH flags AS (
    SELECT
        event_id,
        MAX(CASE WHEN flag = 'MOVABLE' THEN 1 ELSE 0 END) AS sets_movable,
        MAX(CASE WHEN flag = 'HIGH' THEN 1 ELSE 0 END) AS sets_high,
        MAX(CASE WHEN flag = 'WAIT' THEN 1 ELSE 0 END) AS sets_wait,
        MAX(CASE WHEN flag = 'NO_KSWAPD' THEN 1 ELSE 0 END) AS sets_no_kswapd,
        MAX(CASE WHEN flag = 'ATOMIC' THEN 1 ELSE 0 END) AS sets_atomic,
        MAX(CASE WHEN flag = 'DIRECT_RECLAIM' THEN 1 ELSE 0 END) AS sets_direct,
        MAX(CASE WHEN flag = 'NOMEMALLOC' THEN 1 ELSE 0 END) AS sets_nomemalloc,
        MAX(CASE WHEN flag = 'THISNODE' THEN 1 ELSE 0 END) AS sets_thisnode,
        MAX(
            CASE WHEN flag = 'RECLAIMABLE' THEN 1 ELSE 0 END
        ) AS sets_reclaimable
    FROM gfp_flags
    GROUP BY event_id
),
sysrq AS (
    SELECT event_id
    FROM stack_frames
    WHERE symbol = 'moom_callback'
    GROUP BY event_id
),
requests AS (
    SELECT
        e.event_id,
        e.alloc_order,
        CASE
            WHEN e.alloc_order < 0 OR sysrq.event_id IS NOT NULL THEN 'sysrq'
            WHEN e.gfp_mask = 0 AND e.alloc_order = 0
                AND e.kind <> 'allocation_failure' THEN 'page_fault'
            ELSE 'request'
        END AS trigger_kind,
        -- DMA 0x1, HIGHMEM 0x2 and DMA32 0x4 are the same in every layout;
        -- MOVABLE is 0x8 in all but the oldest.
        e.gfp_mask & 7 AS zone_bits,
        COALESCE(
            flags.sets_movable,
            CASE WHEN (e.gfp_mask & 8) <> 0 THEN 1 ELSE 0 END
        ) AS movable_set,
        shape.has_wait_flag,
        shape.has_atomic_flag,
        COALESCE(flags.sets_high, 0) AS high_set,
        COALESCE(flags.sets_wait, 0) AS wait_set,
        COALESCE(flags.sets_no_kswapd, 0) AS no_kswapd_set,
        COALESCE(flags.sets_atomic, 0) AS atomic_set,
        COALESCE(flags.sets_direct, 0) AS direct_set,
        COALESCE(flags.sets_nomemalloc, 0) AS nomemalloc_set,
        COALESCE(flags.sets_reclaimable, 0) AS reclaimable_set,
        COALESCE(flags.sets_thisnode, 0) AS thisnode_set
    FROM events AS e
    INNER JOIN report_shape AS shape ON shape.event_id = e.event_id
    LEFT JOIN flags ON flags.event_id = e.event_id
    LEFT JOIN sysrq ON sysrq.event_id = e.event_id
    WHERE e.gfp_mask IS NOT NULL AND e.kind <> 'memory_dump'
),
-- gfp_zone(): any other combination is a bug of the caller.
zoned AS (
    SELECT
        event_id,
        alloc_order,
        trigger_kind,
        CASE
            WHEN zone_bits = 0 THEN 3
            WHEN zone_bits = 1 THEN 1
            WHEN zone_bits = 4 THEN 2
            WHEN zone_bits = 2 AND movable_set = 0 THEN 4
            WHEN zone_bits = 2 THEN 5
        END AS highest_rank,
        has_wait_flag,
        has_atomic_flag,
        high_set,
        atomic_set,
        nomemalloc_set,
        movable_set,
        reclaimable_set,
        thisnode_set,
        -- Who cannot sleep: up to 4.3 without WAIT (and without NO_KSWAPD),
        -- since 4.4 without DIRECT_RECLAIM. Page fault and SysRq have no mask.
        CASE
            WHEN trigger_kind <> 'request' THEN 0
            WHEN has_wait_flag AND wait_set = 0 AND no_kswapd_set = 0 THEN 1
            WHEN NOT has_wait_flag AND direct_set = 0 THEN 1
            ELSE 0
        END AS cannot_sleep
    FROM requests
),
-- Up to 4.3 it is enough not to sleep; then one says ATOMIC; since 6.3 one says
-- HIGH and does not sleep.
urgent AS (
    SELECT
        event_id,
        alloc_order,
        trigger_kind,
        highest_rank,
        has_wait_flag,
        has_atomic_flag,
        high_set,
        atomic_set,
        movable_set,
        reclaimable_set,
        thisnode_set,
        cannot_sleep = 1 AND nomemalloc_set = 0 AS dips_deeper,
        CASE
            WHEN trigger_kind <> 'request' OR nomemalloc_set = 1 THEN FALSE
            WHEN has_wait_flag THEN cannot_sleep = 1
            WHEN has_atomic_flag THEN atomic_set = 1
            WHEN NOT has_atomic_flag THEN high_set = 1 AND cannot_sleep = 1
            ELSE FALSE
        END AS harder
    FROM zoned
)
SELECT
    event_id,
    trigger_kind,
    CASE WHEN alloc_order < 0 THEN 0 ELSE alloc_order END AS request_order,
    CASE highest_rank
        WHEN 1 THEN 'DMA'
        WHEN 2 THEN 'DMA32'
        WHEN 3 THEN 'Normal'
        WHEN 4 THEN 'HighMem'
        WHEN 5 THEN 'Movable'
    END AS highest_zone,
    highest_rank,
    movable_set = 1 AND reclaimable_set = 0 AS may_use_cma,
    high_set = 1 AS may_use_half_min,
    harder AS is_harder,
    -- Since 6.3 whoever may go below min in any way.
    CASE
        WHEN has_wait_flag OR has_atomic_flag IS NULL OR has_atomic_flag
            THEN harder
        ELSE high_set = 1 OR dips_deeper
    END AS may_use_highatomic,
    -- One page only: since 5.9 with ATOMIC, since 6.3 with HIGH.
    CASE
        WHEN alloc_order <> 0 OR has_wait_flag OR has_atomic_flag IS NULL
            THEN FALSE
        WHEN has_atomic_flag THEN atomic_set = 1
        ELSE high_set = 1
    END AS ignores_boost,
    thisnode_set = 1 AS is_bound_to_node,
    has_wait_flag
FROM urgent
