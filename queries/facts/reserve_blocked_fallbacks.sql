-- The zones whose own watermark held but whose lowmem_reserve refused the
-- request: memory that was free, and that the kernel kept for requests that can
-- use no other zone.
-- event_id: the event
-- fallback_no: order of trial, from 1
-- node: NUMA node
-- zone: zone name
-- free_kb: free memory as printed [kB]
-- min_kb: watermark min, which free memory was above [kB]
-- reserve_kb: lowmem_reserve against this class of request [kB]
-- needed_min_kb: min + reserve, which free memory was not above [kB]
-- short_min_kb: what was missing [kB]
SELECT
    f.event_id,
    f.fallback_no,
    f.node,
    f.zone,
    f.free_kb,
    f.min_kb,
    f.reserve_kb,
    f.needed_min_kb,
    f.short_min_kb
FROM zone_fallbacks AS f
WHERE f.verdict = 'reserve_blocked'
