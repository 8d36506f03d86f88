-- The victims that the report's process table lacks, with the memory that their
-- kill line prints. It prints no swap.
-- stored: by event
-- event_id: the event
-- victim_no: order of death
-- pid: process id
-- comm: name, cut by the kernel to 15 bytes
-- rss_kb: resident memory: anonymous, file-backed and shared [kB]
-- page_tables_kb: page tables; NULL where they are not printed [kB]
SELECT
    v.event_id,
    v.victim_no,
    v.pid,
    v.comm,
    v.anon_rss_kb + COALESCE(v.file_rss_kb, 0)
    + COALESCE(v.shmem_rss_kb, 0) AS rss_kb, -- not printed: counted in file
    v.pgtables_kb AS page_tables_kb
FROM victims AS v
LEFT JOIN processes AS p
    ON p.event_id = v.event_id AND p.pid = v.pid
WHERE p.event_id IS NULL AND v.anon_rss_kb IS NOT NULL
