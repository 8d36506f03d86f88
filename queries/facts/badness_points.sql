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
WITH node_shapes AS (
    SELECT
        event_id,
        MAX(kernel_stack_kb) AS zone_stack_kb
    FROM zones
    GROUP BY event_id
),
own_sizes AS (
    SELECT
        p.event_id,
        p.row_no,
        p.pid,
        p.oom_score_adj,
        t.candidate_no,
        t.total_pages,
        p.rss_pages + COALESCE(p.swapents, 0) + CASE
            WHEN p.pgtables_bytes IS NOT NULL THEN CAST(
                (p.pgtables_bytes - p.pgtables_bytes % (e.page_size_kb * 1024))
                / (e.page_size_kb * 1024) AS BIGINT)
            ELSE COALESCE(p.nr_ptes, 0) + COALESCE(p.nr_pmds, 0)
        END AS own_pages,
        -- Up to Linux 3.4 the sum was made in thousandths; their table has no
        -- page tables.
        p.pgtables_bytes IS NULL AND p.nr_ptes IS NULL AS in_thousandths,
        p.pgtables_bytes IS NULL AND p.nr_pmds IS NULL AS is_before_pmds,
        p.nr_ptes IS NOT NULL OR e.chosen_score IS NOT NULL
            OR s.zone_stack_kb IS NOT NULL AS at_least_one,
        CASE
            WHEN p.pgtables_bytes IS NULL THEN TRUE
            -- Linux 4.15 and 4.16; 4.19 and later have wider pids.
            ELSE e.chosen_score IS NOT NULL
                AND e.task_table_header LIKE '[ pid ]%'
        END AS may_have_bonus
    FROM processes AS p
    INNER JOIN events AS e ON e.event_id = p.event_id
    INNER JOIN badness_totals AS t ON t.event_id = p.event_id
    LEFT JOIN node_shapes AS s ON s.event_id = p.event_id
    -- oom_score_adj -1000 means never; before 2.6.36 badness counts what no
    -- report prints.
    WHERE p.oom_score_adj > -1000
),
rules AS (
    SELECT 'plain' AS rule, 1 AS rule_order
    UNION ALL SELECT 'root_3_percent', 2
    UNION ALL SELECT 'root_30_thousandths', 3
),
ruled AS (
    SELECT
        o.event_id,
        o.row_no,
        o.pid,
        o.candidate_no,
        o.total_pages,
        o.own_pages,
        o.in_thousandths,
        o.at_least_one,
        r.rule,
        r.rule_order,
        CASE
            WHEN r.rule = 'root_30_thousandths' THEN o.oom_score_adj - 30
            ELSE o.oom_score_adj
        END AS adj,
        CASE
            WHEN r.rule = 'root_3_percent'
                THEN o.own_pages - CAST(
                    (o.own_pages * 3 - o.own_pages * 3 % 100) / 100 AS BIGINT)
            ELSE o.own_pages
        END AS charged_pages,
        CAST((o.total_pages - o.total_pages % 1000) / 1000 AS BIGINT)
            AS thousandth_pages
    FROM own_sizes AS o
    CROSS JOIN rules AS r
    WHERE (r.rule = 'plain' OR o.may_have_bonus)
        AND (r.rule <> 'root_3_percent' OR NOT o.in_thousandths)
        -- Linux 3.6 to 3.11 took off 30 thousandths of the total; they print no
        -- middle-level page tables.
        AND (r.rule <> 'root_30_thousandths' OR o.is_before_pmds)
),
adjusted AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate_no,
        rule,
        rule_order,
        total_pages,
        own_pages,
        in_thousandths,
        charged_pages + adj * thousandth_pages AS raw_points,
        CAST((charged_pages * 1000 - charged_pages * 1000 % total_pages)
            / total_pages AS BIGINT) + adj AS raw_thousandths,
        at_least_one
    FROM ruled
),
clamped AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate_no,
        rule,
        rule_order,
        total_pages,
        own_pages,
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
    candidate_no,
    rule AS rule_name,
    rule_order AS rule_no,
    total_pages,
    own_pages,
    kept_points AS points,
    CASE
        WHEN in_thousandths THEN kept_thousandths
        ELSE CAST((kept_points * 1000 - kept_points * 1000 % total_pages)
            / total_pages AS BIGINT)
    END AS score
FROM clamped
