-- Which entry of lowmem_reserve[] belongs to which type of zone. It depends on
-- the machine's architecture, so it is read off the report's own reserves: the
-- first entry of a zone that is not 0 belongs to the next zone above it.
-- stored: by event
-- event_id: the event
-- class_count: entries in each lowmem_reserve[] line
-- dma_index: index of DMA; NULL when the report shows no such zone
-- dma32_index: index of DMA32; NULL when the report shows no such zone
-- normal_index: index of Normal, which every kernel has
-- highmem_index: index of HighMem; NULL when the report shows no such zone
-- movable_index: index of Movable, which every kernel has
WITH lines AS (
    SELECT
        event_id,
        node,
        zone,
        COUNT(class_index) AS line_entries,
        MIN(CASE WHEN reserve_pages > 0 THEN class_index END) AS next_index
    FROM lowmem_reserves
    GROUP BY event_id, node, zone
),
node_zones AS (
    SELECT
        event_id,
        node,
        MAX(CASE WHEN zone = 'DMA' THEN 1 ELSE 0 END) AS holds_dma,
        MAX(CASE WHEN zone = 'DMA32' THEN 1 ELSE 0 END) AS holds_dma32,
        MAX(CASE WHEN zone = 'Normal' THEN 1 ELSE 0 END) AS holds_normal,
        MAX(CASE WHEN zone = 'HighMem' THEN 1 ELSE 0 END) AS holds_highmem,
        MAX(CASE WHEN zone IN ('HighMem', 'Movable') THEN 1 ELSE 0 END)
            AS holds_upper
    FROM zones
    GROUP BY event_id, node
),
-- What one zone's line says of the next zone that the same node has.
seen AS (
    SELECT
        node_zones.event_id,
        MAX(lines.line_entries) AS entry_count,
        MAX(node_zones.holds_dma) AS has_dma,
        MAX(node_zones.holds_dma32) AS has_dma32,
        MAX(node_zones.holds_highmem) AS has_highmem,
        MIN(CASE
            WHEN lines.zone = 'DMA' AND node_zones.holds_dma32 = 1
                THEN lines.next_index
        END) AS dma32_after_dma,
        MIN(CASE
            WHEN lines.zone = 'DMA' AND node_zones.holds_dma32 = 0
                AND node_zones.holds_normal = 1
                THEN lines.next_index
        END) AS normal_after_dma,
        MIN(CASE
            WHEN lines.zone = 'DMA32' AND node_zones.holds_normal = 1
                THEN lines.next_index
        END) AS normal_after_dma32,
        MIN(CASE
            WHEN lines.zone = 'Normal' AND node_zones.holds_highmem = 1
                THEN lines.next_index
        END) AS highmem_after_normal,
        -- Linux 6.1 and later leave out the zones above the request's: what
        -- follows the topmost one shown is then the next type after Normal.
        MIN(CASE
            WHEN node_zones.holds_upper = 1 THEN NULL
            WHEN lines.zone = 'Normal' THEN lines.next_index
            WHEN node_zones.holds_normal = 1 THEN NULL
            WHEN request_scope.highest_rank = 3
                AND (lines.zone = 'DMA32' OR node_zones.holds_dma32 = 0)
                THEN lines.next_index
        END) AS hidden_after_normal
    FROM node_zones
    INNER JOIN lines
        ON lines.event_id = node_zones.event_id AND lines.node = node_zones.node
    LEFT JOIN request_scope ON request_scope.event_id = node_zones.event_id
    GROUP BY node_zones.event_id
),
-- Where no line tells: DMA32 stands right before Normal, HighMem right after
-- it, and what is configured follows from the number of entries.
lower_types AS (
    SELECT
        event_id,
        entry_count,
        has_dma,
        has_dma32,
        has_highmem,
        CASE
            WHEN has_dma32 = 0 THEN NULL
            WHEN dma32_after_dma IS NOT NULL THEN dma32_after_dma
            WHEN normal_after_dma32 IS NOT NULL THEN normal_after_dma32 - 1
            WHEN hidden_after_normal IS NOT NULL THEN hidden_after_normal - 2
            WHEN has_dma = 0 AND entry_count <= 3 THEN 0
            ELSE 1
        END AS dma32_guess,
        normal_after_dma32,
        normal_after_dma,
        highmem_after_normal,
        hidden_after_normal
    FROM seen
),
normals AS (
    SELECT
        event_id,
        entry_count,
        has_dma,
        has_highmem,
        dma32_guess,
        CASE
            WHEN normal_after_dma32 IS NOT NULL THEN normal_after_dma32
            WHEN hidden_after_normal IS NOT NULL THEN hidden_after_normal - 1
            WHEN dma32_guess IS NOT NULL THEN dma32_guess + 1
            WHEN normal_after_dma IS NOT NULL THEN normal_after_dma
            WHEN highmem_after_normal IS NOT NULL THEN highmem_after_normal - 1
            WHEN entry_count <= 2 THEN 0
            WHEN has_highmem = 1 AND entry_count = 3 THEN 0
            WHEN has_highmem = 1 OR entry_count = 3 THEN 1
            ELSE 2
        END AS normal_guess
    FROM lower_types
)
SELECT
    event_id,
    entry_count AS class_count,
    CASE WHEN has_dma = 1 THEN 0 END AS dma_index,
    dma32_guess AS dma32_index,
    normal_guess AS normal_index,
    CASE WHEN has_highmem = 1 THEN normal_guess + 1 END AS highmem_index,
    CASE
        WHEN normal_guess + has_highmem + 1 < entry_count
            THEN normal_guess + has_highmem + 1
        ELSE entry_count - 1
    END AS movable_index
FROM normals
