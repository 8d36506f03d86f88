-- The OOM reports of each incident in their order. Reports of one host belong
-- to one incident while each follows the one before within 600 s. A container
-- that keeps dying is started again at most 300 s later (Kubernetes' longest
-- delay) and needs time to fill its memory, so ten minutes hold such a loop
-- together and keep hourly jobs apart.
-- Where host or time is unknown, reports of one log are put together instead:
-- by time, else by seconds since boot while those do not go back in the log's
-- lines. A report with none of these is an incident of its own.
-- stored: whole
-- incident_id: the incident, named by the event_id of its first report
-- event_no: place among the incident's reports, from 1
-- event_id: the event: an oom_kill, no_victim or panic
-- host_id: the machine; NULL when nothing tells
-- hostname: its fullest name
-- grouped_by: host_and_time, log_and_time, log_and_uptime, or alone
-- occurred_at: when it happened (UTC); NULL when unknown
-- uptime_s: the same since boot, as printed [s]
-- gap_s: time since the incident's report before this one; NULL for the first
--   [s]
-- kind: oom_kill, no_victim or panic
-- constraint_kind: none, memcg, cpuset, memory_policy; NULL when not printed
-- oom_memcg: the cgroup whose limit was hit
-- invoker_comm: name of the task that asked for memory
-- victim_comm: name of the first process killed
-- kills: processes killed
WITH ooms AS (
    SELECT
        event_id,
        host_id,
        kind,
        constraint_kind,
        oom_memcg,
        invoker_comm,
        occurred_at,
        occurred_epoch_s,
        uptime_s
    FROM events
    WHERE kind IN ('oom_kill', 'no_victim', 'panic')
),
-- The logs of reports whose host or time is unknown.
seen AS (
    SELECT
        ooms.event_id,
        s.source_id,
        MIN(s.first_line) AS seen_line
    FROM ooms
    INNER JOIN sightings AS s
        ON s.event_id = ooms.event_id
    WHERE ooms.host_id IS NULL OR ooms.occurred_epoch_s IS NULL
    GROUP BY ooms.event_id, s.source_id
),
log_sizes AS (
    SELECT
        source_id,
        COUNT(*) AS seen_count
    FROM seen
    GROUP BY source_id
),
-- Of several logs the one that holds most of them, so that logs which overlap
-- do not part what belongs together.
ranked_logs AS (
    SELECT
        seen.event_id,
        seen.source_id,
        seen.seen_line,
        ROW_NUMBER() OVER (
            PARTITION BY seen.event_id
            ORDER BY log_sizes.seen_count DESC, seen.source_id
        ) AS log_no
    FROM seen
    INNER JOIN log_sizes
        ON log_sizes.source_id = seen.source_id
),
-- Where reports can be put together, and the clock that orders them there.
placed AS (
    SELECT
        event_id,
        'host_and_time' AS grouping_kind,
        host_id AS place,
        0 AS line_no,
        occurred_epoch_s AS clock_s
    FROM ooms
    WHERE host_id IS NOT NULL AND occurred_epoch_s IS NOT NULL
    UNION ALL
    SELECT
        ooms.event_id,
        CASE
            WHEN l.source_id IS NULL THEN 'alone'
            WHEN ooms.occurred_epoch_s IS NOT NULL THEN 'log_and_time'
            WHEN ooms.uptime_s IS NOT NULL THEN 'log_and_uptime'
            ELSE 'alone'
        END AS grouping_kind,
        CASE
            WHEN l.source_id IS NULL THEN ooms.event_id
            WHEN ooms.occurred_epoch_s IS NULL AND ooms.uptime_s IS NULL
                THEN ooms.event_id
            ELSE l.source_id || COALESCE(ooms.host_id, '')
        END AS place,
        CASE
            WHEN ooms.occurred_epoch_s IS NULL THEN l.seen_line
            ELSE 0
        END AS line_no,
        COALESCE(
            ooms.occurred_epoch_s, CAST(FLOOR(ooms.uptime_s) AS BIGINT)
        ) AS clock_s
    FROM ooms
    LEFT JOIN ranked_logs AS l
        ON l.event_id = ooms.event_id AND l.log_no = 1
    WHERE ooms.host_id IS NULL OR ooms.occurred_epoch_s IS NULL
),
ordered AS (
    SELECT
        p.event_id,
        p.grouping_kind,
        p.place,
        p.clock_s,
        ROW_NUMBER() OVER (
            PARTITION BY p.grouping_kind, p.place
            ORDER BY
                p.line_no NULLS LAST, p.clock_s NULLS LAST,
                ooms.occurred_at NULLS LAST,
                COALESCE(ooms.uptime_s, 0), p.event_id
        ) AS place_no
    FROM placed AS p
    INNER JOIN ooms
        ON ooms.event_id = p.event_id
),
stepped AS (
    SELECT
        event_id,
        grouping_kind,
        place,
        place_no,
        clock_s - LAG(clock_s) OVER (
            PARTITION BY grouping_kind, place ORDER BY place_no
        ) AS step_s
    FROM ordered
),
-- A step back of a second is two carriers' rounding; more is another boot.
sessions AS (
    SELECT
        event_id,
        grouping_kind,
        place,
        place_no,
        step_s,
        SUM(CASE WHEN step_s BETWEEN -1 AND 600 THEN 0 ELSE 1 END) OVER (
            PARTITION BY grouping_kind, place ORDER BY place_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS session_no
    FROM stepped
),
members AS (
    SELECT
        event_id,
        grouping_kind,
        step_s,
        FIRST_VALUE(event_id) OVER (
            PARTITION BY grouping_kind, place, session_no ORDER BY place_no
        ) AS first_event_id,
        ROW_NUMBER() OVER (
            PARTITION BY grouping_kind, place, session_no ORDER BY place_no
        ) AS member_no
    FROM sessions
),
killed AS (
    SELECT
        event_id,
        COUNT(*) AS victim_count,
        MAX(CASE WHEN victim_no = 1 THEN comm END) AS first_comm
    FROM victims
    GROUP BY event_id
)
SELECT
    m.first_event_id AS incident_id,
    m.member_no AS event_no,
    m.event_id,
    ooms.host_id,
    hosts.hostname,
    m.grouping_kind AS grouped_by,
    ooms.occurred_at,
    ooms.uptime_s,
    CASE WHEN m.member_no > 1 THEN m.step_s END AS gap_s,
    ooms.kind,
    ooms.constraint_kind,
    ooms.oom_memcg,
    ooms.invoker_comm,
    killed.first_comm AS victim_comm,
    COALESCE(killed.victim_count, 0) AS kills -- no row: nobody was killed
FROM members AS m
INNER JOIN ooms
    ON ooms.event_id = m.event_id
LEFT JOIN hosts
    ON hosts.host_id = ooms.host_id
LEFT JOIN killed
    ON killed.event_id = m.event_id
