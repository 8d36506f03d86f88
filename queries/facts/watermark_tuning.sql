-- Per zone, the settings that its watermarks and reserves imply. What holds for
-- the whole machine is told only where the zones shown are all of it: from 6.1
-- on a report leaves out zones above the request's, and nodes that it may not
-- use; then it is NULL.
-- stored: by event
-- event_id: the event
-- node: NUMA node
-- zone: zone name
-- managed_kb: memory of the zone; present where managed is not printed [kB]
-- min_kb: watermark min as printed, boost and all [kB]
-- low_kb: watermark low as printed [kB]
-- high_kb: watermark high as printed [kB]
-- boost_kb: the raise after fragmentation within all three; NULL when nothing
--   tells [kB]
-- boost_basis: printed (since 5.16), or gap: low is less than a quarter of min
--   above min, so min holds a raise (5.0 to 5.15), to within 3 pages
-- low_gap_kb: low - min [kB]
-- high_gap_kb: high - low [kB]
-- gap_rule: what the gaps follow: quarter (low is 5/4 and high 3/2 of min),
--   scale_factor (watermark_scale_factor asks for more), extra (more was added
--   to low and high alone, as extra_free_kbytes does); NULL for other relations
--   and for HighMem and Movable, whose min is no share of the whole
-- scale_factor: watermark_scale_factor that gives the gaps, in 10000ths of the
--   zone; a zone that has grown since they were set shows a little less; NULL
--   where the quarter is larger and hides it (the default is 10)
-- extra_kb: what was added to low and high alone [kB]
-- reserve_ratio: lowmem_reserve_ratio that gives the zone's lowmem_reserve[];
--   NULL where no zone is above it or the zones shown are not all
-- is_default_ratio: whether that is the kernel's own: 256 for DMA and DMA32, 32
--   for Normal and HighMem, or up to an eighth more, as zones grow by what the
--   kernel gives back after it has started
-- reserve_kb: lowmem_reserve against the class of this request [kB]
-- locked_kb: free memory above min that this reserve alone withholds from the
--   request; 0 when its own min already refuses it [kB]
-- is_whole_machine: whether the zones shown make up all of the RAM; NULL where
--   the RAM is not printed
-- min_free_kb: vm.min_free_kbytes at least: the sum of min, less boost, over
--   the machine's zones other than HighMem and Movable [kB]
-- min_free_most_kb: and at most: each zone's share is cut to a page [kB]
WITH sizes AS (
    SELECT
        z.event_id,
        z.node,
        z.zone,
        COALESCE(z.managed_kb, z.present_kb) AS size_kb,
        COALESCE(z.present_kb, z.managed_kb) AS spread_kb,
        e.page_size_kb,
        e.ram_pages * e.page_size_kb AS ram_kb,
        e.constraint_printed IS NOT NULL AS is_since_5_0,
        CASE z.zone
            WHEN 'DMA' THEN 1
            WHEN 'DMA32' THEN 2
            WHEN 'Normal' THEN 3
            WHEN 'HighMem' THEN 4
            WHEN 'Movable' THEN 5
        END AS zone_rank,
        z.zone NOT IN ('HighMem', 'Movable') AS has_share
    FROM zones AS z
    INNER JOIN events AS e ON e.event_id = z.event_id
    WHERE e.page_size_kb > 0
),
machines AS (
    SELECT
        event_id,
        -- Older kernels count RAM page by page, which comes to a little more.
        CASE
            WHEN MAX(ram_kb) > 0 AND COUNT(*) = COUNT(spread_kb)
                THEN SUM(spread_kb) * 1000 >= MAX(ram_kb) * 995
        END AS shows_all
    FROM sizes
    GROUP BY event_id
),
uppers AS (
    SELECT
        event_id,
        node,
        zone,
        SUM(size_kb) OVER (
            PARTITION BY event_id, node
            ORDER BY zone_rank DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) - size_kb AS above_kb
    FROM sizes
    WHERE zone_rank IS NOT NULL
),
reserves AS (
    SELECT
        event_id,
        node,
        zone,
        MAX(reserve_pages) AS largest_pages
    FROM lowmem_reserves
    GROUP BY event_id, node, zone
),
in_pages AS (
    SELECT
        s.event_id,
        s.node,
        s.zone,
        s.page_size_kb,
        s.has_share,
        s.is_since_5_0,
        s.size_kb,
        w.min_kb,
        w.low_kb,
        w.high_kb,
        w.boost_kb AS printed_boost_kb,
        CAST((s.size_kb - s.size_kb % s.page_size_kb) / s.page_size_kb
            AS BIGINT) AS size_pages,
        CAST((w.min_kb - COALESCE(w.boost_kb, 0)
            - (w.min_kb - COALESCE(w.boost_kb, 0)) % s.page_size_kb)
            / s.page_size_kb AS BIGINT) AS min_pages,
        CAST((w.low_kb - w.min_kb - (w.low_kb - w.min_kb) % s.page_size_kb)
            / s.page_size_kb AS BIGINT) AS low_gap,
        CAST((w.high_kb - w.low_kb - (w.high_kb - w.low_kb) % s.page_size_kb)
            / s.page_size_kb AS BIGINT) AS high_gap,
        CAST((u.above_kb - u.above_kb % s.page_size_kb) / s.page_size_kb
            AS BIGINT) AS above_pages,
        r.largest_pages,
        m.shows_all
    FROM sizes AS s
    INNER JOIN machines AS m ON m.event_id = s.event_id
    LEFT JOIN watermarks AS w
        ON w.event_id = s.event_id AND w.node = s.node AND w.zone = s.zone
    LEFT JOIN uppers AS u
        ON u.event_id = s.event_id AND u.node = s.node AND u.zone = s.zone
    LEFT JOIN reserves AS r
        ON r.event_id = s.event_id AND r.node = s.node AND r.zone = s.zone
),
gapped AS (
    SELECT
        event_id,
        node,
        zone,
        page_size_kb,
        has_share,
        size_kb,
        size_pages,
        min_kb,
        low_kb,
        high_kb,
        min_pages,
        low_gap,
        high_gap,
        above_pages,
        largest_pages,
        shows_all,
        printed_boost_kb,
        CAST((min_pages - min_pages % 4) / 4 AS BIGINT) AS quarter,
        -- The gaps do not hold the boost: four times the gap is min without it.
        CASE
            WHEN printed_boost_kb IS NULL AND is_since_5_0 AND has_share
                AND low_gap > 0 AND ABS(high_gap - low_gap) <= 1
                AND low_gap + 1 < min_pages / 4.0
                THEN min_pages - 4 * low_gap
        END AS hidden_pages
    FROM in_pages
),
ruled AS (
    SELECT
        event_id,
        node,
        zone,
        page_size_kb,
        has_share,
        size_kb,
        size_pages,
        min_kb,
        low_kb,
        high_kb,
        low_gap,
        high_gap,
        quarter,
        above_pages,
        largest_pages,
        shows_all,
        printed_boost_kb,
        hidden_pages,
        CASE
            WHEN NOT has_share THEN NULL
            WHEN hidden_pages IS NOT NULL THEN 'quarter'
            WHEN ABS(low_gap - quarter) <= 1 AND ABS(high_gap - quarter) <= 1
                THEN 'quarter'
            WHEN low_gap > quarter AND ABS(high_gap - low_gap) <= 1
                THEN 'scale_factor'
            WHEN low_gap > quarter AND ABS(high_gap - quarter) <= 1 THEN 'extra'
        END AS rule,
        CASE
            WHEN size_pages > 0 THEN CAST(
                (low_gap * 10000 + size_pages - 1
                    - (low_gap * 10000 + size_pages - 1) % size_pages)
                / size_pages AS BIGINT)
        END AS least_factor,
        CASE
            WHEN largest_pages > 0 AND above_pages > 0 AND shows_all
                THEN CAST((above_pages - above_pages % largest_pages)
                    / largest_pages AS BIGINT)
        END AS most_ratio,
        CASE zone
            WHEN 'DMA' THEN 256
            WHEN 'DMA32' THEN 256
            ELSE 32
        END AS usual_ratio
    FROM gapped
),
-- Every ratio from above / (reserve + 1) up to above / reserve gives the same
-- reserve; the kernel's own is taken where it is one of them.
rated AS (
    SELECT
        event_id,
        node,
        zone,
        page_size_kb,
        has_share,
        size_kb,
        min_kb,
        low_kb,
        high_kb,
        low_gap,
        high_gap,
        quarter,
        shows_all,
        printed_boost_kb,
        hidden_pages,
        rule,
        CASE WHEN rule = 'scale_factor' THEN least_factor END AS factor,
        CASE
            WHEN usual_ratio <= most_ratio
                AND usual_ratio * (largest_pages + 1) > above_pages
                THEN usual_ratio
            ELSE most_ratio
        END AS ratio,
        usual_ratio,
        CASE
            WHEN printed_boost_kb IS NOT NULL THEN printed_boost_kb
            WHEN hidden_pages IS NOT NULL THEN hidden_pages * page_size_kb
        END AS any_boost_kb
    FROM ruled
),
totals AS (
    SELECT
        event_id,
        SUM(min_kb - COALESCE(any_boost_kb, 0)) AS least_kb,
        COUNT(*) AS share_count,
        COUNT(min_kb) AS known_count
    FROM rated
    WHERE has_share AND size_kb > 0
    GROUP BY event_id
)
SELECT
    r.event_id,
    r.node,
    r.zone,
    r.size_kb AS managed_kb,
    r.min_kb,
    r.low_kb,
    r.high_kb,
    r.any_boost_kb AS boost_kb,
    CASE
        WHEN r.printed_boost_kb IS NOT NULL THEN 'printed'
        WHEN r.hidden_pages IS NOT NULL THEN 'gap'
    END AS boost_basis,
    r.low_kb - r.min_kb AS low_gap_kb,
    r.high_kb - r.low_kb AS high_gap_kb,
    r.rule AS gap_rule,
    r.factor AS scale_factor,
    CASE
        WHEN r.rule = 'extra' THEN (r.low_gap - r.quarter) * r.page_size_kb
    END AS extra_kb,
    r.ratio AS reserve_ratio,
    r.ratio >= r.usual_ratio AND r.ratio * 8 <= r.usual_ratio * 9
        AS is_default_ratio,
    f.reserve_kb,
    CASE
        WHEN f.usable_free_kb <= f.min_kb THEN 0
        WHEN f.usable_free_kb - f.min_kb < f.reserve_kb
            THEN f.usable_free_kb - f.min_kb
        WHEN f.usable_free_kb IS NOT NULL AND f.min_kb IS NOT NULL
            THEN f.reserve_kb
    END AS locked_kb,
    r.shows_all AS is_whole_machine,
    CASE
        WHEN r.shows_all AND t.share_count = t.known_count
            THEN CAST(t.least_kb AS BIGINT)
    END AS min_free_kb,
    CASE
        WHEN r.shows_all AND t.share_count = t.known_count
            THEN CAST(t.least_kb + (t.share_count - 1) * r.page_size_kb
                AS BIGINT)
    END AS min_free_most_kb
FROM rated AS r
LEFT JOIN totals AS t ON t.event_id = r.event_id
LEFT JOIN zone_fallbacks AS f
    ON f.event_id = r.event_id AND f.node = r.node AND f.zone = r.zone
