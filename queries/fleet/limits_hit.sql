-- The cgroup limits that were reached again and again, with limit and usage.
-- Scope cgroup is one path on one known host. Scope pod is one pod, whose
-- containers get new paths when they are started again. Scope identity puts
-- together, over all reports, what is likely the same thing under other paths:
-- units by their name; pods and containers, whose ids change when they are made
-- anew, by their class, their limit and whom it struck, for a kernel's log has
-- no pod's name.
-- stored: whole
-- scope: cgroup, pod or identity
-- host_id: the host; NULL for an identity; of a pod NULL when nothing tells
-- hostname: its fullest name
-- labels: the host's labels
-- subject_kind: unit, pod, pod_container, container or cgroup
-- subject: unit's name, pod's UID, container's id or the path; for the scope
--   identity, pods and containers in words
-- oom_memcg: path of the cgroup; of an identity the one hit last
-- cgroups: different paths
-- hosts: known hosts
-- events: reports in which the limit was hit, at least 2
-- kills: processes killed by it
-- first_at: first hit whose time is known (UTC)
-- last_at: last hit whose time is known (UTC)
-- interval_s: mean time between hits whose time is known; NULL below two [s]
-- limited: what had least left at the last hit: memory or memory+swap
-- usage_kb: usage of that at the last hit; NULL when not printed [kB]
-- limit_kb: limit of that at the last hit; NULL when not printed [kB]
-- lowest_limit_kb: lowest such limit of all the hits [kB]
-- highest_limit_kb: highest such limit of all the hits [kB]
WITH hits AS (
    SELECT
        event_id,
        host_id,
        oom_memcg,
        occurred_at,
        occurred_epoch_s,
        kills AS killed_by_it,
        limited AS resource,
        usage_kb AS used_kb,
        limit_kb AS bound_kb,
        pod_uid,
        subject_kind AS kind_of_subject,
        subject AS own_name,
        identity_words
    FROM limit_hits
),
scoped AS (
    SELECT
        'cgroup' AS scope,
        host_id AS of_host_id,
        oom_memcg AS of_path,
        kind_of_subject,
        own_name AS name_of_subject,
        event_id,
        host_id,
        oom_memcg,
        occurred_at,
        occurred_epoch_s,
        killed_by_it,
        resource,
        used_kb,
        bound_kb
    FROM hits
    WHERE host_id IS NOT NULL
    UNION ALL
    SELECT
        'pod' AS scope,
        host_id AS of_host_id,
        NULL AS of_path,
        'pod' AS kind_of_subject,
        pod_uid AS name_of_subject,
        event_id,
        host_id,
        oom_memcg,
        occurred_at,
        occurred_epoch_s,
        killed_by_it,
        resource,
        used_kb,
        bound_kb
    FROM hits
    WHERE pod_uid IS NOT NULL
    UNION ALL
    SELECT
        'identity' AS scope,
        NULL AS of_host_id,
        NULL AS of_path,
        kind_of_subject,
        identity_words AS name_of_subject,
        event_id,
        host_id,
        oom_memcg,
        occurred_at,
        occurred_epoch_s,
        killed_by_it,
        resource,
        used_kb,
        bound_kb
    FROM hits
),
-- The latest hit first; those of unknown time are the earliest.
ranked AS (
    SELECT
        scope,
        of_host_id,
        of_path,
        kind_of_subject,
        name_of_subject,
        host_id,
        oom_memcg,
        occurred_at,
        occurred_epoch_s,
        killed_by_it,
        resource,
        used_kb,
        bound_kb,
        ROW_NUMBER() OVER (
            PARTITION BY
                scope, of_host_id, of_path, kind_of_subject, name_of_subject
            ORDER BY COALESCE(occurred_epoch_s, -1) DESC, event_id DESC
        ) AS hit_no
    FROM scoped
),
totals AS (
    SELECT
        scope,
        of_host_id,
        of_path,
        kind_of_subject,
        name_of_subject,
        MAX(CASE WHEN hit_no = 1 THEN oom_memcg END) AS last_path,
        COUNT(DISTINCT oom_memcg) AS path_count,
        COUNT(DISTINCT host_id) AS host_count,
        COUNT(*) AS event_count,
        SUM(killed_by_it) AS kill_count,
        MIN(occurred_at) AS first_time,
        MAX(occurred_at) AS last_time,
        MAX(occurred_epoch_s) - MIN(occurred_epoch_s) AS span_s,
        COUNT(occurred_epoch_s) - 1 AS span_gaps,
        MAX(CASE WHEN hit_no = 1 THEN resource END) AS last_resource,
        MAX(CASE WHEN hit_no = 1 THEN used_kb END) AS last_used_kb,
        MAX(CASE WHEN hit_no = 1 THEN bound_kb END) AS last_bound_kb,
        MIN(bound_kb) AS least_bound_kb,
        MAX(bound_kb) AS most_bound_kb
    FROM ranked
    GROUP BY scope, of_host_id, of_path, kind_of_subject, name_of_subject
)
SELECT
    t.scope,
    t.of_host_id AS host_id,
    hosts.hostname,
    hosts.labels,
    t.kind_of_subject AS subject_kind,
    t.name_of_subject AS subject,
    t.last_path AS oom_memcg,
    t.path_count AS cgroups,
    t.host_count AS hosts,
    t.event_count AS events,
    CAST(t.kill_count AS BIGINT) AS kills,
    t.first_time AS first_at,
    t.last_time AS last_at,
    CASE
        WHEN t.span_gaps > 0
            THEN CAST(
                (t.span_s - t.span_s % t.span_gaps) / t.span_gaps AS BIGINT)
    END AS interval_s,
    t.last_resource AS limited,
    t.last_used_kb AS usage_kb,
    t.last_bound_kb AS limit_kb,
    t.least_bound_kb AS lowest_limit_kb,
    t.most_bound_kb AS highest_limit_kb
FROM totals AS t
LEFT JOIN hosts
    ON hosts.host_id = t.of_host_id
WHERE t.event_count > 1
ORDER BY
    t.scope, t.event_count DESC, t.name_of_subject, hosts.hostname NULLS LAST
