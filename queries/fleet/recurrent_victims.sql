-- Names and cgroups that are killed again and again, on one host and in the
-- whole fleet, the most often killed first by `kills`.
-- scope: host (one host) or fleet (all hosts together)
-- hostname: the host; NULL for the fleet, or where no host is known
-- subject_kind: comm (process name, cut to 15 bytes) or cgroup
-- subject: the name or the cgroup path
-- kills: processes killed
-- events: reports in which they were killed
-- hosts: hosts on which they were killed
-- first_at: first kill whose time is known (UTC)
-- last_at: last kill whose time is known (UTC)
-- interval_s: mean time between kills whose time is known; NULL below two [s]
WITH killed AS (
    SELECT
        e.event_id,
        h.hostname,
        v.comm,
        e.task_memcg,
        e.occurred_at,
        e.occurred_epoch_s
    FROM victims AS v
    INNER JOIN events AS e
        ON v.event_id = e.event_id
    LEFT JOIN hosts AS h
        ON e.host_id = h.host_id
),

subjects AS (
    SELECT
        'host' AS scope,
        k.hostname,
        'comm' AS subject_kind,
        k.comm AS subject,
        k.event_id,
        k.hostname AS seen_on,
        k.occurred_at,
        k.occurred_epoch_s
    FROM killed AS k
    UNION ALL
    SELECT
        'fleet' AS scope,
        NULL AS hostname,
        'comm' AS subject_kind,
        k.comm AS subject,
        k.event_id,
        k.hostname AS seen_on,
        k.occurred_at,
        k.occurred_epoch_s
    FROM killed AS k
    UNION ALL
    SELECT
        'host' AS scope,
        k.hostname,
        'cgroup' AS subject_kind,
        k.task_memcg AS subject,
        k.event_id,
        k.hostname AS seen_on,
        k.occurred_at,
        k.occurred_epoch_s
    FROM killed AS k
    WHERE k.task_memcg <> '/'
    UNION ALL
    SELECT
        'fleet' AS scope,
        NULL AS hostname,
        'cgroup' AS subject_kind,
        k.task_memcg AS subject,
        k.event_id,
        k.hostname AS seen_on,
        k.occurred_at,
        k.occurred_epoch_s
    FROM killed AS k
    WHERE k.task_memcg <> '/'
)

SELECT
    s.scope,
    s.hostname,
    s.subject_kind,
    s.subject,
    COUNT(*) AS kills,
    COUNT(DISTINCT s.event_id) AS events,
    COUNT(DISTINCT s.seen_on) AS hosts,
    MIN(s.occurred_at) AS first_at,
    MAX(s.occurred_at) AS last_at,
    CASE
        WHEN COUNT(s.occurred_epoch_s) > 1
            THEN CAST(
                FLOOR(
                    (MAX(s.occurred_epoch_s) - MIN(s.occurred_epoch_s))
                    / (COUNT(s.occurred_epoch_s) - 1)
                ) AS BIGINT
            )
    END AS interval_s
FROM subjects AS s
GROUP BY s.scope, s.hostname, s.subject_kind, s.subject
HAVING COUNT(DISTINCT s.event_id) > 1
