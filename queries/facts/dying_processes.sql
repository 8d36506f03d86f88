-- The processes that another report of the last 600 s had killed already: such
-- a one is dying, and the kernel passes it over. The kill is found on the same
-- machine, or, where no report names one, in the same log. Only those are told
-- that would have been the top, or that held more than the chosen one.
-- stored: whole
-- event_id: the event
-- row_no: position in the process table, from 1
-- is_top: whether no other process of its report had more points
SELECT
    p.event_id,
    p.row_no,
    COALESCE(p.badness_rank = 1, FALSE) AS is_top
FROM process_verdicts AS p
INNER JOIN event_places AS later
    ON later.event_id = p.event_id
INNER JOIN victims AS v
    ON v.pid = p.pid
INNER JOIN event_places AS before
    ON before.event_id = v.event_id AND before.place = later.place
WHERE (p.badness_rank = 1 OR p.lone_spared_reason IS NOT NULL)
    AND before.event_id <> later.event_id
    AND CASE
        WHEN before.uptime_s IS NOT NULL AND later.uptime_s IS NOT NULL
            THEN before.uptime_s <= later.uptime_s
                AND before.uptime_s >= later.uptime_s - 600
        ELSE before.occurred_epoch_s <= later.occurred_epoch_s
            AND before.occurred_epoch_s >= later.occurred_epoch_s - 600
    END
    AND COALESCE(before.first_line < later.first_line, TRUE)
GROUP BY p.event_id, p.row_no, COALESCE(p.badness_rank = 1, FALSE)
