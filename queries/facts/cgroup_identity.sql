-- Which service, pod or container a cgroup path means: the cgroup whose limit
-- was hit (limit), and the one that the victim lived in (task); and whether the
-- limit was the victim's own. Names are kept as printed, systemd's escapes such
-- as \x2d and all. Paths are read to their 16th level.
-- stored: by event
-- event_id: the event
-- cgroup_role: limit (oom_memcg) or task (task_memcg)
-- cgroup_path: the path as printed
-- slice: innermost systemd slice
-- unit: innermost systemd service or scope
-- user_id: the user whose slice or manager it is in
-- snap: name of the snap package
-- pod_uid: UID of the Kubernetes pod, with hyphens; of a static pod the hash
--   that stands for it
-- qos_class: guaranteed, burstable or besteffort, of a Kubernetes pod
-- container_id: id of the innermost container as printed; its name for LXC,
--   systemd-nspawn and libvirt
-- runtime: containerd, cri-o, docker, podman, lxc (LXD and Incus too),
--   systemd-nspawn or libvirt; NULL when the path does not tell
-- outer_container_id: id of the outermost container, where one runs in another
-- is_same_cgroup: whether the limit was hit in the victim's own cgroup, not in
--   one above it; NULL when one of the two is not printed
-- limit_relation: whose limit it was to the victim: own, ancestor or unrelated;
--   NULL when one of the two is not printed
-- limit_level: what the cgroup whose limit was hit is: root, slice, unit, user,
--   all_pods (kubepods), qos (all pods of one class), pod, container, within
--   (a part of a container or unit) or other
-- levels_up: how many levels above the victim's cgroup it is; NULL unless it is
--   the victim's own or an ancestor
WITH paths AS (
    SELECT event_id, 'limit' AS role_name, oom_memcg AS path
    FROM events
    WHERE oom_memcg IS NOT NULL
    UNION ALL
    SELECT event_id, 'task' AS role_name, task_memcg AS path
    FROM events
    WHERE task_memcg IS NOT NULL
),
fours AS (
    SELECT 1 AS four_no
    UNION ALL SELECT 2
    UNION ALL SELECT 3
    UNION ALL SELECT 4
),
levels AS (
    SELECT CAST((a.four_no - 1) * 4 + b.four_no + 1 AS INTEGER) AS level_no
    FROM fours AS a
    CROSS JOIN fours AS b
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
    WHERE SPLIT_PART(p.path, '/', l.level_no) <> ''
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
        parent,
        CASE
            WHEN in_kubernetes AND part LIKE '%-pod%.slice%'
                THEN REPLACE(
                    SPLIT_PART(SPLIT_PART(part, '-pod', 2), '.slice', 1),
                    '_', '-'
                )
            WHEN in_kubernetes AND part LIKE 'pod%' AND LENGTH(part) > 3
                THEN SUBSTR(part, 4)
        END AS pod,
        CASE
            WHEN part LIKE '%.slice' AND part LIKE 'user-%'
                THEN SPLIT_PART(SUBSTR(part, 6), '.slice', 1)
            WHEN part LIKE 'user@%.service'
                THEN SPLIT_PART(SUBSTR(part, 6), '.service', 1)
        END AS user_name,
        CASE WHEN part LIKE 'snap.%.%' THEN SPLIT_PART(part, '.', 2) END
            AS snap_name,
        CASE
            WHEN part LIKE 'cri-containerd-%' OR part LIKE '%:cri-containerd:%'
                OR part LIKE 'nerdctl-%.scope' OR part LIKE '%:nerdctl:%'
                THEN 'containerd'
            WHEN part LIKE 'crio-conmon-%' OR part LIKE 'libpod-conmon-%'
                OR part LIKE 'lxc.monitor%' OR parent LIKE 'lxc.monitor%'
                THEN NULL
            WHEN part LIKE 'crio-%' OR part LIKE '%:crio:%' THEN 'cri-o'
            WHEN part LIKE 'docker-%.scope' OR part LIKE '%:docker:%'
                THEN 'docker'
            WHEN parent = 'docker' AND LENGTH(part) >= 12 THEN 'docker'
            WHEN part LIKE 'libpod-%' OR part LIKE '%:libpod:%' THEN 'podman'
            WHEN part LIKE 'lxc.payload.%' THEN 'lxc'
            WHEN parent IN ('lxc', 'lxc.payload') THEN 'lxc'
            -- An underscore in a pattern is any character, here a backslash.
            WHEN part LIKE 'machine-qemu_x2d%.scope'
                OR part LIKE 'machine-lxc_x2d%.scope' THEN 'libvirt'
            WHEN part LIKE 'machine-%.scope'
                OR part LIKE 'systemd-nspawn@%.service' THEN 'systemd-nspawn'
            WHEN in_kubernetes AND parent LIKE 'pod%' THEN 'unknown'
            -- Any other manager's container: an id of 64 hexadecimal digits.
            WHEN LENGTH(part) = 64
                AND TRANSLATE(part, '0123456789abcdef', '') = ''
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
        snap_name,
        runtime_name,
        CASE
            WHEN user_name <> ''
                AND TRANSLATE(user_name, '0123456789', '') = ''
                AND LENGTH(user_name) <= 10
                THEN CAST(user_name AS BIGINT)
        END AS user_no,
        CASE
            WHEN runtime_name IS NULL THEN NULL
            WHEN part LIKE '%:%:%' THEN SPLIT_PART(part, ':', 3)
            WHEN runtime_name = 'systemd-nspawn'
                AND part LIKE 'systemd-nspawn@%'
                THEN SPLIT_PART(SUBSTR(part, 16), '.service', 1)
            WHEN runtime_name IN ('systemd-nspawn', 'libvirt')
                THEN SPLIT_PART(SUBSTR(part, 9), '.scope', 1)
            WHEN runtime_name = 'lxc' AND part LIKE 'lxc.payload.%'
                THEN SUBSTR(part, 13)
            WHEN runtime_name IN ('lxc', 'unknown') THEN part
            ELSE REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(
                part, 'cri-containerd-', ''), 'nerdctl-', ''), 'crio-', ''),
                'docker-', ''), 'libpod-payload-', ''), 'libpod-', ''),
                '.scope', '')
        END AS container,
        CASE
            WHEN runtime_name IS NOT NULL THEN 'container'
            WHEN pod <> '' THEN 'pod'
            WHEN part LIKE '%kubepods-burstable.slice'
                OR part LIKE '%kubepods-besteffort.slice' THEN 'qos'
            WHEN parent = 'kubepods' AND part IN ('burstable', 'besteffort')
                THEN 'qos'
            WHEN part = 'kubepods' OR part LIKE '%kubepods.slice'
                THEN 'all_pods'
            WHEN user_name <> '' AND part NOT LIKE '%.scope' THEN 'user'
            WHEN part LIKE '%.slice' THEN 'slice'
            WHEN part LIKE '%.service' OR part LIKE '%.scope' THEN 'unit'
            ELSE 'other'
        END AS level_kind
    FROM read_parts
),
innermost AS (
    SELECT
        event_id,
        role_name,
        MAX(level_no) AS last_level,
        MAX(CASE WHEN part LIKE '%.slice' THEN level_no END) AS slice_level,
        MAX(
            CASE
                WHEN part LIKE '%.service' OR part LIKE '%.scope' THEN level_no
            END
        ) AS unit_level,
        MAX(CASE WHEN pod <> '' THEN level_no END) AS pod_level,
        MAX(CASE WHEN runtime_name IS NOT NULL THEN level_no END) AS box_level,
        MIN(CASE WHEN runtime_name IS NOT NULL THEN level_no END)
            AS outer_level,
        MAX(user_no) AS any_user_no,
        MAX(snap_name) AS any_snap
    FROM named_parts
    GROUP BY event_id, role_name
),
last_parts AS (
    SELECT
        i.event_id,
        CASE
            WHEN n.level_kind = 'other'
                AND (i.box_level IS NOT NULL OR i.unit_level IS NOT NULL)
                THEN 'within'
            ELSE n.level_kind
        END AS last_kind
    FROM innermost AS i
    INNER JOIN named_parts AS n
        ON n.event_id = i.event_id
        AND n.role_name = i.role_name
        AND n.level_no = i.last_level
    WHERE i.role_name = 'limit'
),
relations AS (
    SELECT
        e.event_id,
        e.oom_memcg = e.task_memcg AS same_path,
        CASE
            WHEN e.oom_memcg = e.task_memcg THEN 'own'
            WHEN e.task_memcg IS NULL THEN NULL
            WHEN e.oom_memcg = '/' THEN 'ancestor'
            WHEN SUBSTR(e.task_memcg, 1, LENGTH(e.oom_memcg) + 1)
                = e.oom_memcg || '/' THEN 'ancestor'
            ELSE 'unrelated'
        END AS relation,
        CASE WHEN e.oom_memcg = '/' THEN 'root' ELSE last_parts.last_kind END
            AS limit_kind,
        LENGTH(e.task_memcg) - LENGTH(REPLACE(e.task_memcg, '/', ''))
        - CASE
            WHEN e.oom_memcg = '/' AND e.task_memcg = '/' THEN 1
            WHEN e.oom_memcg = '/' THEN 0
            ELSE LENGTH(e.oom_memcg) - LENGTH(REPLACE(e.oom_memcg, '/', ''))
        END AS deeper
    FROM events AS e
    LEFT JOIN last_parts ON last_parts.event_id = e.event_id
    WHERE e.oom_memcg IS NOT NULL
)
SELECT
    paths.event_id,
    paths.role_name AS cgroup_role,
    paths.path AS cgroup_path,
    slices.part AS slice,
    units.part AS unit,
    i.any_user_no AS user_id,
    i.any_snap AS snap,
    pods.pod AS pod_uid,
    CASE
        WHEN pods.pod IS NULL THEN NULL
        WHEN paths.path LIKE '%besteffort%' THEN 'besteffort'
        WHEN paths.path LIKE '%burstable%' THEN 'burstable'
        ELSE 'guaranteed'
    END AS qos_class,
    boxes.container AS container_id,
    NULLIF(boxes.runtime_name, 'unknown') AS runtime,
    CASE WHEN i.outer_level < i.box_level THEN outers.container END
        AS outer_container_id,
    relations.same_path AS is_same_cgroup,
    relations.relation AS limit_relation,
    relations.limit_kind AS limit_level,
    CASE
        WHEN relations.relation IN ('own', 'ancestor')
            THEN CAST(relations.deeper AS BIGINT)
    END AS levels_up
FROM paths
LEFT JOIN innermost AS i
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
LEFT JOIN named_parts AS outers
    ON outers.event_id = paths.event_id
    AND outers.role_name = paths.role_name
    AND outers.level_no = i.outer_level
LEFT JOIN relations
    ON relations.event_id = paths.event_id
