-- Names, cgroups and units that are killed again and again, on one host and in
-- the whole fleet: how often, since when, and at what interval.
-- stored: whole
-- scope: host (one known host) or fleet (all reports together)
-- host_id: the host; NULL for the fleet
-- hostname: its fullest name
-- labels: the host's labels
-- subject_kind: comm (process name, cut to 15 bytes), cgroup or unit
-- subject: the name, the cgroup's path or the systemd unit
-- kills: processes killed
-- events: reports in which they were killed, at least 2
-- incidents: incidents that those reports are part of
-- hosts: known hosts on which they were killed
-- first_at: first kill whose time is known (UTC)
-- last_at: last kill whose time is known (UTC)
-- interval_s: mean time between reports whose time is known; NULL below two [s]
-- typical_interval_s: the middle one of those times when sorted [s]
-- typical_incident_interval_s: the same from the first kill of one incident to
--   that of the next; NULL below two incidents of known time [s]
-- is_ongoing: whether the last kill is no more than three typical intervals, of
--   reports or of incidents, before the newest event of the database; NULL
--   below two reports of known time
WITH killed AS (
    SELECT
        v.event_id,
        m.incident_id,
        e.host_id,
        v.comm,
        e.task_memcg,
        cgroup_identity.unit,
        e.occurred_at,
        e.occurred_epoch_s
    FROM victims AS v
    INNER JOIN events AS e
        ON e.event_id = v.event_id
    LEFT JOIN incident_events AS m
        ON m.event_id = v.event_id
    LEFT JOIN cgroup_identity
        ON cgroup_identity.event_id = v.event_id
        AND cgroup_identity.cgroup_role = 'task'
),
named AS (
    SELECT
        'comm' AS subject_kind,
        comm AS subject,
        event_id,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s
    FROM killed
    UNION ALL
    SELECT
        'cgroup' AS subject_kind,
        task_memcg AS subject,
        event_id,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s
    FROM killed
    WHERE task_memcg <> '/'
    UNION ALL
    SELECT
        'unit' AS subject_kind,
        unit AS subject,
        event_id,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s
    FROM killed
),
-- One row for each report, so that a cgroup killed as a whole counts once.
named_reports AS (
    SELECT
        subject_kind,
        subject,
        event_id,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s,
        COUNT(*) AS killed_in_it
    FROM named
    WHERE subject IS NOT NULL
    GROUP BY
        subject_kind, subject, event_id, incident_id, host_id, occurred_at,
        occurred_epoch_s
),
reports AS (
    SELECT
        'host' AS scope,
        host_id AS of_host_id,
        subject_kind,
        subject,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s,
        killed_in_it
    FROM named_reports
    WHERE host_id IS NOT NULL
    UNION ALL
    SELECT
        'fleet' AS scope,
        NULL AS of_host_id,
        subject_kind,
        subject,
        incident_id,
        host_id,
        occurred_at,
        occurred_epoch_s,
        killed_in_it
    FROM named_reports
),
totals AS (
    SELECT
        scope,
        of_host_id,
        subject_kind,
        subject,
        CAST(SUM(killed_in_it) AS BIGINT) AS all_kills,
        COUNT(*) AS all_events,
        COUNT(DISTINCT incident_id) AS all_incidents,
        COUNT(DISTINCT host_id) AS all_hosts,
        MIN(occurred_at) AS first_time,
        MAX(occurred_at) AS last_time,
        MAX(occurred_epoch_s) AS last_epoch_s,
        MAX(occurred_epoch_s) - MIN(occurred_epoch_s) AS span_s,
        COUNT(occurred_epoch_s) - 1 AS span_gaps
    FROM reports
    GROUP BY scope, of_host_id, subject_kind, subject
),
-- From here on a number stands for what is killed again and where.
recurrent AS (
    SELECT
        ROW_NUMBER() OVER (
            ORDER BY
                scope NULLS LAST, of_host_id NULLS LAST,
                subject_kind NULLS LAST, subject NULLS LAST
        ) AS recurrent_no,
        scope,
        of_host_id,
        COALESCE(of_host_id, '') AS of_place, -- the fleet: no host
        subject_kind,
        subject,
        all_kills,
        all_events,
        all_incidents,
        all_hosts,
        first_time,
        last_time,
        last_epoch_s,
        span_s,
        span_gaps
    FROM totals
    WHERE all_events > 1
),
timed AS (
    SELECT
        c.recurrent_no,
        r.incident_id,
        r.occurred_epoch_s
    FROM reports AS r
    INNER JOIN recurrent AS c
        ON c.subject = r.subject
        AND c.of_place = COALESCE(r.of_host_id, '') -- the fleet: no host
        AND c.subject_kind = r.subject_kind
        AND c.scope = r.scope
    WHERE r.occurred_epoch_s IS NOT NULL
),
moments AS (
    SELECT
        recurrent_no,
        0 AS is_incident,
        occurred_epoch_s AS moment_s
    FROM timed
    UNION ALL
    SELECT
        recurrent_no,
        1 AS is_incident,
        MIN(occurred_epoch_s) AS moment_s
    FROM timed
    GROUP BY recurrent_no, incident_id
),
gaps AS (
    SELECT
        recurrent_no,
        is_incident,
        moment_s - LAG(moment_s) OVER (
            PARTITION BY recurrent_no, is_incident ORDER BY moment_s
        ) AS gap_s
    FROM moments
),
ranked_gaps AS (
    SELECT
        recurrent_no,
        is_incident,
        gap_s,
        ROW_NUMBER() OVER (
            PARTITION BY recurrent_no, is_incident ORDER BY gap_s
        ) AS gap_no,
        COUNT(*) OVER (PARTITION BY recurrent_no, is_incident) AS gap_count
    FROM gaps
    WHERE gap_s IS NOT NULL
),
-- The middle gap; of two middle ones the shorter.
middles AS (
    SELECT
        recurrent_no,
        MAX(CASE WHEN is_incident = 0 THEN gap_s END) AS report_gap_s,
        MAX(CASE WHEN is_incident = 1 THEN gap_s END) AS storm_gap_s
    FROM ranked_gaps
    WHERE gap_no * 2 = gap_count OR gap_no * 2 = gap_count + 1
    GROUP BY recurrent_no
),
newest AS (
    SELECT MAX(occurred_epoch_s) AS newest_epoch_s
    FROM events
)
SELECT
    t.scope,
    t.of_host_id AS host_id,
    hosts.hostname,
    hosts.labels,
    t.subject_kind,
    t.subject,
    t.all_kills AS kills,
    t.all_events AS events,
    t.all_incidents AS incidents,
    t.all_hosts AS hosts,
    t.first_time AS first_at,
    t.last_time AS last_at,
    CASE
        WHEN t.span_gaps > 0
            THEN CAST(
                (t.span_s - t.span_s % t.span_gaps) / t.span_gaps AS BIGINT)
    END AS interval_s,
    m.report_gap_s AS typical_interval_s,
    m.storm_gap_s AS typical_incident_interval_s,
    newest.newest_epoch_s - t.last_epoch_s <= 3 * m.report_gap_s
    OR newest.newest_epoch_s - t.last_epoch_s
        <= 3 * COALESCE(m.storm_gap_s, m.report_gap_s) AS is_ongoing
FROM recurrent AS t
CROSS JOIN newest
LEFT JOIN hosts
    ON hosts.host_id = t.of_host_id
LEFT JOIN middles AS m
    ON m.recurrent_no = t.recurrent_no
ORDER BY
    t.scope, t.all_kills DESC, t.subject_kind, t.subject,
    hosts.hostname NULLS LAST
