-- Where an event belongs, for what one report tells of another: its machine,
-- or, where no report names one, the log that it was seen in.
-- stored: by event
-- event_id: the event
-- place: host_id, else the first source_id of its sightings; NULL without
-- host_id: the machine; NULL when nothing tells
-- occurred_at: when it happened (UTC); NULL when unknown
-- uptime_s: the same since boot, as printed [s]
-- occurred_epoch_s: occurred_at since 1970 (UTC); NULL when unknown [s]
-- first_line: first line of its sightings, whatever the log
SELECT
    e.event_id,
    COALESCE(e.host_id, s.any_source_id) AS place,
    e.host_id,
    e.occurred_at,
    e.uptime_s,
    e.occurred_epoch_s,
    s.top_line AS first_line
FROM events AS e
LEFT JOIN (
    SELECT
        event_id,
        MIN(source_id) AS any_source_id,
        MIN(first_line) AS top_line
    FROM sightings
    GROUP BY event_id
) AS s
    ON s.event_id = e.event_id
