-- What each process of a report held: resident memory and swap. Rows come from
-- the process table; a victim that the table lacks comes from its kill line,
-- which prints no swap. Shared memory is counted for each process that maps it;
-- page tables are shown but not counted.
-- event_id: the event
-- row_no: position in the process table; NULL for a kill line
-- victim_no: order of death; NULL for a survivor
-- pid: process id
-- comm: name, cut by the kernel to 15 bytes
-- is_victim: whether the process was killed in this event
-- rss_kb: resident memory: anonymous, file-backed and shared [kB]
-- swap_kb: memory in swap; NULL where it is not printed [kB]
-- page_tables_kb: page tables; NULL where they are not printed [kB]
-- held_kb: rss + swap, or rss alone where swap is not printed [kB]
-- held_basis: rss_and_swap or rss (process table), kill_line
WITH killed AS (
    SELECT
        event_id,
        pid,
        MIN(victim_no) AS death_no
    FROM victims
    WHERE pid IS NOT NULL
    GROUP BY event_id, pid
),
unlisted AS (
    SELECT
        v.event_id,
        v.victim_no,
        v.pid,
        v.comm,
        v.anon_rss_kb + COALESCE(v.file_rss_kb, 0)
        + COALESCE(v.shmem_rss_kb, 0) AS sum_kb, -- not printed: counted in file
        v.pgtables_kb
    FROM victims AS v
    LEFT JOIN processes AS p
        ON p.event_id = v.event_id AND p.pid = v.pid
    WHERE p.event_id IS NULL AND v.anon_rss_kb IS NOT NULL
)
SELECT
    m.event_id,
    m.row_no,
    killed.death_no AS victim_no,
    m.pid,
    m.comm,
    m.is_victim,
    m.rss_kb,
    m.swap_kb,
    m.page_tables_kb,
    m.rss_kb + COALESCE(m.swap_kb, 0) AS held_kb, -- basis tells
    CASE
        WHEN m.swap_kb IS NULL THEN 'rss'
        ELSE 'rss_and_swap'
    END AS held_basis
FROM process_memory AS m
LEFT JOIN killed
    ON killed.event_id = m.event_id AND killed.pid = m.pid
UNION ALL
SELECT
    u.event_id,
    NULL AS row_no,
    u.victim_no,
    u.pid,
    u.comm,
    TRUE AS is_victim,
    u.sum_kb AS rss_kb,
    NULL AS swap_kb,
    u.pgtables_kb AS page_tables_kb,
    u.sum_kb AS held_kb,
    'kill_line' AS held_basis
FROM unlisted AS u
