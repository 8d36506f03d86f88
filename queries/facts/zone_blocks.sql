-- Whether each zone's free lists held a block large enough for the request, by
-- the rule of the kernel that printed the report. For a request of one page
-- any free page is large enough.
-- stored: by event
-- event_id: the event
-- node: NUMA node
-- zone: name of the zone
-- large_blocks: free blocks of the request's order or larger
-- highatomic_list_kb: free blocks of orders whose lists for atomic requests are
--   not empty: the most that those can hold [kB]
-- has_block: whether the kernel's rule was met at min; NULL when it cannot be
--   told
-- has_block_at_high: whether it was met at high, in the last attempt before a
--   kill, which may use neither contiguous areas nor blocks for atomic requests
WITH printed_orders AS (
    SELECT
        b.event_id,
        b.node,
        b.zone,
        b.alloc_order,
        b.free_blocks,
        b.block_kb,
        COALESCE(b.migratetypes, '') AS letters,
        r.request_order,
        r.may_use_cma,
        r.is_harder,
        r.has_wait_flag,
        shape.is_rhel6,
        CASE
            WHEN shape.has_atomic_flag AND e.gfp_layout IN (
                'linux-4.4', 'linux-4.10', 'linux-4.13'
            ) THEN r.is_harder
            ELSE FALSE
        END AS takes_any_list,
        w.mark_min_kb,
        marks.min_kb,
        marks.high_kb,
        z.free_kb,
        e.page_size_kb,
        totals.total_kb,
        SUM(b.free_blocks * b.block_kb) OVER (
            PARTITION BY b.event_id, b.node, b.zone
            ORDER BY b.alloc_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS small_kb
    FROM buddy_orders AS b
    INNER JOIN events AS e ON e.event_id = b.event_id
    INNER JOIN request_scope AS r ON r.event_id = b.event_id
    INNER JOIN report_shape AS shape ON shape.event_id = b.event_id
    LEFT JOIN zones AS z
        ON z.event_id = b.event_id AND z.node = b.node AND z.zone = b.zone
    LEFT JOIN watermarks AS marks
        ON marks.event_id = b.event_id
        AND marks.node = b.node
        AND marks.zone = b.zone
    LEFT JOIN request_watermarks AS w
        ON w.event_id = b.event_id AND w.node = b.node AND w.zone = b.zone
    LEFT JOIN buddy_totals AS totals
        ON totals.event_id = b.event_id
        AND totals.node = b.node
        AND totals.zone = b.zone
),
-- Up to 4.3 the blocks of every smaller order are taken off, one order after
-- the other, and the mark is halved each time: what is left must stay above.
-- RHEL 6 starts from the mark less min and halves only for the two lowest.
old_marks AS (
    SELECT
        event_id,
        node,
        zone,
        alloc_order,
        request_order,
        has_wait_flag,
        free_blocks,
        block_kb,
        letters,
        may_use_cma,
        is_harder,
        takes_any_list,
        total_kb,
        CASE
            WHEN is_rhel6 THEN 0
            ELSE mark_min_kb
        END AS start_min_kb,
        CASE
            WHEN is_rhel6 THEN high_kb - min_kb
            ELSE high_kb
        END AS start_high_kb,
        CASE
            WHEN is_rhel6 AND alloc_order >= 2 THEN 4
            ELSE CAST(POWER(2, alloc_order + 1) AS BIGINT)
        END AS divisor,
        free_kb - small_kb
        - (CAST(POWER(2, request_order) AS BIGINT) + CASE
            WHEN is_rhel6 THEN 1
            ELSE -1
        END) * page_size_kb AS left_kb
    FROM printed_orders
),
-- Since 4.4 one block on a list of unmovable, movable or reclaimable pages is
-- enough; contiguous areas (C) and blocks for atomic requests (H) serve only
-- those. 4.4 to 4.13 took any list for a request that cannot wait; later
-- revisions of them do not: then other letters leave it open.
judged AS (
    SELECT
        event_id,
        node,
        zone,
        request_order,
        has_wait_flag,
        free_blocks,
        block_kb,
        total_kb,
        CASE WHEN letters LIKE '%H%' THEN free_blocks * block_kb ELSE 0 END
            AS atomic_kb,
        CASE WHEN alloc_order >= request_order THEN free_blocks ELSE 0 END
            AS large,
        CASE
            WHEN alloc_order < request_order OR free_blocks = 0 THEN 0
            WHEN letters LIKE '%U%' OR letters LIKE '%M%'
                OR letters LIKE '%E%' THEN 1
            ELSE 0
        END AS on_ordinary_list,
        CASE
            WHEN alloc_order < request_order OR free_blocks = 0 THEN 0
            WHEN may_use_cma AND letters LIKE '%C%' THEN 1
            WHEN is_harder AND letters LIKE '%H%' THEN 1
            ELSE 0
        END AS on_special_list,
        CASE
            WHEN alloc_order < request_order OR free_blocks = 0 THEN 0
            WHEN takes_any_list OR letters = '' THEN 1
            ELSE 0
        END AS on_unsure_list,
        CASE
            WHEN alloc_order >= request_order THEN 0
            WHEN divisor * left_kb <= start_min_kb THEN 1
            WHEN divisor * left_kb > start_min_kb THEN 0
        END AS fails_min,
        CASE
            WHEN alloc_order >= request_order THEN 0
            WHEN divisor * left_kb <= start_high_kb THEN 1
            WHEN divisor * left_kb > start_high_kb THEN 0
        END AS fails_high,
        CASE WHEN alloc_order < request_order THEN 1 ELSE 0 END AS is_small
    FROM old_marks
),
summed AS (
    SELECT
        event_id,
        node,
        zone,
        request_order,
        has_wait_flag,
        -- A list without its total was cut: blocks may be missing.
        MAX(total_kb) IS NOT NULL AS is_whole,
        SUM(large) AS large_count,
        SUM(atomic_kb) AS atomic_list_kb,
        MAX(on_ordinary_list) AS ordinary,
        MAX(on_special_list) AS special,
        MAX(on_unsure_list) AS unsure,
        MAX(fails_min) AS any_fails_min,
        MAX(fails_high) AS any_fails_high,
        SUM(is_small) AS small_orders,
        COUNT(fails_min) AS known_min,
        COUNT(fails_high) AS known_high,
        COUNT(*) AS order_count
    FROM judged
    GROUP BY event_id, node, zone, request_order, has_wait_flag
)
SELECT
    event_id,
    node,
    zone,
    CAST(large_count AS BIGINT) AS large_blocks,
    CAST(atomic_list_kb AS BIGINT) AS highatomic_list_kb,
    CASE
        WHEN request_order IS NULL THEN NULL
        WHEN request_order = 0 THEN TRUE
        WHEN has_wait_flag AND any_fails_min = 1 THEN FALSE
        WHEN has_wait_flag AND small_orders = request_order
            AND known_min = order_count THEN TRUE
        WHEN NOT has_wait_flag AND (ordinary = 1 OR special = 1) THEN TRUE
        WHEN NOT has_wait_flag AND unsure = 0 AND is_whole THEN FALSE
    END AS has_block,
    CASE
        WHEN request_order IS NULL THEN NULL
        WHEN request_order = 0 THEN TRUE
        WHEN has_wait_flag AND any_fails_high = 1 THEN FALSE
        WHEN has_wait_flag AND small_orders = request_order
            AND known_high = order_count THEN TRUE
        WHEN NOT has_wait_flag AND ordinary = 1 THEN TRUE
        WHEN NOT has_wait_flag AND unsure = 0 AND is_whole THEN FALSE
    END AS has_block_at_high
FROM summed
