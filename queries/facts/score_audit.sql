-- The badness of every process recomputed by the formula that the report's
-- shape implies, its place in the ranking, and whether the one that was killed
-- is the top; where it is not, why. Processes that may never be killed
-- (oom_score_adj -1000) have no points and no rank.
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- comm: name
-- uid: user id; root (0) may have had a bonus up to Linux 4.16
-- oom_score_adj: -1000 (never killed) to 1000
-- rss_pages: resident memory [pages]
-- swap_pages: memory in swap; NULL where not printed, then taken as 0 [pages]
-- page_table_pages: page tables; NULL where not printed, then taken as 0
--   [pages]
-- total_pages: what the points are measured against [pages]
-- total_basis: ram, managed, nodes, cgroup or cgroup_and_swap: its source
-- points: rss + swap + page tables + oom_score_adj * (total_pages / 1000, cut);
--   NULL where the formula needs what is not printed [pages]
-- points_root: the same with root's bonus; NULL where there was none [pages]
-- score: points * 1000 / total_pages, cut
-- score_root: points_root in the same way
-- score_without_page_tables: the score if page tables did not count
-- score_printed: score on the kill line, for the process that was chosen
-- score_rule: the rule that comes closest to it: plain, root_3_percent or
--   root_30_thousandths
-- score_difference: that rule's score less the printed one
-- score_matches: whether they are at most 1 apart; NULL when not printed
-- mismatch_reason: why they are further apart, where the report can tell:
--   swap_not_printed (the table has no swap column and swap is in use),
--   page_tables_not_printed (it has none for them, and they would be enough),
--   swap_total_not_printed (a cgroup's report leaves out how much swap counts),
--   nodes_not_printed (a memory policy or cpuset may have held, whose nodes'
--   sizes are not printed) or unexplained
-- badness_rank: 1 for the highest points among the processes that may be killed
-- is_chosen: whether badness (or the kernel's other rule) chose this process
-- is_victim: whether it was killed
-- is_top: whether no other process had more points
-- reason: for a chosen or killed process that was not the top, why:
--   allocating_task, group_kill, shares_memory, child_sacrificed, later_kill,
--   not_recomputable, swap_not_printed, top_already_killed, within_tolerance,
--   report_damaged or unexplained
-- spared_reason: for a process that was not killed though it held more memory
--   than the chosen one, why: unkillable (oom_score_adj -1000), oom_score_adj,
--   root_bonus, equal_score, allocating_task, already_killed, swap_not_printed,
--   within_tolerance or unexplained
WITH dying_tops AS (
    SELECT event_id
    FROM dying_processes
    WHERE is_top
    GROUP BY event_id
),
-- Other reports matter for few processes: only those take part in a join.
told AS (
    SELECT
        event_id, row_no, pid, comm, uid, oom_score_adj, rss_pages, swapents,
        nr_ptes, nr_pmds, pgtables_bytes, page_size_kb, victim_no, audit_pages,
        total_basis, points, points_root, thousandths, thousandths_root,
        score_printed, score_rule, score_difference, mismatch_reason,
        badness_rank, is_chosen,
        lone_reason AS told_reason,
        lone_spared_reason AS told_spared_reason
    FROM process_verdicts
    WHERE NOT asks_others
    UNION ALL
    SELECT
        p.event_id, p.row_no, p.pid, p.comm, p.uid, p.oom_score_adj,
        p.rss_pages, p.swapents, p.nr_ptes, p.nr_pmds, p.pgtables_bytes,
        p.page_size_kb, p.victim_no, p.audit_pages, p.total_basis, p.points,
        p.points_root, p.thousandths, p.thousandths_root, p.score_printed,
        p.score_rule, p.score_difference, p.mismatch_reason, p.badness_rank,
        p.is_chosen,
        CASE
            WHEN p.lone_reason IS NOT NULL AND dying_tops.event_id IS NOT NULL
                THEN 'top_already_killed'
            ELSE p.lone_reason
        END AS told_reason,
        CASE
            WHEN p.lone_spared_reason IS NOT NULL AND d.event_id IS NOT NULL
                THEN 'already_killed'
            WHEN p.lone_spared_reason = 'no_chosen' THEN NULL
            ELSE p.lone_spared_reason
        END AS told_spared_reason
    FROM process_verdicts AS p
    LEFT JOIN dying_tops
        ON dying_tops.event_id = p.event_id
    LEFT JOIN dying_processes AS d
        ON d.event_id = p.event_id AND d.row_no = p.row_no
    WHERE p.asks_others
),
audited AS (
    SELECT
        event_id, row_no, pid, comm, uid, oom_score_adj, rss_pages, swapents,
        victim_no, audit_pages, total_basis, points, points_root, thousandths,
        thousandths_root, score_printed, score_rule, score_difference,
        mismatch_reason, badness_rank, is_chosen, told_reason,
        told_spared_reason,
        CASE
            WHEN pgtables_bytes IS NULL THEN nr_ptes + COALESCE(nr_pmds, 0)
            -- Most pages are 4 kB, and a shift takes less than a division.
            WHEN page_size_kb = 4 THEN pgtables_bytes >> 12
            ELSE CAST(
                (pgtables_bytes - pgtables_bytes % (page_size_kb * 1024))
                / (page_size_kb * 1024) AS BIGINT)
        END AS table_pages,
        nr_ptes IS NULL AND pgtables_bytes IS NULL AS in_thousandths
    FROM told
)
SELECT
    a.event_id,
    a.row_no,
    a.pid,
    a.comm,
    a.uid,
    a.oom_score_adj,
    a.rss_pages,
    a.swapents AS swap_pages,
    a.table_pages AS page_table_pages,
    a.audit_pages AS total_pages,
    a.total_basis,
    a.points,
    a.points_root,
    CASE
        WHEN a.in_thousandths THEN a.thousandths
        ELSE CAST((a.points * 1000 - a.points * 1000 % a.audit_pages)
            / a.audit_pages AS BIGINT)
    END AS score,
    CASE
        WHEN a.in_thousandths THEN a.thousandths_root
        ELSE CAST((a.points_root * 1000 - a.points_root * 1000 % a.audit_pages)
            / a.audit_pages AS BIGINT)
    END AS score_root,
    CASE
        WHEN a.points > a.table_pages
            THEN CAST(
                ((a.points - a.table_pages) * 1000
                    - (a.points - a.table_pages) * 1000 % a.audit_pages)
                / a.audit_pages AS BIGINT)
        WHEN a.in_thousandths THEN a.thousandths
        ELSE CAST((a.points * 1000 - a.points * 1000 % a.audit_pages)
            / a.audit_pages AS BIGINT)
    END AS score_without_page_tables,
    a.score_printed,
    a.score_rule,
    a.score_difference,
    CASE WHEN a.is_chosen THEN ABS(a.score_difference) <= 1 END
        AS score_matches,
    a.mismatch_reason,
    a.badness_rank,
    a.is_chosen,
    a.victim_no IS NOT NULL AS is_victim,
    COALESCE(a.badness_rank = 1, FALSE) AS is_top,
    a.told_reason AS reason,
    a.told_spared_reason AS spared_reason
FROM audited AS a
