-- Each NUMA node that the report shows, and whether the request's nodemask and
-- its cpuset allow it. A list such as 0,2-3 is taken apart up to its 16th part.
-- stored: by event
-- event_id: the event
-- node: NUMA node
-- is_in_nodemask: whether the memory policy allows it; TRUE when the report
--   prints no nodemask or (null)
-- is_in_cpuset: whether mems_allowed has it; TRUE when that is not printed
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
lists AS (
    SELECT event_id, 'nodemask' AS list_kind, nodemask AS list
    FROM events
    WHERE nodemask <> '(null)' AND nodemask <> ''
    UNION ALL
    SELECT event_id, 'cpuset' AS list_kind, mems_allowed AS list
    FROM events
    WHERE mems_allowed <> ''
),
parts AS (
    SELECT
        lists.event_id,
        lists.list_kind,
        SPLIT_PART(SPLIT_PART(lists.list, ',', n.part_no), '-', 1) AS low_end,
        SPLIT_PART(SPLIT_PART(lists.list, ',', n.part_no), '-', 2) AS high_end
    FROM lists
    CROSS JOIN part_numbers AS n
),
ranges AS (
    SELECT
        event_id,
        list_kind,
        CAST(low_end AS BIGINT) AS first_node,
        CAST(
            CASE WHEN high_end = '' THEN low_end ELSE high_end END AS BIGINT
        ) AS last_node
    FROM parts
    -- Digits only: a damaged list must not end the whole query.
    WHERE low_end <> '' AND LENGTH(low_end) < 10 AND LENGTH(high_end) < 10
        AND TRANSLATE(low_end || high_end, '0123456789', '') = ''
),
shown_nodes AS (
    SELECT event_id, node
    FROM zones
    WHERE node IS NOT NULL
    GROUP BY event_id, node
),
members AS (
    SELECT
        s.event_id,
        s.node,
        MAX(CASE
            WHEN r.list_kind = 'nodemask'
                AND s.node BETWEEN r.first_node AND r.last_node THEN 1
            ELSE 0
        END) AS in_nodemask,
        MAX(CASE
            WHEN r.list_kind = 'cpuset'
                AND s.node BETWEEN r.first_node AND r.last_node THEN 1
            ELSE 0
        END) AS in_cpuset,
        MAX(CASE WHEN r.list_kind = 'nodemask' THEN 1 ELSE 0 END)
            AS has_nodemask,
        MAX(CASE WHEN r.list_kind = 'cpuset' THEN 1 ELSE 0 END) AS has_cpuset
    FROM shown_nodes AS s
    LEFT JOIN ranges AS r ON r.event_id = s.event_id
    GROUP BY s.event_id, s.node
)
SELECT
    event_id,
    node,
    has_nodemask = 0 OR in_nodemask = 1 AS is_in_nodemask,
    has_cpuset = 0 OR in_cpuset = 1 AS is_in_cpuset
FROM members
