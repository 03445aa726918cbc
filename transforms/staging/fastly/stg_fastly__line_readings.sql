-- One row per line of a Fastly invoice, under Billhouse's names. The document holds them, so that they are read of the version
-- that counts. A line has no id, and no period but the invoice's.
-- kept: view
WITH items AS (
    SELECT
        vendor,
        account,
        entity,
        listing,
        document_key,
        unnest(from_json(document -> '$.transaction_line_items', '[{
            "description": "VARCHAR", "amount": "JSON", "credit_coupon_code": "VARCHAR", "rate": "JSON", "units": "JSON",
            "product_name": "VARCHAR", "product_group": "VARCHAR", "product_line": "VARCHAR", "region": "VARCHAR",
            "usage_type": "VARCHAR"
        }]')) AS item
    FROM staging.stg_fastly__counted_documents
)

SELECT
    vendor,
    account,
    entity,
    listing,
    document_key,
    document_key AS invoice_key,
    CAST(
        to_json([
            item.product_line, item.product_group, item.product_name, item.usage_type, item.region, item.description,
            item.credit_coupon_code
        ]) AS VARCHAR
    ) AS natural_key,
    CASE WHEN stated(item.credit_coupon_code) IS NULL THEN 'usage' ELSE 'credit' END AS category,
    coalesce(stated(item.description), stated(item.product_name)) AS description,
    stated(item.product_name) AS sku,
    item.units AS quantity,
    stated(item.usage_type) AS unit,
    item.rate AS unit_price,
    item.amount AS amount,
    TRUE AS is_major_unit,
    stated(item.product_group) AS project,
    stated(item.region) AS region
FROM items
