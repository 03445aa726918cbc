-- One row per line item of a Northflank invoice's detail, under Billhouse's names.
-- kept: view
WITH items AS (
    SELECT
        *,
        northflank_has_decimals(document) AS is_major_unit,
        unnest(from_json(document -> '$.lineItems', '[{"title": "VARCHAR", "total": "JSON"}]')) AS item
    FROM staging.source_northflank__invoice_details
    WHERE valid_to IS NULL
)

SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    coalesce(item.title, '') AS natural_key,
    'usage' AS category,
    stated(item.title) AS description,
    item.total AS amount,
    stated(document ->> '$.currency') AS currency,
    is_major_unit
FROM items
