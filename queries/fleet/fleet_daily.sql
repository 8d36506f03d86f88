-- The fleet's day (UTC): reports by kind, kills, and how many hosts and units
-- they struck. Days without a report have no row; host_daily has the same per
-- host, to be grouped by labels.
-- stored: whole
-- day: the day (UTC); NULL for reports whose time is unknown
-- events: reports of all kinds
-- oom_kills: reports in which the kernel killed
-- no_victims: reports in which nothing could be killed
-- panics: reports that ended in a panic
-- allocation_failures: failed requests that killed nobody
-- memory_dumps: dumps that were asked for (SysRq-m)
-- memcg_events: kills and panics by a cgroup's limit
-- kills: processes killed
-- hosts: known hosts with a report
-- unknown_host_events: reports whose host is unknown
-- units: different systemd units that lost a process, by name
-- incidents: incidents that began
-- damaged: reports that are not whole
WITH hostly AS (
    SELECT
        day,
        SUM(events) AS event_count,
        SUM(oom_kills) AS oom_kill_count,
        SUM(no_victims) AS no_victim_count,
        SUM(panics) AS panic_count,
        SUM(allocation_failures) AS failure_count,
        SUM(memory_dumps) AS dump_count,
        SUM(memcg_events) AS memcg_count,
        SUM(kills) AS kill_count,
        COUNT(host_id) AS host_count,
        SUM(CASE WHEN host_id IS NULL THEN events ELSE 0 END) AS no_host_count,
        SUM(incidents) AS incident_count,
        SUM(damaged) AS damaged_count
    FROM host_daily
    GROUP BY day
),
unit_days AS (
    SELECT
        CAST(e.occurred_at AS DATE) AS unit_day,
        COUNT(DISTINCT c.unit) AS unit_count
    FROM events AS e
    INNER JOIN cgroup_identity AS c
        ON c.event_id = e.event_id AND c.cgroup_role = 'task'
    GROUP BY CAST(e.occurred_at AS DATE)
)
SELECT
    h.day,
    CAST(h.event_count AS BIGINT) AS events,
    CAST(h.oom_kill_count AS BIGINT) AS oom_kills,
    CAST(h.no_victim_count AS BIGINT) AS no_victims,
    CAST(h.panic_count AS BIGINT) AS panics,
    CAST(h.failure_count AS BIGINT) AS allocation_failures,
    CAST(h.dump_count AS BIGINT) AS memory_dumps,
    CAST(h.memcg_count AS BIGINT) AS memcg_events,
    CAST(h.kill_count AS BIGINT) AS kills,
    h.host_count AS hosts,
    CAST(h.no_host_count AS BIGINT) AS unknown_host_events,
    COALESCE(u.unit_count, 0) AS units, -- no row: no unit was printed
    CAST(h.incident_count AS BIGINT) AS incidents,
    CAST(h.damaged_count AS BIGINT) AS damaged
FROM hostly AS h
LEFT JOIN unit_days AS u
    ON u.unit_day = h.day OR (u.unit_day IS NULL AND h.day IS NULL)
ORDER BY h.day NULLS LAST
