-- Each process with what badness makes of it inside its own report: its points,
-- its place in the ranking, whether it was chosen, and why it was or was not.
-- score_audit adds what only other reports tell: who was dying already.
-- stored: beside processes
-- event_id: the event
-- row_no: position in the process table, from 1
-- pid: process id
-- comm: name
-- uid: user id
-- oom_score_adj: -1000 (never killed) to 1000
-- rss_pages: resident memory [pages]
-- swapents: pages in swap; NULL where not printed
-- nr_ptes: last-level page tables, as printed up to Linux 4.14
-- nr_pmds: middle-level page tables, as printed then
-- pgtables_bytes: page tables, as printed since Linux 4.15 [bytes]
-- page_size_kb: size of a page; NULL when the report does not show it [kB]
-- victim_no: order of death; NULL for a survivor
-- audit_pages: total_pages of score_audit [pages]
-- total_basis: ram, managed, nodes, cgroup or cgroup_and_swap: its source
-- points: as in score_audit [pages]
-- points_root: as in score_audit [pages]
-- thousandths: the score where the kernel made no points (up to Linux 3.4)
-- thousandths_root: the same with root's bonus
-- score_printed: score on the kill line, for the process that was chosen
-- score_rule: as in score_audit
-- score_difference: as in score_audit
-- mismatch_reason: as in score_audit
-- badness_rank: 1 for the highest points among the processes that may be killed
-- is_chosen: whether badness (or the kernel's other rule) chose this process
-- lone_reason: reason of score_audit as this report alone tells it
-- lone_spared_reason: spared_reason as this report alone tells it; no_chosen
--   where nothing is known of the chosen one
-- asks_others: whether other reports may tell another reason
WITH tried AS (
    SELECT
        event_id,
        row_no,
        pid,
        candidate_no,
        rule_name,
        rule_no,
        points,
        score
    FROM badness_points
),
firsts AS (
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
        FROM tried AS b
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
        FROM tried AS b
        LEFT JOIN fits AS f ON f.event_id = b.event_id
        WHERE b.rule_name <> 'plain'
    ) AS ordered_bonuses
    WHERE bonus_no = 1
),
-- Of what was tried, each process's one total, without a bonus and with it.
fitting AS (
    SELECT
        b.event_id,
        b.row_no,
        b.rule_name,
        b.points,
        b.score
    FROM tried AS b
    LEFT JOIN fits AS f ON f.event_id = b.event_id
    LEFT JOIN bonuses AS bonus ON bonus.event_id = b.event_id
    WHERE b.candidate_no = CASE
            WHEN ABS(f.difference) <= 1 THEN f.candidate_no
            ELSE 1
        END
        AND (b.rule_name = 'plain' OR b.rule_name = bonus.rule_name)
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
        p.nr_ptes,
        p.nr_pmds,
        p.pgtables_bytes,
        p.page_size_kb,
        p.victim_no,
        CASE
            WHEN p.pgtables_bytes IS NULL
                THEN p.nr_ptes + COALESCE(p.nr_pmds, 0)
            -- Most pages are 4 kB, and a shift takes less than a division.
            WHEN p.page_size_kb = 4 THEN p.pgtables_bytes >> 12
            ELSE CAST(
                (p.pgtables_bytes - p.pgtables_bytes % (p.page_size_kb * 1024))
                / (p.page_size_kb * 1024) AS BIGINT)
        END AS table_pages,
        e.kill_message,
        e.chosen_score,
        e.damage,
        t.total_pages AS all_pages,
        t.total_basis AS basis,
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
    FROM process_measures AS p
    INNER JOIN events AS e ON e.event_id = p.event_id
    INNER JOIN chosen AS c ON c.event_id = p.event_id
    LEFT JOIN fits AS f ON f.event_id = p.event_id
    LEFT JOIN badness_totals AS t
        ON t.event_id = p.event_id
        AND t.candidate_no = CASE
            WHEN ABS(f.difference) <= 1 THEN f.candidate_no
            ELSE 1
        END
    LEFT JOIN fitting AS plain
        ON plain.event_id = p.event_id AND plain.row_no = p.row_no
        AND plain.rule_name = 'plain'
    LEFT JOIN fitting AS rooted
        ON rooted.event_id = p.event_id AND rooted.row_no = p.row_no
        AND rooted.rule_name <> 'plain'
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
        -- The first of the order, which the rank has need of too.
        MAX(weight) OVER (PARTITION BY event_id ORDER BY weight DESC)
            AS top_weight,
        RANK() OVER (PARTITION BY event_id ORDER BY weight DESC) AS place
    FROM weighed
    WHERE weight IS NOT NULL
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
),
judged AS (
    SELECT
        a.event_id,
        a.row_no,
        a.pid,
        a.comm,
        a.uid,
        a.oom_score_adj,
        a.rss_pages,
        a.swapents,
        a.nr_ptes,
        a.nr_pmds,
        a.pgtables_bytes,
        a.page_size_kb,
        a.victim_no,
        a.all_pages AS audit_pages,
        a.basis AS total_basis,
        a.plain_points AS points,
        a.root_points AS points_root,
        CASE WHEN a.in_thousandths THEN a.plain_score END AS thousandths,
        CASE WHEN a.in_thousandths THEN a.root_score END AS thousandths_root,
        CASE WHEN a.was_chosen THEN a.chosen_score END AS score_printed,
        CASE WHEN a.was_chosen THEN a.fit_rule END AS score_rule,
        CASE WHEN a.was_chosen THEN a.difference END AS score_difference,
        CASE
            WHEN NOT a.was_chosen OR a.difference IS NULL THEN NULL
            WHEN ABS(a.difference) <= 1 THEN NULL
            WHEN a.constraint_kind = 'memcg' AND a.swap_total_kb IS NULL
                THEN 'swap_total_not_printed'
            WHEN a.swapents IS NULL AND a.difference < 0 AND a.swap_in_use
                THEN 'swap_not_printed'
            -- A page of page tables maps 512 pages, or fewer.
            WHEN a.in_thousandths AND a.difference < 0
                AND -a.difference * a.all_pages <= 8 * a.rss_pages
                THEN 'page_tables_not_printed'
            WHEN a.constraint_kind IN ('cpuset', 'memory_policy')
                OR (a.constraint_kind IS NULL AND a.is_on_nodes)
                THEN 'nodes_not_printed'
            ELSE 'unexplained'
        END AS mismatch_reason,
        r.place AS badness_rank,
        a.was_chosen AS is_chosen,
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
            WHEN a.swapents IS NULL AND a.swap_in_use THEN 'swap_not_printed'
            -- Counters are read once for the choice and again for the table.
            WHEN r.weight * 100 >= r.top_weight * 99 THEN 'within_tolerance'
            WHEN a.damage IS NOT NULL THEN 'report_damaged'
            ELSE 'unexplained'
        END AS lone_reason,
        CASE
            WHEN a.was_killed OR a.was_chosen THEN NULL
            WHEN a.rss_pages + COALESCE(a.swapents, 0)
                + COALESCE(a.table_pages, 0) <= chosen_rows.held_pages THEN NULL
            WHEN a.oom_score_adj = -1000 THEN 'unkillable'
            WHEN a.kill_message LIKE '%oom_kill_allocating_task%'
                THEN 'allocating_task'
            WHEN a.swapents IS NULL AND a.swap_in_use THEN 'swap_not_printed'
            WHEN r.weight = chosen_rows.chosen_weight THEN 'equal_score'
            WHEN r.weight * 99 > chosen_rows.chosen_weight * 100
                THEN 'unexplained'
            WHEN r.weight > chosen_rows.chosen_weight THEN 'within_tolerance'
            WHEN a.oom_score_adj < 0 OR chosen_rows.adj > a.oom_score_adj
                THEN 'oom_score_adj'
            WHEN a.has_bonus AND r.weight IS NOT NULL THEN 'root_bonus'
            WHEN chosen_rows.held_pages IS NULL THEN 'no_chosen'
            ELSE 'unexplained'
        END AS lone_spared_reason
    FROM audited AS a
    LEFT JOIN ranked AS r
        ON r.event_id = a.event_id AND r.row_no = a.row_no
    LEFT JOIN chosen_rows
        ON chosen_rows.event_id = a.event_id
)
SELECT
    event_id,
    row_no,
    pid,
    comm,
    uid,
    oom_score_adj,
    rss_pages,
    swapents,
    nr_ptes,
    nr_pmds,
    pgtables_bytes,
    page_size_kb,
    victim_no,
    audit_pages,
    total_basis,
    points,
    points_root,
    thousandths,
    thousandths_root,
    score_printed,
    score_rule,
    score_difference,
    mismatch_reason,
    badness_rank,
    is_chosen,
    lone_reason,
    lone_spared_reason,
    COALESCE(
        lone_reason IN (
            'swap_not_printed', 'within_tolerance', 'report_damaged',
            'unexplained')
        OR lone_spared_reason NOT IN ('unkillable', 'allocating_task'),
        FALSE) AS asks_others
FROM judged
