-- The tasks whose requests end in OOM reports again and again, on one host and
-- in the whole fleet. To ask is no guilt: whoever asks when memory is gone is
-- named. One that is named often and seldom killed itself makes others pay.
-- stored: whole
-- scope: host (one known host) or fleet (all reports together)
-- host_id: the host; NULL for the fleet
-- hostname: its fullest name
-- invoker_comm: name of the task that asked, cut by the kernel to 15 bytes
-- events: OOM reports after its requests, at least 2
-- incidents: incidents that those reports are part of
-- hosts: known hosts on which it asked
-- kills: processes killed for its requests
-- own_kills: reports in which a process of its own name was killed
-- memcg_events: reports about a cgroup's limit
-- high_order_events: requests for more than one page in one piece
-- first_at: first report whose time is known (UTC)
-- last_at: last report whose time is known (UTC)
-- interval_s: mean time between reports whose time is known; NULL below two [s]
WITH killed AS (
    SELECT
        m.event_id,
        COUNT(*) AS victim_count,
        MAX(CASE WHEN v.comm = m.invoker_comm THEN 1 ELSE 0 END) AS is_own
    FROM incident_events AS m
    INNER JOIN victims AS v
        ON v.event_id = m.event_id
    GROUP BY m.event_id
),
asked AS (
    SELECT
        m.incident_id,
        m.event_id,
        m.invoker_comm,
        m.host_id,
        m.hostname,
        m.occurred_at,
        m.constraint_kind,
        e.alloc_order,
        e.occurred_epoch_s,
        COALESCE(k.victim_count, 0) AS victims_of_it, -- no row: nobody
        COALESCE(k.is_own, 0) AS killed_itself
    FROM incident_events AS m
    INNER JOIN events AS e
        ON e.event_id = m.event_id
    LEFT JOIN killed AS k
        ON k.event_id = m.event_id
    WHERE m.invoker_comm IS NOT NULL
),
scoped AS (
    SELECT
        'host' AS scope,
        host_id AS of_host_id,
        hostname AS of_host,
        invoker_comm,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s,
        constraint_kind,
        alloc_order,
        victims_of_it,
        killed_itself
    FROM asked
    WHERE host_id IS NOT NULL
    UNION ALL
    SELECT
        'fleet' AS scope,
        NULL AS of_host_id,
        NULL AS of_host,
        invoker_comm,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s,
        constraint_kind,
        alloc_order,
        victims_of_it,
        killed_itself
    FROM asked
),
totals AS (
    SELECT
        scope,
        of_host_id,
        of_host,
        invoker_comm,
        COUNT(*) AS event_count,
        COUNT(DISTINCT incident_id) AS incident_count,
        COUNT(DISTINCT host_id) AS host_count,
        SUM(victims_of_it) AS kill_count,
        SUM(killed_itself) AS own_count,
        COUNT(CASE WHEN constraint_kind = 'memcg' THEN 1 END) AS memcg_count,
        COUNT(CASE WHEN alloc_order > 0 THEN 1 END) AS high_order_count,
        MIN(occurred_at) AS first_time,
        MAX(occurred_at) AS last_time,
        MAX(occurred_epoch_s) - MIN(occurred_epoch_s) AS span_s,
        COUNT(occurred_epoch_s) - 1 AS span_gaps
    FROM scoped
    GROUP BY scope, of_host_id, of_host, invoker_comm
)
SELECT
    scope,
    of_host_id AS host_id,
    of_host AS hostname,
    invoker_comm,
    event_count AS events,
    incident_count AS incidents,
    host_count AS hosts,
    CAST(kill_count AS BIGINT) AS kills,
    CAST(own_count AS BIGINT) AS own_kills,
    memcg_count AS memcg_events,
    high_order_count AS high_order_events,
    first_time AS first_at,
    last_time AS last_at,
    CASE
        WHEN span_gaps > 0
            THEN CAST((span_s - span_s % span_gaps) / span_gaps AS BIGINT)
    END AS interval_s
FROM totals
WHERE event_count > 1
ORDER BY
    scope, event_count DESC, invoker_comm, of_host NULLS LAST
