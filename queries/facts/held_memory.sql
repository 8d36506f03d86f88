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
SELECT
    event_id,
    row_no,
    victim_no,
    pid,
    comm,
    victim_no IS NOT NULL AS is_victim,
    rss_pages * page_size_kb AS rss_kb,
    swapents * page_size_kb AS swap_kb,
    CASE
        WHEN pgtables_bytes IS NOT NULL THEN pgtables_bytes >> 10
        ELSE (nr_ptes + COALESCE(nr_pmds, 0)) * page_size_kb
    END AS page_tables_kb,
    rss_pages * page_size_kb + COALESCE(swapents * page_size_kb, 0) AS held_kb,
    CASE
        WHEN swapents IS NULL OR page_size_kb IS NULL THEN 'rss'
        ELSE 'rss_and_swap'
    END AS held_basis
FROM process_measures
UNION ALL
SELECT
    event_id,
    NULL AS row_no,
    victim_no,
    pid,
    comm,
    TRUE AS is_victim,
    rss_kb,
    NULL AS swap_kb,
    page_tables_kb,
    rss_kb AS held_kb,
    'kill_line' AS held_basis
FROM unlisted_victims
