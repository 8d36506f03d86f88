-- What explains each incident: the first suspect of its earliest report that
-- has one. memory_suspects has all suspects of all reports, with thresholds.
-- incident_id: the incident
-- cause: name of the suspect; unknown where no report of it has one
-- event_id: the report that tells it; NULL where none does
-- subject: the process, zone or cgroup; NULL for the machine as a whole
-- figure_kb: what was found; NULL where the cause is unknown [kB]
WITH told AS (
    SELECT
        m.incident_id,
        m.event_id,
        s.suspect,
        s.subject,
        s.figure_kb,
        ROW_NUMBER() OVER (
            PARTITION BY m.incident_id ORDER BY m.event_no
        ) AS telling_no
    FROM incident_events AS m
    INNER JOIN memory_suspects AS s
        ON s.event_id = m.event_id AND s.suspect_no = 1
)
SELECT
    i.incident_id,
    COALESCE(told.suspect, 'unknown') AS cause,
    told.event_id,
    told.subject,
    told.figure_kb
FROM incidents AS i
LEFT JOIN told
    ON told.incident_id = i.incident_id AND told.telling_no = 1
