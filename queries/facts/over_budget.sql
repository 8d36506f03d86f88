-- The processes that held more than their budget allows, by how many kB, and
-- whether they were killed for it or others in their place. Held is rss + swap;
-- process_budgets has the same for those that kept to their budget.
-- event_id: the event
-- occurred_at: when it happened (UTC); NULL when unknown
-- host_id: the machine; NULL when nothing tells
-- hostname: its fullest name
-- labels: the host's labels
-- pid: process id
-- comm: name, cut by the kernel to 15 bytes
-- unit: systemd unit; NULL when not known
-- is_victim: whether the process was killed in this event
-- budget_no: the budget
-- note: what the imported file says about it
-- budget_kb: what the process may hold at most [kB]
-- held_kb: rss + swap [kB]
-- over_kb: held above the budget [kB]
-- rss_kb: resident memory [kB]
-- swap_kb: memory in swap; NULL where it is not printed [kB]
-- page_tables_kb: page tables, which are not counted [kB]
-- held_basis: rss_and_swap, rss (no swap printed) or kill_line
SELECT
    b.event_id,
    e.occurred_at,
    e.host_id,
    hosts.hostname,
    hosts.labels,
    b.pid,
    b.comm,
    b.unit,
    b.is_victim,
    b.budget_no,
    b.note,
    b.budget_kb,
    b.held_kb,
    b.over_kb,
    b.rss_kb,
    b.swap_kb,
    b.page_tables_kb,
    b.held_basis
FROM process_budgets AS b
INNER JOIN events AS e
    ON e.event_id = b.event_id
LEFT JOIN hosts
    ON hosts.host_id = e.host_id
WHERE b.over_kb > 0
