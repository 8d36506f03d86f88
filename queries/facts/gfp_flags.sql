-- Each flag set in an event's gfp_mask, by name, for the bit layout that the
-- report shows. An event whose layout cannot be told has no rows.
-- event_id: the event
-- bit: value of the flag's bit
-- flag: name of the flag, without __GFP_
-- meaning: what the flag asks for
-- layout: the layout that names the bit, by the kernel that brought it
SELECT
        e.event_id,
        b.bit,
        b.flag,
        b.meaning,
        b.layout
FROM events AS e
INNER JOIN gfp_bits AS b
        ON e.gfp_layout = b.layout
        AND (e.gfp_mask & b.bit) <> 0
