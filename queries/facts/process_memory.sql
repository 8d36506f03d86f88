-- Each process of the report's table with its memory in kB. The table prints
-- pages; they are multiplied by the page size that the report shows, and stay
-- NULL without it. Memory that processes share is counted for each of them.
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- uid: user id
-- comm: name, cut by the kernel to 15 bytes
-- total_vm_kb: address space; most of it is not memory [kB]
-- rss_kb: resident memory [kB]
-- anon_kb: resident anonymous memory, printed since Linux 6.8 [kB]
-- file_kb: resident file-backed memory, printed since Linux 6.8 [kB]
-- shmem_kb: resident shared memory, printed since Linux 6.8 [kB]
-- page_tables_kb: page tables; NULL where the table has no such column [kB]
-- swap_kb: memory in swap; NULL where the table has no such column [kB]
-- oom_score_adj: -1000 (never killed) to 1000
-- is_victim: whether the process was killed in this event
SELECT
    event_id,
    row_no,
    pid,
    uid,
    comm,
    total_vm_pages * page_size_kb AS total_vm_kb,
    rss_pages * page_size_kb AS rss_kb,
    rss_anon_pages * page_size_kb AS anon_kb,
    rss_file_pages * page_size_kb AS file_kb,
    rss_shmem_pages * page_size_kb AS shmem_kb,
    CASE
        WHEN pgtables_bytes IS NOT NULL THEN pgtables_bytes >> 10
        ELSE (nr_ptes + COALESCE(nr_pmds, 0)) * page_size_kb
    END AS page_tables_kb,
    swapents * page_size_kb AS swap_kb,
    oom_score_adj,
    victim_no IS NOT NULL AS is_victim
FROM process_measures
