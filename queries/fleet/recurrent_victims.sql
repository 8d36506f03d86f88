-- Names, cgroups and units that are killed again and again, on one host and in
-- the whole fleet: how often, since when, and at what interval.
-- scope: host (one host) or fleet (all hosts together)
-- hostname: the host; NULL for the fleet, or where no host is known
-- subject_kind: comm (process name, cut to 15 bytes), cgroup or unit
-- subject: the name, the cgroup's path or the systemd unit
-- kills: processes killed
-- events: reports in which they were killed, at least 2
-- hosts: known hosts on which they were killed
-- first_at: first kill whose time is known (UTC)
-- last_at: last kill whose time is known (UTC)
-- interval_s: mean time between reports whose time is known; NULL below two [s]
-- typical_interval_s: the middle one of those times when sorted [s]
-- is_ongoing: whether the last kill is no more than three typical intervals
--   before the newest event of the database; NULL without times
WITH killed AS (
    SELECT
        v.event_id,
        hosts.hostname,
        v.comm,
        e.task_memcg,
        cgroup_identity.unit,
        e.occurred_at,
        e.occurred_epoch_s
    FROM victims AS v
    INNER JOIN events AS e
        ON e.event_id = v.event_id
    LEFT JOIN hosts
        ON hosts.host_id = e.host_id
    LEFT JOIN cgroup_identity
        ON cgroup_identity.event_id = v.event_id
        AND cgroup_identity.cgroup_role = 'task'
),
named AS (
    SELECT
        'comm' AS subject_kind,
        comm AS subject,
        event_id,
        hostname AS seen_on,
        occurred_at,
        occurred_epoch_s
    FROM killed
    UNION ALL
    SELECT
        'cgroup' AS subject_kind,
        task_memcg AS subject,
        event_id,
        hostname AS seen_on,
        occurred_at,
        occurred_epoch_s
    FROM killed
    WHERE task_memcg <> '/'
    UNION ALL
    SELECT
        'unit' AS subject_kind,
        unit AS subject,
        event_id,
        hostname AS seen_on,
        occurred_at,
        occurred_epoch_s
    FROM killed
),
scoped AS (
    SELECT
        'host' AS scope,
        seen_on AS of_host,
        subject_kind,
        subject,
        event_id,
        seen_on,
        occurred_at,
        occurred_epoch_s
    FROM named
    WHERE subject IS NOT NULL
    UNION ALL
    SELECT
        'fleet' AS scope,
        NULL AS of_host,
        subject_kind,
        subject,
        event_id,
        seen_on,
        occurred_at,
        occurred_epoch_s
    FROM named
    WHERE subject IS NOT NULL
),
-- One row for each report, so that a cgroup killed as a whole counts once.
reports AS (
    SELECT
        scope,
        of_host,
        subject_kind,
        subject,
        event_id,
        seen_on,
        occurred_at,
        occurred_epoch_s,
        COUNT(*) AS killed_in_it,
        LAG(occurred_epoch_s) OVER (
            PARTITION BY scope, of_host, subject_kind, subject
            ORDER BY occurred_epoch_s, event_id
        ) AS before_epoch_s
    FROM scoped
    GROUP BY
        scope, of_host, subject_kind, subject, event_id, seen_on, occurred_at,
        occurred_epoch_s
),
intervals AS (
    SELECT
        scope,
        of_host,
        subject_kind,
        subject,
        occurred_epoch_s - before_epoch_s AS gap_s,
        ROW_NUMBER() OVER (
            PARTITION BY scope, of_host, subject_kind, subject
            ORDER BY occurred_epoch_s - before_epoch_s
        ) AS gap_no,
        COUNT(*) OVER (
            PARTITION BY scope, of_host, subject_kind, subject
        ) AS gap_count
    FROM reports
    WHERE occurred_epoch_s IS NOT NULL AND before_epoch_s IS NOT NULL
),
-- The middle gap; of two middle ones the shorter.
middles AS (
    SELECT
        scope,
        of_host,
        subject_kind,
        subject,
        gap_s
    FROM intervals
    WHERE gap_no * 2 = gap_count OR gap_no * 2 = gap_count + 1
),
totals AS (
    SELECT
        scope,
        of_host,
        subject_kind,
        subject,
        CAST(SUM(killed_in_it) AS BIGINT) AS all_kills,
        COUNT(*) AS all_events,
        COUNT(DISTINCT seen_on) AS all_hosts,
        MIN(occurred_at) AS first_time,
        MAX(occurred_at) AS last_time,
        MAX(occurred_epoch_s) AS last_epoch_s,
        MAX(occurred_epoch_s) - MIN(occurred_epoch_s) AS span_s,
        COUNT(occurred_epoch_s) - 1 AS span_gaps
    FROM reports
    GROUP BY scope, of_host, subject_kind, subject
),
newest AS (
    SELECT MAX(occurred_epoch_s) AS newest_epoch_s
    FROM events
)
SELECT
    t.scope,
    t.of_host AS hostname,
    t.subject_kind,
    t.subject,
    t.all_kills AS kills,
    t.all_events AS events,
    t.all_hosts AS hosts,
    t.first_time AS first_at,
    t.last_time AS last_at,
    CASE
        WHEN t.span_gaps > 0
            THEN CAST(
                (t.span_s - t.span_s % t.span_gaps) / t.span_gaps AS BIGINT)
    END AS interval_s,
    m.gap_s AS typical_interval_s,
    newest.newest_epoch_s - t.last_epoch_s <= 3 * m.gap_s AS is_ongoing
FROM totals AS t
CROSS JOIN newest
LEFT JOIN middles AS m
    ON m.scope = t.scope
    AND COALESCE(m.of_host, '') = COALESCE(t.of_host, '')
    AND m.subject_kind = t.subject_kind
    AND m.subject = t.subject
WHERE t.all_events > 1
