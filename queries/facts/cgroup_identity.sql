-- Which service, pod or container a cgroup path means: the cgroup whose limit
-- was hit (limit), and the one that the victim lived in (task). Paths are read
-- to their 12th level.
-- event_id: the event
-- cgroup_role: limit (oom_memcg) or task (task_memcg)
-- cgroup_path: the path as printed
-- slice: innermost systemd slice
-- unit: innermost systemd service or scope
-- pod_uid: UID of the Kubernetes pod, with hyphens; a static pod's has none
-- qos_class: guaranteed, burstable or besteffort, of a Kubernetes pod
-- container_id: id of the container as printed; for LXC its name
-- runtime: containerd, cri-o, docker, podman or lxc; NULL when not told
-- is_same_cgroup: whether the limit was hit in the victim's own cgroup, not in
--   one above it; NULL when one of the two is not printed
WITH paths AS (
    SELECT
        event_id,
        'limit' AS role_name,
        oom_memcg AS path,
        oom_memcg = task_memcg AS same_path
    FROM events
    WHERE oom_memcg IS NOT NULL
    UNION ALL
    SELECT
        event_id,
        'task' AS role_name,
        task_memcg AS path,
        oom_memcg = task_memcg AS same_path
    FROM events
    WHERE task_memcg IS NOT NULL
),
levels AS (
    SELECT 2 AS level_no
    UNION ALL SELECT 3
    UNION ALL SELECT 4
    UNION ALL SELECT 5
    UNION ALL SELECT 6
    UNION ALL SELECT 7
    UNION ALL SELECT 8
    UNION ALL SELECT 9
    UNION ALL SELECT 10
    UNION ALL SELECT 11
    UNION ALL SELECT 12
    UNION ALL SELECT 13
),
parts AS (
    SELECT
        p.event_id,
        p.role_name,
        l.level_no,
        SPLIT_PART(p.path, '/', l.level_no) AS part,
        SPLIT_PART(p.path, '/', l.level_no - 1) AS parent,
        p.path LIKE '%kubepods%' AS in_kubernetes
    FROM paths AS p
    CROSS JOIN levels AS l
),
-- What each level may be. Under systemd's cgroup driver a pod is a slice with
-- underscores in the UID; under cgroupfs it is a plain directory. Containerd
-- with the drivers mixed up writes slice:runtime:id in one level.
read_parts AS (
    SELECT
        event_id,
        role_name,
        level_no,
        part,
        CASE
            WHEN in_kubernetes AND part LIKE '%-pod%.slice%'
                THEN REPLACE(
                    SPLIT_PART(SPLIT_PART(part, '-pod', 2), '.slice', 1),
                    '_', '-'
                )
            WHEN in_kubernetes AND part LIKE 'pod%' THEN SUBSTR(part, 4)
        END AS pod,
        CASE
            WHEN part LIKE 'cri-containerd-%' OR part LIKE '%:cri-containerd:%'
                THEN 'containerd'
            WHEN part LIKE 'crio-conmon-%' OR part LIKE 'libpod-conmon-%'
                THEN NULL
            WHEN part LIKE 'crio-%' OR part LIKE '%:crio:%' THEN 'cri-o'
            WHEN part LIKE 'docker-%.scope' OR part LIKE '%:docker:%'
                THEN 'docker'
            WHEN parent = 'docker' AND part <> '' THEN 'docker'
            WHEN part LIKE 'libpod-%' OR part LIKE '%:libpod:%' THEN 'podman'
            WHEN part LIKE 'lxc.payload.%' THEN 'lxc'
            WHEN parent IN ('lxc', 'lxc.payload') AND part <> '' THEN 'lxc'
            WHEN in_kubernetes AND parent LIKE 'pod%' AND part <> ''
                THEN 'unknown'
        END AS runtime_name
    FROM parts
),
named_parts AS (
    SELECT
        event_id,
        role_name,
        level_no,
        part,
        pod,
        runtime_name,
        CASE
            WHEN runtime_name IS NULL THEN NULL
            WHEN part LIKE '%:%:%' THEN SPLIT_PART(part, ':', 3)
            ELSE REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(
                part, 'cri-containerd-', ''), 'crio-', ''), 'docker-', ''),
                'libpod-payload-', ''), 'libpod-', ''), 'lxc.payload.', ''),
                '.scope', '')
        END AS container
    FROM read_parts
),
innermost AS (
    SELECT
        event_id,
        role_name,
        MAX(CASE WHEN part LIKE '%.slice' THEN level_no END) AS slice_level,
        MAX(
            CASE
                WHEN part LIKE '%.service' OR part LIKE '%.scope' THEN level_no
            END
        ) AS unit_level,
        MAX(CASE WHEN pod <> '' THEN level_no END) AS pod_level,
        MAX(CASE WHEN runtime_name IS NOT NULL THEN level_no END) AS box_level
    FROM named_parts
    GROUP BY event_id, role_name
)
SELECT
    paths.event_id,
    paths.role_name AS cgroup_role,
    paths.path AS cgroup_path,
    slices.part AS slice,
    units.part AS unit,
    pods.pod AS pod_uid,
    CASE
        WHEN pods.pod IS NULL THEN NULL
        WHEN paths.path LIKE '%besteffort%' THEN 'besteffort'
        WHEN paths.path LIKE '%burstable%' THEN 'burstable'
        ELSE 'guaranteed'
    END AS qos_class,
    boxes.container AS container_id,
    NULLIF(boxes.runtime_name, 'unknown') AS runtime,
    paths.same_path AS is_same_cgroup
FROM paths
INNER JOIN innermost AS i
    ON i.event_id = paths.event_id AND i.role_name = paths.role_name
LEFT JOIN named_parts AS slices
    ON slices.event_id = paths.event_id
    AND slices.role_name = paths.role_name
    AND slices.level_no = i.slice_level
LEFT JOIN named_parts AS units
    ON units.event_id = paths.event_id
    AND units.role_name = paths.role_name
    AND units.level_no = i.unit_level
LEFT JOIN named_parts AS pods
    ON pods.event_id = paths.event_id
    AND pods.role_name = paths.role_name
    AND pods.level_no = i.pod_level
LEFT JOIN named_parts AS boxes
    ON boxes.event_id = paths.event_id
    AND boxes.role_name = paths.role_name
    AND boxes.level_no = i.box_level
