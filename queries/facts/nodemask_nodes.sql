-- Each NUMA node that the request's nodemask allows, where the report prints
-- one. A list such as 0,2-3 is taken apart up to its 16th part.
-- event_id: the event
-- node: a node of the nodemask that the report also shows
WITH fours AS (
    SELECT 1 AS four_no
    UNION ALL SELECT 2
    UNION ALL SELECT 3
    UNION ALL SELECT 4
),
part_numbers AS (
    SELECT CAST((a.four_no - 1) * 4 + b.four_no AS INTEGER) AS part_no
    FROM fours AS a
    CROSS JOIN fours AS b
),
parts AS (
    SELECT
        e.event_id,
        SPLIT_PART(e.nodemask, ',', n.part_no) AS part
    FROM events AS e
    CROSS JOIN part_numbers AS n
    WHERE e.nodemask <> '(null)'
),
ranges AS (
    SELECT
        event_id,
        CAST(NULLIF(SPLIT_PART(part, '-', 1), '') AS BIGINT) AS first_node,
        CAST(NULLIF(SPLIT_PART(part, '-', 2), '') AS BIGINT) AS last_node
    FROM parts
)
SELECT
    zones.event_id,
    zones.node
FROM zones
INNER JOIN ranges ON ranges.event_id = zones.event_id
WHERE zones.node >= ranges.first_node
    AND zones.node <= COALESCE(ranges.last_node, ranges.first_node)
GROUP BY zones.event_id, zones.node
