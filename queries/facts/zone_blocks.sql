-- Whether each zone's free lists held a block large enough for the request, by
-- the rule of the kernel that printed the report. For a request of one page
-- any free page is large enough.
-- event_id: the event
-- node: NUMA node
-- zone: name of the zone
-- large_blocks: free blocks of the request's order or larger
-- has_block: whether the kernel's rule was met; NULL when it cannot be told
WITH lists AS (
    SELECT
        b.event_id,
        b.node,
        b.zone,
        b.alloc_order,
        b.free_blocks,
        b.migratetypes,
        r.request_order,
        r.may_use_cma,
        r.is_harder,
        r.has_wait_flag,
        w.mark_min_kb,
        z.free_kb,
        e.page_size_kb,
        SUM(b.free_blocks * b.block_kb) OVER (
            PARTITION BY b.event_id, b.node, b.zone
            ORDER BY b.alloc_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS small_kb
    FROM buddy_orders AS b
    INNER JOIN events AS e ON e.event_id = b.event_id
    INNER JOIN request_scope AS r ON r.event_id = b.event_id
    LEFT JOIN zones AS z
        ON z.event_id = b.event_id AND z.node = b.node AND z.zone = b.zone
    LEFT JOIN request_watermarks AS w
        ON w.event_id = b.event_id AND w.node = b.node AND w.zone = b.zone
),
-- Since Linux 4.4 one block on an ordinary list is enough; the lists of
-- contiguous areas (C) and of atomic requests (H) serve only those. Up to 4.3
-- every smaller order has its blocks taken off and min halved, and what is left
-- must stay above it.
judged_lists AS (
    SELECT
        event_id,
        node,
        zone,
        alloc_order,
        request_order,
        has_wait_flag,
        free_blocks,
        CASE
            WHEN alloc_order < request_order OR free_blocks = 0 THEN 0
            WHEN migratetypes IS NULL OR migratetypes = '' THEN 1
            WHEN migratetypes LIKE '%U%' OR migratetypes LIKE '%M%'
                OR migratetypes LIKE '%E%' THEN 1
            WHEN may_use_cma AND migratetypes LIKE '%C%' THEN 1
            WHEN is_harder AND migratetypes LIKE '%H%' THEN 1
            ELSE 0
        END AS serves,
        CASE
            WHEN alloc_order >= request_order THEN 0
            WHEN CAST(POWER(2, alloc_order + 1) AS BIGINT) * (
                free_kb - small_kb
                - (CAST(POWER(2, request_order) AS BIGINT) - 1) * page_size_kb
            ) <= mark_min_kb
                THEN 1
            ELSE 0
        END AS fails_old_rule
    FROM lists
)
SELECT
    event_id,
    node,
    zone,
    CAST(SUM(
        CASE WHEN alloc_order >= request_order THEN free_blocks ELSE 0 END
    ) AS BIGINT) AS large_blocks,
    CASE
        WHEN MAX(request_order) = 0 THEN TRUE
        WHEN MAX(CASE WHEN has_wait_flag THEN 1 ELSE 0 END) = 1
            THEN MAX(fails_old_rule) = 0
        ELSE MAX(serves) = 1
    END AS has_block
FROM judged_lists
GROUP BY event_id, node, zone
