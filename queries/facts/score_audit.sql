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
WITH firsts AS (
    SELECT event_id, pid, victim_no
    FROM (
        SELECT
            event_id,
            pid,
            victim_no,
            ROW_NUMBER() OVER (
                PARTITION BY event_id ORDER BY victim_no
            ) AS death_no
        FROM victims
    ) AS deaths
    WHERE death_no = 1
),
deaths AS (
    SELECT
        event_id,
        pid,
        MAX(CASE WHEN role = 'group' THEN 1 ELSE 0 END) AS in_group,
        MAX(CASE WHEN role = 'sharing_mm' THEN 1 ELSE 0 END) AS shares_memory
    FROM victims
    WHERE pid IS NOT NULL
    GROUP BY event_id, pid
),
chosen AS (
    SELECT
        e.event_id,
        COALESCE(e.chosen_pid, firsts.pid) AS best_pid,
        firsts.pid AS first_pid,
        e.chosen_pid AS printed_pid,
        -- The sysctl oom_kill_allocating_task skips the ranking and prints 0.
        CASE
            WHEN e.kill_message LIKE '%oom_kill_allocating_task%' THEN NULL
            ELSE e.chosen_score
        END AS ranked_score,
        COALESCE(e.swap_free_kb < e.swap_total_kb, FALSE) AS swap_in_use
    FROM events AS e
    LEFT JOIN firsts ON firsts.event_id = e.event_id
),
-- The total and the rule that come closest to what was printed.
fits AS (
    SELECT
        event_id,
        candidate_no,
        rule_name,
        difference
    FROM (
        SELECT
            b.event_id,
            b.candidate_no,
            b.rule_name,
            b.score - c.ranked_score AS difference,
            ROW_NUMBER() OVER (
                PARTITION BY b.event_id
                ORDER BY
                    ABS(b.score - c.ranked_score), b.candidate_no, b.rule_no
            ) AS fit_no
        FROM badness_points AS b
        JOIN chosen AS c ON c.event_id = b.event_id AND c.best_pid = b.pid
        WHERE c.ranked_score IS NOT NULL
    ) AS ordered_fits
    WHERE fit_no = 1
),
-- Root's bonus as the event shows it; where nothing tells, the usual one.
bonuses AS (
    SELECT
        event_id,
        rule_name
    FROM (
        SELECT
            b.event_id,
            b.rule_name,
            ROW_NUMBER() OVER (
                PARTITION BY b.event_id
                ORDER BY
                    CASE WHEN b.rule_name = f.rule_name THEN 0 ELSE 1 END,
                    b.rule_no
            ) AS bonus_no
        FROM badness_points AS b
        LEFT JOIN fits AS f ON f.event_id = b.event_id
        WHERE b.rule_name <> 'plain'
    ) AS ordered_bonuses
    WHERE bonus_no = 1
),
audited AS (
    SELECT
        p.event_id,
        p.row_no,
        p.pid,
        p.comm,
        p.uid,
        p.oom_score_adj,
        p.rss_pages,
        p.swapents,
        CASE
            WHEN p.pgtables_bytes IS NOT NULL THEN CAST(
                (p.pgtables_bytes - p.pgtables_bytes % (e.page_size_kb * 1024))
                / (e.page_size_kb * 1024) AS BIGINT)
            ELSE p.nr_ptes + COALESCE(p.nr_pmds, 0)
        END AS table_pages,
        e.kill_message,
        e.chosen_score,
        e.damage,
        t.total_pages,
        t.total_basis,
        plain.points AS plain_points,
        plain.score AS plain_score,
        rooted.points AS root_points,
        rooted.score AS root_score,
        COALESCE(p.pid = c.best_pid, FALSE) AS was_chosen,
        c.first_pid,
        c.printed_pid,
        c.swap_in_use,
        e.constraint_kind,
        e.swap_total_kb,
        COALESCE(several.node_count > 1, FALSE) AS is_on_nodes,
        f.rule_name AS fit_rule,
        f.difference,
        deaths.pid IS NOT NULL AS was_killed,
        deaths.in_group,
        deaths.shares_memory,
        -- The user id is only a sign of the capability that earns the bonus, so
        -- the printed score comes first.
        CASE
            WHEN p.pid = c.best_pid AND f.rule_name = 'plain' THEN FALSE
            WHEN p.pid = c.best_pid AND f.rule_name IS NOT NULL THEN TRUE
            ELSE p.uid = 0
        END AS has_bonus,
        p.nr_ptes IS NULL AND p.pgtables_bytes IS NULL AS in_thousandths
    FROM processes AS p
    INNER JOIN events AS e ON e.event_id = p.event_id
    INNER JOIN chosen AS c ON c.event_id = p.event_id
    LEFT JOIN fits AS f ON f.event_id = p.event_id
    LEFT JOIN bonuses AS bonus ON bonus.event_id = p.event_id
    LEFT JOIN badness_totals AS t
        ON t.event_id = p.event_id
        AND t.candidate_no = CASE
            WHEN ABS(f.difference) <= 1 THEN f.candidate_no
            ELSE 1
        END
    LEFT JOIN badness_points AS plain
        ON plain.event_id = p.event_id AND plain.row_no = p.row_no
        AND plain.candidate_no = t.candidate_no AND plain.rule_name = 'plain'
    LEFT JOIN badness_points AS rooted
        ON rooted.event_id = p.event_id AND rooted.row_no = p.row_no
        AND rooted.candidate_no = t.candidate_no
        AND rooted.rule_name = bonus.rule_name
    LEFT JOIN deaths ON deaths.event_id = p.event_id AND deaths.pid = p.pid
    LEFT JOIN (
        SELECT event_id, COUNT(DISTINCT node) AS node_count
        FROM zones
        GROUP BY event_id
    ) AS several ON several.event_id = p.event_id
),
weighed AS (
    SELECT
        a.event_id,
        a.row_no,
        CASE
            WHEN a.has_bonus AND a.in_thousandths
                THEN COALESCE(a.root_score, a.plain_score)
            WHEN a.in_thousandths THEN a.plain_score
            WHEN a.has_bonus THEN COALESCE(a.root_points, a.plain_points)
            ELSE a.plain_points
        END AS weight
    FROM audited AS a
),
ranked AS (
    SELECT
        event_id,
        row_no,
        weight,
        MAX(weight) OVER (PARTITION BY event_id) AS top_weight,
        RANK() OVER (PARTITION BY event_id ORDER BY weight DESC) AS place
    FROM weighed
    WHERE weight IS NOT NULL
),
-- A process that was killed a moment ago is passed over: it is dying. The kill
-- is found on the same machine, or, where no report names one, in the same log.
places AS (
    SELECT
        e.event_id,
        COALESCE(e.host_id, s.any_source_id) AS place,
        e.uptime_s,
        e.occurred_epoch_s,
        s.top_line
    FROM events AS e
    LEFT JOIN (
        SELECT
            event_id,
            MIN(source_id) AS any_source_id,
            MIN(first_line) AS top_line
        FROM sightings
        GROUP BY event_id
    ) AS s ON s.event_id = e.event_id
),
already_dying AS (
    SELECT
        a.event_id,
        a.row_no
    FROM audited AS a
    INNER JOIN places AS later ON later.event_id = a.event_id
    INNER JOIN victims AS v ON v.pid = a.pid
    INNER JOIN places AS before
        ON before.event_id = v.event_id AND before.place = later.place
    WHERE before.event_id <> later.event_id
        AND CASE
            WHEN before.uptime_s IS NOT NULL AND later.uptime_s IS NOT NULL
                THEN before.uptime_s <= later.uptime_s
                    AND before.uptime_s >= later.uptime_s - 600
            ELSE before.occurred_epoch_s <= later.occurred_epoch_s
                AND before.occurred_epoch_s >= later.occurred_epoch_s - 600
        END
        AND COALESCE(before.top_line < later.top_line, TRUE)
    GROUP BY a.event_id, a.row_no
),
dying_tops AS (
    SELECT d.event_id
    FROM already_dying AS d
    INNER JOIN ranked AS r ON r.event_id = d.event_id AND r.row_no = d.row_no
    WHERE r.place = 1
    GROUP BY d.event_id
),
chosen_rows AS (
    SELECT
        a.event_id,
        MAX(a.rss_pages + COALESCE(a.swapents, 0) + COALESCE(a.table_pages, 0))
            AS held_pages,
        MAX(a.oom_score_adj) AS adj,
        MAX(r.weight) AS chosen_weight
    FROM audited AS a
    LEFT JOIN ranked AS r ON r.event_id = a.event_id AND r.row_no = a.row_no
    WHERE a.was_chosen
    GROUP BY a.event_id
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
    a.total_pages,
    a.total_basis,
    a.plain_points AS points,
    a.root_points AS points_root,
    a.plain_score AS score,
    a.root_score AS score_root,
    CASE
        WHEN a.plain_points > a.table_pages
            THEN CAST(
                ((a.plain_points - a.table_pages) * 1000
                    - (a.plain_points - a.table_pages) * 1000 % a.total_pages)
                / a.total_pages AS BIGINT)
        ELSE a.plain_score
    END AS score_without_page_tables,
    CASE WHEN a.was_chosen THEN a.chosen_score END AS score_printed,
    CASE WHEN a.was_chosen THEN a.fit_rule END AS score_rule,
    CASE WHEN a.was_chosen THEN a.difference END AS score_difference,
    CASE WHEN a.was_chosen THEN ABS(a.difference) <= 1 END AS score_matches,
    CASE
        WHEN NOT a.was_chosen OR a.difference IS NULL THEN NULL
        WHEN ABS(a.difference) <= 1 THEN NULL
        WHEN a.constraint_kind = 'memcg' AND a.swap_total_kb IS NULL
            THEN 'swap_total_not_printed'
        WHEN a.swapents IS NULL AND a.difference < 0 AND a.swap_in_use
            THEN 'swap_not_printed'
        -- A page of page tables maps 512 pages, or fewer.
        WHEN a.in_thousandths AND a.difference < 0
            AND -a.difference * a.total_pages <= 8 * a.rss_pages
            THEN 'page_tables_not_printed'
        WHEN a.constraint_kind IN ('cpuset', 'memory_policy')
            OR (a.constraint_kind IS NULL AND a.is_on_nodes)
            THEN 'nodes_not_printed'
        ELSE 'unexplained'
    END AS mismatch_reason,
    r.place AS badness_rank,
    a.was_chosen AS is_chosen,
    a.was_killed AS is_victim,
    COALESCE(r.place = 1, FALSE) AS is_top,
    CASE
        WHEN NOT (a.was_killed OR a.was_chosen) OR r.place = 1 THEN NULL
        WHEN a.kill_message LIKE '%oom_kill_allocating_task%'
            THEN 'allocating_task'
        WHEN a.in_group = 1 THEN 'group_kill'
        WHEN a.shares_memory = 1 THEN 'shares_memory'
        WHEN a.printed_pid <> a.first_pid AND a.pid = a.first_pid
            THEN 'child_sacrificed'
        WHEN NOT a.was_chosen THEN 'later_kill'
        WHEN r.place IS NULL THEN 'not_recomputable'
        WHEN dying_tops.event_id IS NOT NULL THEN 'top_already_killed'
        WHEN a.swapents IS NULL AND a.swap_in_use THEN 'swap_not_printed'
        -- Counters are read once for the choice and again for the table.
        WHEN r.weight * 100 >= r.top_weight * 99 THEN 'within_tolerance'
        WHEN a.damage IS NOT NULL THEN 'report_damaged'
        ELSE 'unexplained'
    END AS reason,
    CASE
        WHEN a.was_killed OR a.was_chosen THEN NULL
        WHEN a.rss_pages + COALESCE(a.swapents, 0) + COALESCE(a.table_pages, 0)
            <= chosen_rows.held_pages THEN NULL
        WHEN a.oom_score_adj = -1000 THEN 'unkillable'
        WHEN a.kill_message LIKE '%oom_kill_allocating_task%'
            THEN 'allocating_task'
        WHEN d.event_id IS NOT NULL THEN 'already_killed'
        WHEN a.swapents IS NULL AND a.swap_in_use THEN 'swap_not_printed'
        WHEN r.weight = chosen_rows.chosen_weight THEN 'equal_score'
        WHEN r.weight * 99 > chosen_rows.chosen_weight * 100 THEN 'unexplained'
        WHEN r.weight > chosen_rows.chosen_weight THEN 'within_tolerance'
        WHEN a.oom_score_adj < 0 OR chosen_rows.adj > a.oom_score_adj
            THEN 'oom_score_adj'
        WHEN a.has_bonus AND r.weight IS NOT NULL THEN 'root_bonus'
        WHEN chosen_rows.held_pages IS NOT NULL THEN 'unexplained'
    END AS spared_reason
FROM audited AS a
LEFT JOIN ranked AS r
    ON r.event_id = a.event_id AND r.row_no = a.row_no
LEFT JOIN dying_tops
    ON dying_tops.event_id = a.event_id
LEFT JOIN already_dying AS d
    ON d.event_id = a.event_id AND d.row_no = a.row_no
LEFT JOIN chosen_rows
    ON chosen_rows.event_id = a.event_id
