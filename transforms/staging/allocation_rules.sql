-- One row per rule of the allocation file: which lines it is about, in patterns of LIKE with \ before what stands for itself.
-- The first that fits a line counts; `rule` is its place in the file, the line of its first row.
-- kept: view
WITH listed AS (
    SELECT unnest(from_json(
        document,
        '[{
            "rule": "INTEGER", "vendor": "VARCHAR", "account": "VARCHAR", "project": "VARCHAR", "resource": "VARCHAR",
            "tag": "VARCHAR", "category": "VARCHAR", "sku": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE",
            "method": "VARCHAR"
        }]'
    )) AS listed
    FROM staging.rule_files
    WHERE name = 'allocation'
)

SELECT
    listed.rule,
    like_pattern(listed.vendor) AS vendor,
    like_pattern(listed.account) AS account,
    like_pattern(listed.project) AS project,
    like_pattern(listed.resource) AS resource,
    like_pattern(listed.tag) AS tag,
    like_pattern(listed.category) AS category,
    like_pattern(listed.sku) AS sku,
    listed.valid_from,
    listed.valid_to,
    listed.method
FROM listed
