-- The min watermark of each zone as it holds for the request. Urgent requests
-- may go below the printed one: HIGH halves it, and one that cannot sleep has a
-- quarter of the rest taken off. The kernel counts in pages and cuts fractions.
-- event_id: the event
-- node: NUMA node
-- zone: name of the zone
-- min_kb: the min watermark as printed [kB]
-- mark_min_kb: the min watermark that this request had to meet [kB]
WITH pages AS (
    SELECT
        w.event_id,
        w.node,
        w.zone,
        w.min_kb,
        e.page_size_kb,
        r.may_use_half_min,
        r.is_harder,
        CAST((w.min_kb - w.min_kb % e.page_size_kb) / e.page_size_kb AS BIGINT)
            AS min_pages
    FROM watermarks AS w
    INNER JOIN events AS e ON e.event_id = w.event_id
    INNER JOIN request_scope AS r ON r.event_id = w.event_id
),
halved AS (
    SELECT
        event_id,
        node,
        zone,
        min_kb,
        page_size_kb,
        may_use_half_min,
        is_harder,
        CASE
            WHEN may_use_half_min
                THEN min_pages - CAST((min_pages - min_pages % 2) / 2 AS BIGINT)
            ELSE min_pages
        END AS half_pages
    FROM pages
)
SELECT
    event_id,
    node,
    zone,
    min_kb,
    CASE
        WHEN is_harder
            THEN page_size_kb * (
                half_pages - CAST((half_pages - half_pages % 4) / 4 AS BIGINT)
            )
        WHEN may_use_half_min THEN half_pages * page_size_kb
        ELSE min_kb
    END AS mark_min_kb
FROM halved
