-- Each process of the report's table with what its event tells of it: the size
-- of a page, whether it died, and what its badness is measured against.
-- stored: beside processes
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- uid: user id
-- comm: name, cut by the kernel to 15 bytes
-- total_vm_pages: address space [pages]
-- rss_pages: resident memory [pages]
-- rss_anon_pages: of that, anonymous, printed since Linux 6.8 [pages]
-- rss_file_pages: of that, file-backed, printed since Linux 6.8 [pages]
-- rss_shmem_pages: of that, shared, printed since Linux 6.8 [pages]
-- nr_ptes: last-level page tables, as printed up to Linux 4.14
-- nr_pmds: middle-level page tables, as printed then
-- pgtables_bytes: page tables, as printed since Linux 4.15 [bytes]
-- swapents: pages in swap; NULL where the table has no such column
-- oom_score_adj: -1000 (never killed) to 1000
-- page_size_kb: size of a page; NULL when the report does not show it [kB]
-- victim_no: order of death; NULL for a survivor
-- total_pages: candidate 1 of badness_totals; NULL without one [pages]
-- other_total_pages: candidate 2; NULL without one [pages]
-- has_floor: whether its kernel makes points of 0 or less to 1, page tables by
--   number apart, which tell it by themselves
-- may_have_bonus: whether its kernel may have taken something off for root
WITH zone_stacks AS (
    SELECT
        event_id,
        MAX(kernel_stack_kb) AS zone_stack_kb
    FROM zones
    GROUP BY event_id
),
killed AS (
    SELECT
        event_id,
        pid,
        MIN(victim_no) AS death_no
    FROM victims
    WHERE pid IS NOT NULL
    GROUP BY event_id, pid
),
totals AS (
    SELECT
        event_id,
        MAX(CASE WHEN candidate_no = 1 THEN total_pages END) AS first_pages,
        MAX(CASE WHEN candidate_no = 2 THEN total_pages END) AS second_pages
    FROM badness_totals
    GROUP BY event_id
)
SELECT
    p.event_id,
    p.row_no,
    p.pid,
    p.uid,
    p.comm,
    p.total_vm_pages,
    p.rss_pages,
    p.rss_anon_pages,
    p.rss_file_pages,
    p.rss_shmem_pages,
    p.nr_ptes,
    p.nr_pmds,
    p.pgtables_bytes,
    p.swapents,
    p.oom_score_adj,
    e.page_size_kb,
    killed.death_no AS victim_no,
    t.first_pages AS total_pages,
    t.second_pages AS other_total_pages,
    e.chosen_score IS NOT NULL OR s.zone_stack_kb IS NOT NULL AS has_floor,
    CASE
        WHEN p.pgtables_bytes IS NULL THEN TRUE
        -- Linux 4.15 and 4.16; 4.19 and later have wider pids.
        ELSE COALESCE(
            e.chosen_score IS NOT NULL AND e.task_table_header LIKE '[ pid ]%',
            FALSE)
    END AS may_have_bonus
FROM processes AS p
INNER JOIN events AS e
    ON e.event_id = p.event_id
LEFT JOIN killed
    ON killed.event_id = p.event_id AND killed.pid = p.pid
LEFT JOIN totals AS t
    ON t.event_id = p.event_id
LEFT JOIN zone_stacks AS s
    ON s.event_id = p.event_id
