-- Each report in which a cgroup's limit was hit: whose limit it was, by the
-- name that people know it by, how much it was, and whom it struck. limits_hit
-- counts them.
-- event_id: the event
-- host_id: the machine; NULL when nothing tells
-- occurred_at: when it happened (UTC); NULL when unknown
-- occurred_epoch_s: occurred_at since 1970 (UTC); NULL when unknown [s]
-- oom_memcg: path of the cgroup
-- subject_kind: unit, pod, pod_container, container or cgroup
-- subject: unit's name, pod's UID, container's id or the path
-- identity_words: what stays the same when a pod or container is made anew: its
--   class, its limit and whom it struck, in words; of others the subject
-- pod_uid: UID of the Kubernetes pod
-- limited: what had least left: memory or memory+swap
-- usage_kb: usage of that; NULL when not printed [kB]
-- limit_kb: limit of that; NULL when not printed [kB]
-- kills: processes killed by it
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
        COALESCE(k.victim_count, 0) AS victims_of_it, -- no row: nobody
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
)
SELECT
    event_id,
    host_id,
    occurred_at,
    occurred_epoch_s,
    oom_memcg,
    kind_of_subject AS subject_kind,
    own_name AS subject,
    CASE
        WHEN kind_of_subject IN ('unit', 'cgroup') THEN own_name
        WHEN runtime = 'lxc' THEN own_name
        ELSE box_words || limit_words
    END AS identity_words,
    pod_uid,
    resource AS limited,
    used_kb AS usage_kb,
    bound_kb AS limit_kb,
    victims_of_it AS kills
FROM hits
