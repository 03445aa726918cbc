-- One row per rule and team: the weight of its part. Percentages weigh 10,000 each, teams that share evenly 1, and those that
-- share in proportion to what they cost themselves nothing by itself. What a rule leaves over is `unallocated`; the rule 0 is
-- for lines that no rule fits. What a team gets by percentages is_direct.
-- kept: view
WITH listed AS (
    SELECT unnest(from_json(
        document,
        '[{
            "rule": "INTEGER", "method": "VARCHAR",
            "shares": [{"team": "VARCHAR", "line": "INTEGER", "percentage": "DECIMAL(7, 4)"}]
        }]'
    )) AS listed
    FROM staging.rule_files
    WHERE name = 'allocation'
),

shares AS (
    SELECT listed.rule AS rule, listed.method AS method, unnest(listed.shares) AS share
    FROM listed
)

SELECT
    rule,
    share.team AS team,
    share.line AS place,
    method = 'percentage' AS is_direct,
    CASE method
        WHEN 'percentage' THEN CAST(share.percentage * 10000 AS HUGEINT)
        WHEN 'evenly' THEN CAST(1 AS HUGEINT)
    END AS weight
FROM shares
UNION ALL
SELECT
    rule,
    'unallocated' AS team,
    CAST(NULL AS INTEGER) AS place,
    FALSE AS is_direct,
    CASE min(method)
        WHEN 'percentage' THEN 1000000 - sum(CAST(share.percentage * 10000 AS HUGEINT))
        ELSE CAST(0 AS HUGEINT)
    END AS weight
FROM shares
GROUP BY rule
UNION ALL
SELECT
    0 AS rule,
    'unallocated' AS team,
    CAST(NULL AS INTEGER) AS place,
    FALSE AS is_direct,
    CAST(0 AS HUGEINT) AS weight
