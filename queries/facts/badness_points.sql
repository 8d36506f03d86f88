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
WITH measured AS (
    SELECT
        event_id,
        row_no,
        pid,
        oom_score_adj,
        total_pages AS first_pages,
        other_total_pages AS second_pages,
        rss_pages + COALESCE(swapents, 0) + CASE
            WHEN pgtables_bytes IS NOT NULL THEN CAST(
                (pgtables_bytes - pgtables_bytes % (page_size_kb * 1024))
                / (page_size_kb * 1024) AS BIGINT)
            ELSE COALESCE(nr_ptes, 0) + COALESCE(nr_pmds, 0)
        END AS own,
        -- Up to Linux 3.4 the sum was made in thousandths; their table has no
        -- page tables.
        pgtables_bytes IS NULL AND nr_ptes IS NULL AS in_thousandths,
        nr_ptes IS NOT NULL OR has_floor AS at_least_one,
        -- Linux 3.6 to 3.11 took off 30 thousandths of the total; they print no
        -- middle-level page tables.
        CASE
            WHEN NOT may_have_bonus THEN 1
            WHEN pgtables_bytes IS NOT NULL OR nr_pmds IS NOT NULL THEN 2
            WHEN nr_ptes IS NOT NULL THEN 3
            ELSE 4
        END + CASE WHEN other_total_pages IS NULL THEN 10 ELSE 20 END AS class
    FROM process_measures
    WHERE oom_score_adj > -1000 AND total_pages IS NOT NULL
),
rules AS (
    SELECT 1 AS rule_class, 'plain' AS rule, 1 AS rule_order
    UNION ALL SELECT 2, 'plain', 1
    UNION ALL SELECT 2, 'root_3_percent', 2
    UNION ALL SELECT 3, 'plain', 1
    UNION ALL SELECT 3, 'root_3_percent', 2
    UNION ALL SELECT 3, 'root_30_thousandths', 3
    UNION ALL SELECT 4, 'plain', 1
    UNION ALL SELECT 4, 'root_30_thousandths', 3
),
candidates AS (
    SELECT 10 AS candidate_class, 1 AS candidate
    UNION ALL SELECT 20, 1
    UNION ALL SELECT 20, 2
),
tries AS (
    SELECT
        r.rule_class + c.candidate_class AS class,
        r.rule,
        r.rule_order,
        c.candidate
    FROM rules AS r
    CROSS JOIN candidates AS c
),
ruled AS (
    SELECT
        m.event_id,
        m.row_no,
        m.pid,
        t.candidate,
        CASE
            WHEN t.candidate = 1 THEN m.first_pages
            ELSE m.second_pages
        END AS total,
        m.own,
        m.in_thousandths,
        m.at_least_one,
        t.rule,
        t.rule_order,
        CASE
            WHEN t.rule = 'root_30_thousandths' THEN m.oom_score_adj - 30
            ELSE m.oom_score_adj
        END AS adj,
        CASE
            WHEN t.rule = 'root_3_percent'
                THEN m.own - CAST((m.own * 3 - m.own * 3 % 100) / 100 AS BIGINT)
            ELSE m.own
        END AS charged
    FROM measured AS m
    INNER JOIN tries AS t
        ON t.class = m.class
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
        charged + adj * CAST((total - total % 1000) / 1000 AS BIGINT)
            AS raw_points,
        CAST((charged * 1000 - charged * 1000 % total) / total AS BIGINT)
        + adj AS raw_thousandths,
        at_least_one
    FROM ruled
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
