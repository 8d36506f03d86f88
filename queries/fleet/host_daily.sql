-- Each host's day (UTC): its reports by kind, the kills, the units that lost
-- processes, the incidents that began. Days without a report have no row.
-- stored: whole
-- day: the day (UTC); NULL for reports whose time is unknown
-- host_id: the machine; NULL when nothing tells
-- hostname: its fullest name
-- labels: the host's labels
-- events: reports of all kinds
-- oom_kills: reports in which the kernel killed
-- no_victims: reports in which nothing could be killed
-- panics: reports that ended in a panic
-- allocation_failures: failed requests that killed nobody
-- memory_dumps: dumps that were asked for (SysRq-m)
-- memcg_events: kills and panics by a cgroup's limit
-- kills: processes killed
-- units: different systemd units that lost a process
-- incidents: incidents that began
-- damaged: reports that are not whole
WITH killed AS (
    SELECT
        event_id,
        COUNT(*) AS victim_count
    FROM victims
    GROUP BY event_id
),
units_of AS (
    SELECT
        event_id,
        unit
    FROM cgroup_identity
    WHERE cgroup_role = 'task' AND unit IS NOT NULL
)
SELECT
    CAST(e.occurred_at AS DATE) AS day,
    e.host_id,
    hosts.hostname,
    hosts.labels,
    COUNT(*) AS events,
    COUNT(CASE WHEN e.kind = 'oom_kill' THEN 1 END) AS oom_kills,
    COUNT(CASE WHEN e.kind = 'no_victim' THEN 1 END) AS no_victims,
    COUNT(CASE WHEN e.kind = 'panic' THEN 1 END) AS panics,
    COUNT(
        CASE WHEN e.kind = 'allocation_failure' THEN 1 END
    ) AS allocation_failures,
    COUNT(CASE WHEN e.kind = 'memory_dump' THEN 1 END) AS memory_dumps,
    COUNT(
        CASE WHEN e.constraint_kind = 'memcg' THEN 1 END
    ) AS memcg_events,
    CAST(SUM(COALESCE(k.victim_count, 0)) AS BIGINT) AS kills, -- no row: none
    COUNT(DISTINCT u.unit) AS units,
    COUNT(first_events.incident_id) AS incidents,
    COUNT(e.damage) AS damaged
FROM events AS e
LEFT JOIN hosts
    ON hosts.host_id = e.host_id
LEFT JOIN killed AS k
    ON k.event_id = e.event_id
LEFT JOIN units_of AS u
    ON u.event_id = e.event_id
LEFT JOIN incident_events AS first_events
    ON first_events.event_id = e.event_id AND first_events.event_no = 1
GROUP BY
    CAST(e.occurred_at AS DATE), e.host_id, hosts.hostname, hosts.labels
ORDER BY day NULLS LAST, hosts.hostname NULLS LAST
