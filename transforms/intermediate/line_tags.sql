-- One row per tag of lines' tags, `key=value`, where a rule asks for one: MongoDB states lists of values.
-- kept: view
WITH texts AS (
    SELECT DISTINCT line.tags
    FROM marts.fct_invoice_lines AS line
    INNER JOIN (SELECT count(*) AS rules FROM staging.allocation_rules WHERE tag <> '%') AS asked ON asked.rules > 0
    WHERE line.tags IS NOT NULL
),

named AS (
    SELECT tags, unnest(map_entries(try_cast(try_cast(tags AS JSON) AS MAP (VARCHAR, JSON)))) AS entry
    FROM texts
),

stated AS (
    SELECT
        tags,
        entry.key AS key,
        unnest(
            CASE
                WHEN json_type(entry.value) = 'ARRAY' THEN from_json(entry.value, '["VARCHAR"]')
                ELSE [entry.value ->> '$']
            END
        ) AS value
    FROM named
)

SELECT tags, key || '=' || value AS tag
FROM stated
