-- Each process that a budget is for, with what it held and by how much that is
-- above the budget or below it. Of several budgets the last one counts, as the
-- imported file orders them. The unit of a process is known when it was killed
-- (its own cgroup), or when the limit of a unit was hit (all are inside it).
-- event_id: the event
-- row_no: position in the process table; NULL for a kill line
-- victim_no: order of death; NULL for a survivor
-- pid: process id
-- comm: name, cut by the kernel to 15 bytes
-- unit: systemd unit; NULL when not known
-- is_victim: whether the process was killed in this event
-- budget_no: the budget
-- note: what the file says about it
-- budget_kb: what the process may hold at most [kB]
-- held_kb: rss + swap; NULL when the size of a page is unknown [kB]
-- rss_kb: of that, resident memory [kB]
-- swap_kb: of that, memory in swap; NULL where it is not printed [kB]
-- page_tables_kb: page tables, which are not counted [kB]
-- over_kb: held above the budget; below zero when something is left [kB]
-- held_basis: rss_and_swap, rss (no swap printed) or kill_line
WITH units AS (
    -- What events and processes tell is read only where there are budgets.
    SELECT
        event_id,
        MAX(CASE WHEN cgroup_role = 'task' THEN unit END) AS task_unit,
        MAX(CASE WHEN cgroup_role = 'limit' THEN unit END) AS limit_unit
    FROM cgroup_identity
    WHERE unit IS NOT NULL AND EXISTS (SELECT budget_no FROM budgets)
    GROUP BY event_id
),
places AS (
    SELECT event_id, host_id
    FROM events
    WHERE EXISTS (SELECT budget_no FROM budgets)
),
names AS (
    SELECT comm
    FROM processes
    WHERE EXISTS (SELECT budget_no FROM budgets)
    GROUP BY comm
    UNION
    SELECT comm
    FROM victims
    WHERE EXISTS (SELECT budget_no FROM budgets)
    GROUP BY comm
),
-- A budget that names no process is for all names.
budget_names AS (
    SELECT
        b.budget_no,
        b.unit_like,
        n.comm,
        CASE
            WHEN b.host_pattern IS NULL AND b.label IS NULL THEN 1
            ELSE 0
        END AS is_for_all_hosts
    FROM budgets AS b
    INNER JOIN names AS n
        ON b.comm_like IS NULL OR n.comm LIKE b.comm_like ESCAPE '!'
),
held AS (
    SELECT
        h.event_id,
        h.row_no,
        h.victim_no,
        h.pid,
        h.comm,
        CASE
            WHEN h.is_victim THEN COALESCE(units.task_unit, units.limit_unit)
            ELSE units.limit_unit
        END AS unit_of_it,
        h.is_victim,
        h.held_kb,
        h.rss_kb,
        h.swap_kb,
        h.page_tables_kb,
        h.held_basis
    FROM held_memory AS h
    LEFT JOIN units
        ON units.event_id = h.event_id
),
matched AS (
    SELECT
        h.event_id,
        h.row_no,
        h.victim_no,
        h.pid,
        h.comm,
        h.unit_of_it,
        h.is_victim,
        h.held_kb,
        h.rss_kb,
        h.swap_kb,
        h.page_tables_kb,
        h.held_basis,
        n.budget_no,
        ROW_NUMBER() OVER (
            PARTITION BY h.event_id, h.row_no, h.victim_no
            ORDER BY n.budget_no DESC
        ) AS match_no
    FROM held AS h
    INNER JOIN budget_names AS n
        ON n.comm = h.comm
    INNER JOIN places
        ON places.event_id = h.event_id
    LEFT JOIN budget_hosts AS only_hosts
        ON only_hosts.budget_no = n.budget_no
        AND only_hosts.host_id = places.host_id
    WHERE (n.is_for_all_hosts = 1 OR only_hosts.host_id IS NOT NULL)
        AND (
            n.unit_like IS NULL
            OR h.unit_of_it LIKE n.unit_like ESCAPE '!'
        )
)
SELECT
    m.event_id,
    m.row_no,
    m.victim_no,
    m.pid,
    m.comm,
    m.unit_of_it AS unit,
    m.is_victim,
    m.budget_no,
    b.note,
    b.budget_kb,
    m.held_kb,
    m.rss_kb,
    m.swap_kb,
    m.page_tables_kb,
    m.held_kb - b.budget_kb AS over_kb,
    m.held_basis
FROM matched AS m
INNER JOIN budgets AS b
    ON b.budget_no = m.budget_no
WHERE m.match_no = 1
