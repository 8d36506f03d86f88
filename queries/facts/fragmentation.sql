-- Per zone, the free memory by order and whether the order asked for could be
-- met. One row for each order of each zone's free lists; what holds for the
-- whole zone stands in each of its rows. Without a request (SysRq, a dump), or
-- where the list was cut, what depends on it is NULL.
-- stored: by event
-- event_id: the event
-- node: NUMA node
-- zone: zone name
-- alloc_order: blocks of 2^alloc_order pages
-- block_kb: size of a block [kB]
-- free_blocks: free blocks of that size
-- migratetypes: letters of the lists that hold them: U unmovable, M movable, E
--   reclaimable, H for atomic requests, C contiguous areas, I isolated, R
--   reserve (up to 4.3); not printed up to Linux 3.7
-- free_kb: memory in blocks of this order [kB]
-- free_thousandths: that, of all free memory in the zone's lists
-- zone_free_kb: all free memory in the zone's lists; NULL where cut [kB]
-- largest_block_kb: the zone's largest free block; 0 when it has none [kB]
-- request_order: order asked for; 0 for one page
-- request_kb: size of the block asked for [kB]
-- is_large_enough: whether blocks of this order are as large as the request
-- is_order_met: whether the zone's lists could serve it, by the kernel's rule
--   at min; TRUE for one page
-- too_small_kb: the zone's free memory in blocks too small for it [kB]
-- too_small_thousandths: that, of all free memory in the zone's lists
WITH requests AS (
    SELECT
        event_id,
        CASE WHEN trigger_kind = 'sysrq' THEN NULL ELSE request_order END
            AS asked_order
    FROM request_scope
),
lists AS (
    SELECT
        b.event_id,
        b.node,
        b.zone,
        b.alloc_order,
        b.block_kb,
        b.free_blocks,
        b.migratetypes,
        b.free_blocks * b.block_kb AS order_kb,
        r.asked_order,
        e.page_size_kb,
        CASE
            WHEN b.alloc_order < r.asked_order THEN b.free_blocks * b.block_kb
            WHEN r.asked_order IS NOT NULL THEN 0
        END AS small_kb
    FROM buddy_orders AS b
    INNER JOIN events AS e ON e.event_id = b.event_id
    LEFT JOIN requests AS r ON r.event_id = b.event_id
),
sums AS (
    SELECT
        l.event_id,
        l.node,
        l.zone,
        COALESCE(
            MAX(CASE WHEN l.free_blocks > 0 THEN l.block_kb END), 0
        ) AS top_block_kb,
        -- A list without the total at its end was cut.
        CASE WHEN MAX(t.total_kb) IS NOT NULL THEN CAST(
            SUM(l.order_kb) AS BIGINT) END AS all_kb,
        CASE WHEN MAX(t.total_kb) IS NOT NULL THEN CAST(
            SUM(l.small_kb) AS BIGINT) END AS all_small_kb
    FROM lists AS l
    LEFT JOIN buddy_totals AS t
        ON t.event_id = l.event_id AND t.node = l.node AND t.zone = l.zone
    GROUP BY l.event_id, l.node, l.zone
)
SELECT
    l.event_id,
    l.node,
    l.zone,
    l.alloc_order,
    l.block_kb,
    l.free_blocks,
    l.migratetypes,
    l.order_kb AS free_kb,
    CASE
        WHEN s.all_kb > 0 THEN CAST(
            (l.order_kb * 1000 - l.order_kb * 1000 % s.all_kb) / s.all_kb
            AS BIGINT)
    END AS free_thousandths,
    s.all_kb AS zone_free_kb,
    CASE WHEN s.all_kb IS NOT NULL THEN s.top_block_kb END AS largest_block_kb,
    l.asked_order AS request_order,
    CAST(POWER(2, l.asked_order) AS BIGINT) * l.page_size_kb AS request_kb,
    l.alloc_order >= l.asked_order AS is_large_enough,
    CASE WHEN l.asked_order IS NOT NULL THEN b.has_block END AS is_order_met,
    s.all_small_kb AS too_small_kb,
    CASE
        WHEN s.all_kb > 0 THEN CAST(
            (s.all_small_kb * 1000 - s.all_small_kb * 1000 % s.all_kb)
            / s.all_kb AS BIGINT)
    END AS too_small_thousandths
FROM lists AS l
INNER JOIN sums AS s
    ON s.event_id = l.event_id AND s.node = l.node AND s.zone = l.zone
LEFT JOIN zone_blocks AS b
    ON b.event_id = l.event_id AND b.node = l.node AND b.zone = l.zone
