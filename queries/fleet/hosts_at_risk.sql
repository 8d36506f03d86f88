-- The hosts with OOM reports or failed allocations lately, the worst first,
-- each reason with its figure. Lately is the last 7 days before the newest
-- report of the database, whenever that was; the 7 days before those tell the
-- trend. Reports whose host or time is unknown do not count.
-- Hosts are ranked by kills, then by reports, then by the latest report.
-- stored: whole
-- rank_no: place, from 1
-- host_id: the machine
-- hostname: its fullest name
-- labels: the host's labels
-- recent_kills: processes killed in the last 7 days
-- earlier_kills: processes killed in the 7 days before
-- trend: rising, steady or falling: recent against earlier kills
-- recent_incidents: incidents that began in the last 7 days
-- recent_events: OOM reports and failed allocations in the last 7 days
-- global_events: of them, kills that no cgroup's limit caused, as far as told
-- unanswered_events: of them, nothing could be killed, or a panic
-- allocation_failures: of them, requests that failed without a kill
-- reserve_blocked_events: of them, with a zone that had enough but for its
--   lowmem_reserve
-- swap_exhausted_events: of them, with less than 1 % of swap free
-- lowest_swap_free_kb: least free swap in a report of a host with swap [kB]
-- last_at: latest report (UTC)
WITH newest AS (
    SELECT MAX(occurred_epoch_s) AS newest_epoch_s
    FROM events
),
killed AS (
    SELECT
        event_id,
        COUNT(*) AS victim_count
    FROM victims
    GROUP BY event_id
),
aged AS (
    SELECT
        e.event_id,
        e.host_id,
        e.kind,
        e.constraint_kind,
        e.occurred_at,
        e.swap_free_kb,
        e.swap_total_kb,
        COALESCE(killed.victim_count, 0) AS kill_count, -- no row: nobody
        CASE
            WHEN e.occurred_epoch_s > newest.newest_epoch_s - 604800 THEN 1
            ELSE 0
        END AS is_recent
    FROM events AS e
    CROSS JOIN newest
    LEFT JOIN killed
        ON killed.event_id = e.event_id
    WHERE e.kind <> 'memory_dump' AND e.host_id IS NOT NULL
        AND e.occurred_epoch_s > newest.newest_epoch_s - 1209600
),
blocked AS (
    SELECT event_id
    FROM reserve_blocked_fallbacks
    GROUP BY event_id
),
marked AS (
    SELECT
        a.event_id,
        a.host_id,
        a.kind,
        a.constraint_kind,
        a.occurred_at,
        a.kill_count,
        a.is_recent,
        CASE WHEN blocked.event_id IS NULL THEN 0 ELSE 1 END AS is_blocked,
        CASE WHEN a.swap_total_kb > 0 THEN a.swap_free_kb END AS free_swap_kb,
        CASE
            WHEN a.swap_total_kb > 0
                AND a.swap_free_kb * 100 < a.swap_total_kb THEN 1
            ELSE 0
        END AS is_swap_full,
        CASE WHEN m.event_no = 1 THEN 1 ELSE 0 END AS is_begin
    FROM aged AS a
    LEFT JOIN blocked
        ON blocked.event_id = a.event_id
    LEFT JOIN incident_events AS m
        ON m.event_id = a.event_id
),
totals AS (
    SELECT
        host_id,
        SUM(kill_count * is_recent) AS recent_kill_count,
        SUM(kill_count * (1 - is_recent)) AS earlier_kill_count,
        SUM(is_recent * is_begin) AS begun,
        SUM(is_recent) AS recent_count,
        COUNT(
            CASE
                WHEN is_recent = 1 AND kind = 'oom_kill'
                    AND constraint_kind <> 'memcg' THEN 1
            END
        ) AS global_count,
        COUNT(
            CASE
                WHEN is_recent = 1 AND kind IN ('no_victim', 'panic') THEN 1
            END
        ) AS unanswered_count,
        COUNT(
            CASE
                WHEN is_recent = 1 AND kind = 'allocation_failure' THEN 1
            END
        ) AS failure_count,
        SUM(is_recent * is_blocked) AS blocked_count,
        SUM(is_recent * is_swap_full) AS swap_full_count,
        MIN(CASE WHEN is_recent = 1 THEN free_swap_kb END) AS least_swap_kb,
        MAX(occurred_at) AS last_time
    FROM marked
    GROUP BY host_id
)
SELECT
    ROW_NUMBER() OVER (
        ORDER BY
            t.recent_kill_count DESC, t.recent_count DESC, t.last_time DESC,
            t.host_id
    ) AS rank_no,
    t.host_id,
    hosts.hostname,
    hosts.labels,
    CAST(t.recent_kill_count AS BIGINT) AS recent_kills,
    CAST(t.earlier_kill_count AS BIGINT) AS earlier_kills,
    CASE
        WHEN t.recent_kill_count > t.earlier_kill_count THEN 'rising'
        WHEN t.recent_kill_count < t.earlier_kill_count THEN 'falling'
        ELSE 'steady'
    END AS trend,
    CAST(t.begun AS BIGINT) AS recent_incidents,
    CAST(t.recent_count AS BIGINT) AS recent_events,
    t.global_count AS global_events,
    t.unanswered_count AS unanswered_events,
    t.failure_count AS allocation_failures,
    CAST(t.blocked_count AS BIGINT) AS reserve_blocked_events,
    CAST(t.swap_full_count AS BIGINT) AS swap_exhausted_events,
    t.least_swap_kb AS lowest_swap_free_kb,
    t.last_time AS last_at
FROM totals AS t
LEFT JOIN hosts
    ON hosts.host_id = t.host_id
WHERE t.recent_count > 0
ORDER BY rank_no
