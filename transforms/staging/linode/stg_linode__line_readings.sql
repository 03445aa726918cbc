-- One row per item of a Linode invoice, under Billhouse's names. Items are before tax, and have no id.
-- kept: view
WITH items AS (
    SELECT
        vendor,
        account,
        listing,
        document_key,
        unnest(from_json(document -> '$.data', '[{
            "label": "VARCHAR", "type": "VARCHAR", "region": "VARCHAR", "quantity": "JSON", "unit_price": "JSON",
            "amount": "JSON", "from": "VARCHAR", "to": "VARCHAR"
        }]')) AS item
    FROM staging.source_linode__invoice_details
    WHERE valid_to IS NULL
)

SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    concat_ws('/', item.label, item.type, item.region, item."from") AS natural_key,
    'usage' AS category,
    stated(item.label) AS description,
    item.quantity,
    item.unit_price,
    item.amount,
    TRUE AS is_major_unit,
    stated(item."from") AS period_start,
    after_last_second(stated(item."to")) AS period_end,
    stated(item.region) AS region
FROM items
