-- The badness of every process recomputed from the report by the kernel's own
-- formula, beside the score that was printed, and whether the victim was the top.
-- points = rss + swap + page tables + oom_score_adj * (total / 1000, cut), and the
-- printed score is points * 1000 / total, cut. Kernels up to 4.16 forgive root
-- 3 %; as the report does not show who was root, both values are given.
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- comm: name
-- oom_score_adj: -1000 (never killed) to 1000
-- rss_pages: resident memory [pages]
-- swap_pages: memory in swap; NULL where not printed, then taken as 0 [pages]
-- page_table_pages: page tables; NULL where not printed, then taken as 0 [pages]
-- total_pages: what the points are measured against [pages]
-- points: badness; NULL where the formula needs what is not printed [pages]
-- score: points in thousandths of total_pages
-- score_root: the same with root's 3 % off, where that kernel may have given it
-- score_without_page_tables: the score if page tables did not count
-- score_printed: score on the kill line, for the process that was chosen
-- score_matches: whether score or score_root is within 1 of the printed one
-- badness_rank: 1 for the highest points among the processes that may be killed
-- is_chosen: whether badness (or the kernel's other rule) chose this process
-- is_victim: whether it was killed
-- is_top: whether no other process had more points
-- reason: for a chosen process that was not the top, why: allocating_task,
--   within_tolerance, scope, not_recomputable or unexplained
WITH killed AS (
    SELECT
        v.event_id,
        v.pid,
        MIN(v.victim_no) AS victim_no
    FROM victims AS v
    GROUP BY v.event_id, v.pid
),

first_victims AS (
    SELECT
        v.event_id,
        MIN(v.pid) AS pid
    FROM victims AS v
    WHERE v.victim_no = 1
    GROUP BY v.event_id
),

measured AS (
    SELECT
        p.event_id,
        p.row_no,
        p.pid,
        p.comm,
        p.oom_score_adj,
        p.rss_pages,
        p.swapents AS swap_pages,
        CASE
            WHEN p.pgtables_bytes IS NOT NULL
                THEN CAST(
                    FLOOR(p.pgtables_bytes / (e.page_size_kb * 1024)) AS BIGINT
                )
            ELSE p.nr_ptes + COALESCE(p.nr_pmds, 0)
        END AS page_table_pages,
        b.total_pages,
        b.total_basis,
        CAST(FLOOR(b.total_pages / 1000) AS BIGINT) AS total_thousandth,
        e.chosen_score,
        COALESCE(e.chosen_pid, f.pid) AS chosen_pid,
        e.invoker_pid,
        e.kill_message,
        k.victim_no,
        p.cpu IS NOT NULL AND p.oom_score_adj IS NOT NULL AS has_capped_rule,
        p.nr_ptes IS NOT NULL
        OR (p.pgtables_bytes IS NOT NULL AND e.chosen_score IS NOT NULL)
            AS may_forgive_root,
        COALESCE(p.oom_score_adj, 0) <> -1000
        AND COALESCE(p.oom_adj, 0) <> -17
        AND p.pid <> 1 AS may_be_killed
    FROM processes AS p
    INNER JOIN events AS e
        ON p.event_id = e.event_id
    LEFT JOIN badness_base AS b
        ON p.event_id = b.event_id
    LEFT JOIN killed AS k
        ON p.event_id = k.event_id
        AND p.pid = k.pid
    LEFT JOIN first_victims AS f
        ON p.event_id = f.event_id
),

sums AS (
    SELECT
        m.event_id,
        m.row_no,
        m.rss_pages + COALESCE(m.swap_pages, 0) AS plain_pages,
        m.rss_pages
        + COALESCE(m.swap_pages, 0)
        + COALESCE(m.page_table_pages, 0) AS all_pages,
        CASE
            WHEN m.oom_score_adj IS NULL THEN NULL
            WHEN m.oom_score_adj = 0 THEN 0
            ELSE m.oom_score_adj * m.total_thousandth
        END AS adjustment
    FROM measured AS m
),

pointed AS (
    SELECT
        s.event_id,
        s.row_no,
        s.all_pages + s.adjustment AS raw_points,
        s.plain_pages + s.adjustment AS plain_points,
        s.all_pages
        - CAST(FLOOR(s.all_pages * 3 / 100) AS BIGINT)
        + s.adjustment AS root_points
    FROM sums AS s
),

scored AS (
    SELECT
        m.event_id,
        m.row_no,
        m.pid,
        m.comm,
        m.oom_score_adj,
        m.rss_pages,
        m.swap_pages,
        m.page_table_pages,
        m.total_pages,
        m.total_basis,
        m.chosen_score,
        m.chosen_pid,
        m.invoker_pid,
        m.kill_message,
        m.victim_no,
        m.may_be_killed,
        m.may_forgive_root,
        q.raw_points,
        CAST(
            FLOOR(
                CASE WHEN q.raw_points < 1 THEN 1 ELSE q.raw_points END
                * 1000 / m.total_pages
            ) AS BIGINT
        ) AS score,
        CAST(
            FLOOR(
                CASE WHEN q.root_points < 1 THEN 1 ELSE q.root_points END
                * 1000 / m.total_pages
            ) AS BIGINT
        ) AS score_root,
        CAST(
            FLOOR(
                CASE WHEN q.plain_points < 1 THEN 1 ELSE q.plain_points END
                * 1000 / m.total_pages
            ) AS BIGINT
        ) AS score_plain
    FROM measured AS m
    INNER JOIN pointed AS q
        ON m.event_id = q.event_id
        AND m.row_no = q.row_no
),

ranked AS (
    SELECT
        s.event_id,
        s.row_no,
        RANK() OVER (
            PARTITION BY s.event_id
            ORDER BY s.raw_points DESC
        ) AS badness_rank,
        MAX(s.raw_points) OVER (PARTITION BY s.event_id) AS top_points
    FROM scored AS s
    WHERE s.may_be_killed
        AND s.raw_points IS NOT NULL
)

SELECT
    s.event_id,
    s.row_no,
    s.pid,
    s.comm,
    s.oom_score_adj,
    s.rss_pages,
    s.swap_pages,
    s.page_table_pages,
    s.total_pages,
    s.raw_points AS points,
    s.score,
    CASE WHEN s.may_forgive_root THEN s.score_root END AS score_root,
    s.score_plain AS score_without_page_tables,
    CASE WHEN s.pid = s.chosen_pid THEN s.chosen_score END AS score_printed,
    CASE
        WHEN s.pid = s.chosen_pid AND s.chosen_score IS NOT NULL
            THEN ABS(s.score - s.chosen_score) <= 1
                OR (
                    s.may_forgive_root
                    AND ABS(s.score_root - s.chosen_score) <= 1
                )
    END AS score_matches,
    r.badness_rank,
    COALESCE(s.pid = s.chosen_pid, FALSE) AS is_chosen,
    s.victim_no IS NOT NULL AS is_victim,
    COALESCE(r.badness_rank = 1, FALSE) AS is_top,
    CASE
        WHEN s.pid <> s.chosen_pid OR r.badness_rank = 1 THEN NULL
        WHEN s.chosen_pid IS NULL THEN NULL
        WHEN s.kill_message LIKE '%allocating_task%' THEN 'allocating_task'
        WHEN s.raw_points IS NULL THEN 'not_recomputable'
        WHEN r.top_points - s.raw_points <= 64 THEN 'within_tolerance'
        WHEN s.total_basis IN ('cgroup_limit', 'nodes_and_swap') THEN 'scope'
        ELSE 'unexplained'
    END AS reason
FROM scored AS s
LEFT JOIN ranked AS r
    ON s.event_id = r.event_id
    AND s.row_no = r.row_no
