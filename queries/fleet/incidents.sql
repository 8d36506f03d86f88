-- The incidents: OOM reports of one host that follow each other within 600 s,
-- as incident_events puts them together. One row is one incident, however many
-- processes the storm killed.
-- stored: whole
-- incident_id: named by the event_id of its first report
-- host_id: the machine; NULL when nothing tells
-- hostname: its fullest name
-- labels: the host's labels
-- grouped_by: host_and_time, log_and_time, log_and_uptime, or alone
-- first_at: first report (UTC); NULL when unknown
-- last_at: last report (UTC); NULL when unknown
-- duration_s: from the first report to the last [s]
-- events: reports
-- kills: processes killed
-- victim_names: different names among them
-- main_victim_comm: the name killed most often; of equals the first by letters
-- main_victim_kills: how often that was
-- constraint_kind: what limited the memory, by the reports that tell; mixed
--   when they differ
-- memcg_events: reports about a cgroup's limit
-- limits: different cgroups whose limit was hit
-- main_oom_memcg: the one hit most often; of equals the first by letters
-- invoker_names: different names of tasks that asked for memory
-- no_victim_events: reports in which nothing could be killed
-- panics: reports that ended in a panic
WITH totals AS (
    SELECT
        incident_id,
        host_id,
        hostname,
        grouped_by,
        MIN(occurred_at) AS first_time,
        MAX(occurred_at) AS last_time,
        CAST(SUM(COALESCE(gap_s, 0)) AS BIGINT) AS all_gaps_s, -- first: no gap
        COUNT(*) AS event_count,
        CAST(SUM(kills) AS BIGINT) AS kill_count,
        COUNT(DISTINCT constraint_kind) AS constraint_count,
        MIN(constraint_kind) AS one_constraint,
        SUM(CASE WHEN constraint_kind = 'memcg' THEN 1 ELSE 0 END) AS memcgs,
        COUNT(DISTINCT oom_memcg) AS limit_count,
        COUNT(DISTINCT invoker_comm) AS invoker_count,
        SUM(CASE WHEN kind = 'no_victim' THEN 1 ELSE 0 END) AS no_victims,
        SUM(CASE WHEN kind = 'panic' THEN 1 ELSE 0 END) AS panic_count
    FROM incident_events
    GROUP BY incident_id, host_id, hostname, grouped_by
),
name_counts AS (
    SELECT
        m.incident_id,
        v.comm,
        COUNT(*) AS times
    FROM incident_events AS m
    INNER JOIN victims AS v
        ON v.event_id = m.event_id
    WHERE v.comm IS NOT NULL
    GROUP BY m.incident_id, v.comm
),
names AS (
    SELECT
        incident_id,
        comm,
        times,
        ROW_NUMBER() OVER (
            PARTITION BY incident_id ORDER BY times DESC, comm
        ) AS name_no,
        COUNT(*) OVER (PARTITION BY incident_id) AS name_count
    FROM name_counts
),
limit_counts AS (
    SELECT
        incident_id,
        oom_memcg,
        COUNT(*) AS times
    FROM incident_events
    WHERE oom_memcg IS NOT NULL
    GROUP BY incident_id, oom_memcg
),
limit_ranks AS (
    SELECT
        incident_id,
        oom_memcg,
        ROW_NUMBER() OVER (
            PARTITION BY incident_id ORDER BY times DESC, oom_memcg
        ) AS limit_no
    FROM limit_counts
)
SELECT
    t.incident_id,
    t.host_id,
    t.hostname,
    hosts.labels,
    t.grouped_by,
    t.first_time AS first_at,
    t.last_time AS last_at,
    t.all_gaps_s AS duration_s,
    t.event_count AS events,
    t.kill_count AS kills,
    COALESCE(names.name_count, 0) AS victim_names, -- no row: no name
    names.comm AS main_victim_comm,
    names.times AS main_victim_kills,
    CASE
        WHEN t.constraint_count > 1 THEN 'mixed'
        ELSE t.one_constraint
    END AS constraint_kind,
    CAST(t.memcgs AS BIGINT) AS memcg_events,
    t.limit_count AS limits,
    limit_ranks.oom_memcg AS main_oom_memcg,
    t.invoker_count AS invoker_names,
    CAST(t.no_victims AS BIGINT) AS no_victim_events,
    CAST(t.panic_count AS BIGINT) AS panics
FROM totals AS t
LEFT JOIN hosts
    ON hosts.host_id = t.host_id
LEFT JOIN names
    ON names.incident_id = t.incident_id AND names.name_no = 1
LEFT JOIN limit_ranks
    ON limit_ranks.incident_id = t.incident_id AND limit_ranks.limit_no = 1
ORDER BY t.first_time NULLS LAST, t.hostname NULLS LAST, t.incident_id
