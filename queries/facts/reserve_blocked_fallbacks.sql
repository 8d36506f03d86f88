-- The zones whose own watermark held but whose lowmem_reserve refused the
-- request. That memory was free; the kernel kept it for requests that can use
-- no other zone.
-- event_id: the event
-- fallback_no: order of trial, from 1
-- node: NUMA node
-- zone: zone name
-- free_kb: free memory as printed [kB]
-- usable_free_kb: what of it counts for the request [kB]
-- min_kb: watermark min, which that was above [kB]
-- spare_kb: by how much it was above min [kB]
-- reserve_kb: lowmem_reserve against this class of request [kB]
-- needed_min_kb: min + reserve, which usable free memory was not above [kB]
-- short_min_kb: what was missing [kB]
SELECT
    event_id,
    fallback_no,
    node,
    zone,
    free_kb,
    usable_free_kb,
    min_kb,
    usable_free_kb - min_kb AS spare_kb,
    reserve_kb,
    needed_min_kb,
    short_min_kb
FROM zone_fallbacks
WHERE verdict = 'reserve_blocked'
