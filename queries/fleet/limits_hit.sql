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
WITH counters AS (
    SELECT
        c.event_id,
        CASE
            WHEN c.name LIKE 'memory+swap.%' THEN 'memory+swap'
            ELSE 'memory'
        END AS resource,
        MAX(CASE WHEN c.name LIKE '%.usage' THEN c.value END) AS used_kb,
        MAX(CASE WHEN c.name LIKE '%.limit' THEN c.value END) AS bound_kb
    FROM cgroup_counters AS c
    INNER JOIN events AS e
        ON e.event_id = c.event_id
    WHERE c.unit = 'kB'
        AND c.name IN (
            'memory.usage', 'memory.limit', 'memory+swap.usage',
            'memory+swap.limit'
        )
        AND COALESCE(c.cgroup, e.oom_memcg) = e.oom_memcg
    GROUP BY
        c.event_id,
        CASE
            WHEN c.name LIKE 'memory+swap.%' THEN 'memory+swap'
            ELSE 'memory'
        END
),
tightest AS (
    SELECT
        event_id,
        resource,
        used_kb,
        bound_kb,
        ROW_NUMBER() OVER (
            PARTITION BY event_id ORDER BY bound_kb - used_kb, resource
        ) AS tightness_no
    FROM counters
    WHERE used_kb IS NOT NULL AND bound_kb IS NOT NULL
),
killed AS (
    SELECT
        event_id,
        COUNT(*) AS victim_count,
        MAX(CASE WHEN victim_no = 1 THEN comm END) AS first_comm
    FROM victims
    GROUP BY event_id
),
hits AS (
    SELECT
        e.event_id,
        e.host_id,
        e.oom_memcg,
        e.occurred_at,
        e.occurred_epoch_s,
        COALESCE(k.victim_count, 0) AS killed_by_it, -- no row: nobody
        t.resource,
        t.used_kb,
        t.bound_kb,
        i.pod_uid,
        i.runtime,
        CASE
            WHEN i.pod_uid IS NOT NULL AND i.container_id IS NULL THEN 'pod'
            WHEN i.pod_uid IS NOT NULL THEN 'pod_container'
            WHEN i.container_id IS NOT NULL THEN 'container'
            WHEN i.unit IS NOT NULL THEN 'unit'
            ELSE 'cgroup'
        END AS kind_of_subject,
        CASE
            WHEN i.container_id IS NOT NULL THEN i.container_id
            WHEN i.pod_uid IS NOT NULL THEN i.pod_uid
            WHEN i.unit IS NOT NULL THEN i.unit
            ELSE e.oom_memcg
        END AS own_name,
        CASE
            WHEN i.pod_uid IS NULL
                THEN COALESCE(i.runtime || ' container', 'container')
            WHEN i.container_id IS NULL THEN i.qos_class || ' pod'
            ELSE 'container of a ' || i.qos_class || ' pod'
        END AS box_words,
        CASE
            WHEN t.bound_kb IS NULL THEN ', limit unknown'
            ELSE ', ' || t.resource || ' limit ' || t.bound_kb || ' kB'
        END
        || CASE
            WHEN k.first_comm IS NULL THEN ', nobody killed'
            ELSE ', killed ' || k.first_comm
        END AS limit_words
    FROM events AS e
    INNER JOIN cgroup_identity AS i
        ON i.event_id = e.event_id AND i.cgroup_role = 'limit'
    LEFT JOIN tightest AS t
        ON t.event_id = e.event_id AND t.tightness_no = 1
    LEFT JOIN killed AS k
        ON k.event_id = e.event_id
    WHERE e.oom_memcg <> '/'
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
        CASE
            WHEN kind_of_subject IN ('unit', 'cgroup') THEN own_name
            WHEN runtime = 'lxc' THEN own_name
            ELSE box_words || limit_words
        END AS name_of_subject,
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
