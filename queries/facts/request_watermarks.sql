-- The min watermark of each zone as it holds for the request. Urgent requests
-- may go below the printed one: HIGH halves it, and one that cannot sleep has a
-- quarter of the rest taken off; a raise after fragmentation (boost, printed
-- since 5.16) does not hold for an urgent page. The kernel counts in pages and
-- cuts fractions.
-- stored: by event
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
        CASE
            WHEN r.ignores_boost THEN w.min_kb - COALESCE(w.boost_kb, 0)
            ELSE w.min_kb
        END AS true_min_kb,
        e.page_size_kb,
        r.may_use_half_min,
        r.is_harder
    FROM watermarks AS w
    INNER JOIN events AS e ON e.event_id = w.event_id
    INNER JOIN request_scope AS r ON r.event_id = w.event_id
),
counted AS (
    SELECT
        event_id,
        node,
        zone,
        min_kb,
        true_min_kb,
        page_size_kb,
        may_use_half_min,
        is_harder,
        CAST((true_min_kb - true_min_kb % page_size_kb) / page_size_kb
            AS BIGINT) AS min_pages
    FROM pages
),
halved AS (
    SELECT
        event_id,
        node,
        zone,
        min_kb,
        true_min_kb,
        page_size_kb,
        may_use_half_min,
        is_harder,
        CASE
            WHEN may_use_half_min
                THEN min_pages - CAST((min_pages - min_pages % 2) / 2 AS BIGINT)
            ELSE min_pages
        END AS half_pages
    FROM counted
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
        ELSE true_min_kb
    END AS mark_min_kb
FROM halved
