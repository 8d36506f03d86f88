-- Each process's badness under every rule that its kernel may have followed:
-- the memory it would free, moved by oom_score_adj, once without and once with
-- what kernels up to 4.16 take off for root.
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- candidate_no: which total of badness_totals
-- rule_name: plain, root_3_percent or root_30_thousandths (root's bonus)
-- rule_no: order of trying, from 1
-- total_pages: memory that the process is measured against [pages]
-- own_pages: rss + page tables + swap [pages]
-- points: own_pages, less root's bonus, moved by oom_score_adj thousandths of
--   the total [pages]
-- score: points in thousandths of total, as kernels up to 5.0 print it
-- oom_score_adj -1000 means never; before 2.6.36 badness counts what no report
-- prints.
WITH rules AS (
    SELECT 1 AS rule_class, 'plain' AS rule, 1 AS rule_order
    UNION ALL SELECT 2, 'plain', 1
    UNION ALL SELECT 3, 'plain', 1
    UNION ALL SELECT 4, 'plain', 1
    UNION ALL SELECT 2, 'root_3_percent', 2
    UNION ALL SELECT 3, 'root_3_percent', 2
    UNION ALL SELECT 3, 'root_30_thousandths', 3
    UNION ALL SELECT 4, 'root_30_thousandths', 3
),
candidates AS (
    SELECT 10 AS candidate_class, 1 AS candidate
    UNION ALL SELECT 20, 1
    UNION ALL SELECT 20, 2
),
-- The plain rule with the likeliest total is for every process: it needs no
-- join. Few processes have another rule or total as well.
further_tries AS (
    SELECT
        r.rule_class + c.candidate_class AS class,
        r.rule,
        r.rule_order,
        c.candidate
    FROM rules AS r
    CROSS JOIN candidates AS c
    WHERE r.rule_order > 1 OR c.candidate > 1
),
ambiguous AS (
    SELECT
        event_id, row_no, pid, rss_pages, swapents, nr_ptes, nr_pmds,
        pgtables_bytes, page_size_kb, oom_score_adj, has_floor,
        total_pages, other_total_pages,
        -- Linux 3.6 to 3.11 took off 30 thousandths of the total; they print no
        -- middle-level page tables.
        CASE
            WHEN NOT may_have_bonus THEN 1
            WHEN pgtables_bytes IS NOT NULL OR nr_pmds IS NOT NULL THEN 2
            WHEN nr_ptes IS NOT NULL THEN 3
            ELSE 4
        END + CASE WHEN other_total_pages IS NULL THEN 10 ELSE 20 END AS class
    FROM process_measures
    WHERE (may_have_bonus OR other_total_pages IS NOT NULL)
        AND oom_score_adj > -1000
        AND total_pages IS NOT NULL
),
tries AS (
    SELECT
        event_id, row_no, pid, rss_pages, swapents, nr_ptes, nr_pmds,
        pgtables_bytes, page_size_kb, oom_score_adj, has_floor,
        1 AS candidate,
        total_pages AS total,
        'plain' AS rule,
        1 AS rule_order
    FROM process_measures
    WHERE oom_score_adj > -1000 AND total_pages IS NOT NULL
    UNION ALL
    SELECT
        a.event_id, a.row_no, a.pid, a.rss_pages, a.swapents, a.nr_ptes,
        a.nr_pmds, a.pgtables_bytes, a.page_size_kb, a.oom_score_adj,
        a.has_floor,
        t.candidate,
        CASE
            WHEN t.candidate = 1 THEN a.total_pages
            ELSE a.other_total_pages
        END AS total,
        t.rule,
        t.rule_order
    FROM ambiguous AS a
    INNER JOIN further_tries AS t
        ON t.class = a.class
),
measured AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate,
        rule,
        rule_order,
        total,
        rss_pages + COALESCE(swapents, 0) + CASE
            WHEN pgtables_bytes IS NULL
                THEN COALESCE(nr_ptes, 0) + COALESCE(nr_pmds, 0)
            -- Most pages are 4 kB, and a shift takes less than a division.
            WHEN page_size_kb = 4 THEN pgtables_bytes >> 12
            ELSE CAST(
                (pgtables_bytes - pgtables_bytes % (page_size_kb * 1024))
                / (page_size_kb * 1024) AS BIGINT)
        END AS own,
        CASE WHEN rule_order = 3 THEN oom_score_adj - 30 ELSE oom_score_adj END
            AS adj,
        -- Up to Linux 3.4 the sum was made in thousandths; their table has no
        -- page tables.
        pgtables_bytes IS NULL AND nr_ptes IS NULL AS in_thousandths,
        nr_ptes IS NOT NULL OR has_floor AS at_least_one
    FROM tries
),
charges AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate,
        rule,
        rule_order,
        total,
        own,
        adj,
        in_thousandths,
        at_least_one,
        CASE
            WHEN rule_order = 2
                THEN own - CAST((own * 3 - own * 3 % 100) / 100 AS BIGINT)
            ELSE own
        END AS charged
    FROM measured
),
adjusted AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate,
        rule,
        rule_order,
        total,
        own,
        in_thousandths,
        at_least_one,
        charged + CASE
            WHEN adj = 0 THEN 0
            ELSE adj * CAST((total - total % 1000) / 1000 AS BIGINT)
        END AS raw_points,
        CASE
            WHEN in_thousandths
                THEN CAST((charged * 1000 - charged * 1000 % total) / total
                    AS BIGINT) + adj
        END AS raw_thousandths
    FROM charges
),
clamped AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate,
        rule,
        rule_order,
        total,
        own,
        in_thousandths,
        CASE
            WHEN at_least_one AND raw_points <= 0 THEN 1
            ELSE raw_points
        END AS kept_points,
        CASE
            WHEN raw_thousandths <= 0 THEN 1
            WHEN raw_thousandths > 1000 THEN 1000
            ELSE raw_thousandths
        END AS kept_thousandths
    FROM adjusted
)
SELECT
    event_id,
    row_no,
    pid,
    CAST(candidate AS BIGINT) AS candidate_no,
    rule AS rule_name,
    rule_order AS rule_no,
    total AS total_pages,
    own AS own_pages,
    kept_points AS points,
    CASE
        WHEN in_thousandths THEN kept_thousandths
        ELSE CAST((kept_points * 1000 - kept_points * 1000 % total) / total
            AS BIGINT)
    END AS score
FROM clamped
