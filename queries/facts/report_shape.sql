-- What the form of a report's lines tells of the kernel that printed it. Only
-- forms count, never a version number: distributions carry changes back.
-- stored: by event
-- event_id: the event
-- has_wait_flag: the mask's layout has WAIT (up to Linux 4.3); NULL when the
--   layout is not known
-- has_atomic_flag: the mask's layout has ATOMIC (Linux 4.4 to 6.2); NULL when
--   the layout is not known
-- has_unstable: NFS pages are counted as unstable (up to Linux 5.7); NULL when
--   no counters are printed
-- has_zone_stacks: kernel stacks are counted by zone (up to Linux 5.8); NULL
--   when no zones are printed
-- has_invoker_uid: the CPU line has UID (Linux 6.11 and later)
-- is_rhel6: the header has both adjustments (2.6.36 to 3.6), the kill line a
--   UID: only RHEL 6 prints the two together
WITH layouts AS (
    SELECT
        layout,
        MAX(CASE WHEN flag = 'WAIT' THEN 1 ELSE 0 END) AS knows_wait,
        MAX(CASE WHEN flag = 'ATOMIC' THEN 1 ELSE 0 END) AS knows_atomic
    FROM gfp_bits
    GROUP BY layout
),
counters AS (
    SELECT
        event_id,
        MAX(CASE WHEN name = 'unstable' THEN 1 ELSE 0 END) AS counts_unstable,
        MAX(CASE WHEN name = 'unevictable' THEN 1 ELSE 0 END) AS counts_line
    FROM memory_counters
    GROUP BY event_id
),
node_lines AS (
    SELECT
        event_id,
        MAX(CASE WHEN unstable_kb IS NOT NULL THEN 1 ELSE 0 END)
            AS counts_unstable
    FROM nodes
    GROUP BY event_id
),
zone_lines AS (
    SELECT
        event_id,
        MAX(CASE WHEN kernel_stack_kb IS NOT NULL THEN 1 ELSE 0 END)
            AS counts_stacks,
        MAX(CASE WHEN unstable_kb IS NOT NULL THEN 1 ELSE 0 END)
            AS counts_unstable
    FROM zones
    GROUP BY event_id
),
killed AS (
    SELECT
        event_id,
        MAX(CASE WHEN uid IS NOT NULL THEN 1 ELSE 0 END) AS prints_uid
    FROM victims
    WHERE role = 'victim'
    GROUP BY event_id
)
SELECT
    e.event_id,
    CASE
        WHEN layouts.layout IS NOT NULL THEN layouts.knows_wait = 1
        -- Names of flags came with 4.6, lines of nodes with 4.8.
        WHEN e.gfp_names IS NOT NULL OR node_lines.event_id IS NOT NULL
            THEN FALSE
    END AS has_wait_flag,
    layouts.knows_atomic = 1 AS has_atomic_flag,
    -- One line that counts them is proof; that none does is proof only where
    -- the line that would is there.
    CASE
        WHEN counters.counts_unstable = 1 OR node_lines.counts_unstable = 1
            OR zone_lines.counts_unstable = 1
            THEN TRUE
        WHEN counters.counts_line = 1 OR node_lines.event_id IS NOT NULL
            THEN FALSE
    END AS has_unstable,
    zone_lines.counts_stacks = 1 AS has_zone_stacks,
    e.invoker_uid IS NOT NULL AS has_invoker_uid,
    e.invoker_oom_adj IS NOT NULL AND e.invoker_oom_score_adj IS NOT NULL
        AND COALESCE(killed.prints_uid, 0) = 1 AS is_rhel6
FROM events AS e
LEFT JOIN layouts ON layouts.layout = e.gfp_layout
LEFT JOIN counters ON counters.event_id = e.event_id
LEFT JOIN node_lines ON node_lines.event_id = e.event_id
LEFT JOIN zone_lines ON zone_lines.event_id = e.event_id
LEFT JOIN killed ON killed.event_id = e.event_id
