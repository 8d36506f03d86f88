-- Each process of the table with its memory in kB. The table prints pages; they
-- are multiplied by the page size that the report shows, and stay NULL without it.
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- uid: user id
-- comm: name, cut by the kernel to 15 bytes
-- total_vm_kb: address space [kB]
-- rss_kb: resident memory; shared pages count in every process [kB]
-- anon_kb: resident anonymous memory, printed since Linux 6.8 [kB]
-- file_kb: resident file-backed memory, printed since Linux 6.8 [kB]
-- shmem_kb: resident shared memory, printed since Linux 6.8 [kB]
-- page_tables_kb: page tables; NULL where the table has no such column [kB]
-- swap_kb: memory in swap; NULL where the table has no such column [kB]
-- oom_score_adj: -1000 (never killed) to 1000
-- is_victim: whether the process was killed in this event
SELECT
    p.event_id,
    p.row_no,
    p.pid,
    p.uid,
    p.comm,
    p.total_vm_pages * e.page_size_kb AS total_vm_kb,
    p.rss_pages * e.page_size_kb AS rss_kb,
    p.rss_anon_pages * e.page_size_kb AS anon_kb,
    p.rss_file_pages * e.page_size_kb AS file_kb,
    p.rss_shmem_pages * e.page_size_kb AS shmem_kb,
    CASE
        WHEN p.pgtables_bytes IS NOT NULL
            THEN CAST(FLOOR(p.pgtables_bytes / 1024) AS BIGINT)
        ELSE (p.nr_ptes + COALESCE(p.nr_pmds, 0)) * e.page_size_kb
    END AS page_tables_kb,
    p.swapents * e.page_size_kb AS swap_kb,
    p.oom_score_adj,
    COALESCE(v.victim_count, 0) > 0 AS is_victim
FROM processes AS p
INNER JOIN events AS e
    ON p.event_id = e.event_id
LEFT JOIN (
    SELECT
        event_id,
        pid,
        COUNT(*) AS victim_count
    FROM victims
    GROUP BY event_id, pid
) AS v
    ON p.event_id = v.event_id
    AND p.pid = v.pid
