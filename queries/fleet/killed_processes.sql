-- The processes that were killed, one row each: when and where, of which
-- incident and service, and the memory that each held when it died.
-- event_id: the event
-- victim_no: order of death within the event, from 1
-- incident_id: the incident that the event is part of
-- occurred_at: when it happened (UTC); NULL when unknown
-- host_id: the machine; NULL when nothing tells
-- hostname: its fullest name
-- comm: name, cut by the kernel to 15 bytes
-- pid: process id
-- unit: systemd service or scope it lived in; NULL when not known
-- constraint_kind: none, memcg, cpuset, memory_policy; NULL when not printed
-- rss_kb: resident memory that its kill line prints; NULL without it [kB]
SELECT
    v.event_id,
    v.victim_no,
    m.incident_id,
    e.occurred_at,
    e.host_id,
    hosts.hostname,
    v.comm,
    v.pid,
    c.unit,
    e.constraint_kind,
    v.anon_rss_kb + COALESCE(v.file_rss_kb, 0)
    + COALESCE(v.shmem_rss_kb, 0) AS rss_kb -- not printed: counted in file
FROM victims AS v
INNER JOIN events AS e
    ON e.event_id = v.event_id
LEFT JOIN incident_events AS m
    ON m.event_id = v.event_id
LEFT JOIN hosts
    ON hosts.host_id = e.host_id
LEFT JOIN cgroup_identity AS c
    ON c.event_id = v.event_id AND c.cgroup_role = 'task'
