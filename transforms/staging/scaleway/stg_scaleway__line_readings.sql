-- One row per charge of a Scaleway invoice, under Billhouse's names: there is one a resource. It has no id.
-- kept: view
WITH items AS (
    SELECT
        vendor,
        account,
        listing,
        document_key,
        unnest(from_json(document -> '$.charges', '[{
            "sku": "VARCHAR", "resource_id": "VARCHAR", "resource_name": "VARCHAR", "project_id": "VARCHAR",
            "project_name": "VARCHAR", "price": "JSON", "start_date": "VARCHAR", "end_date": "VARCHAR"
        }]')) AS charge
    FROM staging.source_scaleway__invoice_details
    WHERE valid_to IS NULL
)

SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    concat_ws('/', charge.project_id, charge.resource_id, charge.sku, charge.start_date) AS natural_key,
    'usage' AS category,
    coalesce(stated(charge.resource_name), stated(charge.sku)) AS description,
    stated(charge.sku) AS sku,
    units_and_nanos(charge.price) AS amount,
    stated(charge.price ->> '$.currency_code') AS currency,
    TRUE AS is_major_unit,
    stated(charge.start_date) AS period_start,
    stated(charge.end_date) AS period_end,
    coalesce(stated(charge.project_name), stated(charge.project_id)) AS project,
    coalesce(stated(charge.resource_name), stated(charge.resource_id)) AS resource
FROM items
