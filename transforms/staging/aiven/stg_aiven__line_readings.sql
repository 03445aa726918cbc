-- One row per line of an Aiven invoice, under Billhouse's names. Lines are before tax, and have no id.
-- kept: view
WITH items AS (
    SELECT
        vendor,
        account,
        listing,
        document_key,
        unnest(from_json(document -> '$.lines', '[{
            "line_type": "VARCHAR", "description": "VARCHAR", "currency": "VARCHAR", "total": "JSON",
            "begin_time": "VARCHAR", "end_time": "VARCHAR", "project_id": "VARCHAR", "service_id": "VARCHAR",
            "service_type": "VARCHAR", "plan": "VARCHAR", "cloud": "VARCHAR", "tags": "JSON",
            "local_currency": "VARCHAR", "line_total_local": "JSON", "timestamp_begin": "VARCHAR",
            "timestamp_end": "VARCHAR", "project_name": "VARCHAR", "service_name": "VARCHAR",
            "service_plan": "VARCHAR", "cloud_name": "VARCHAR"
        }]')) AS item
    FROM staging.source_aiven__invoice_details
    WHERE valid_to IS NULL
),

-- The older API's names beside today's.
renamed AS (
    SELECT
        vendor,
        account,
        listing,
        document_key,
        item.line_type,
        stated(item.description) AS description,
        coalesce(stated(item.plan), stated(item.service_plan)) AS plan,
        stated(item.service_type) AS service_type,
        coalesce(item.total, item.line_total_local) AS amount,
        coalesce(stated(item.currency), stated(item.local_currency)) AS currency,
        coalesce(stated(item.begin_time), stated(item.timestamp_begin)) AS period_start,
        coalesce(stated(item.end_time), stated(item.timestamp_end)) AS period_end,
        coalesce(stated(item.project_id), stated(item.project_name)) AS project,
        coalesce(stated(item.service_id), stated(item.service_name)) AS resource,
        coalesce(stated(item.cloud), stated(item.cloud_name)) AS region,
        CASE WHEN json_type(item.tags) = 'OBJECT' THEN CAST(item.tags AS VARCHAR) END AS tags
    FROM items
)

SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    concat_ws('/', line_type, project, resource, service_type, plan, region, period_start, description) AS natural_key,
    CASE
        WHEN line_type = 'credit_consumption' THEN 'credit'
        WHEN line_type IN ('multiplier', 'rounding') THEN 'adjustment'
        ELSE 'usage'
    END AS category,
    description,
    coalesce(nullif(concat_ws(' ', service_type, plan), ''), line_type) AS sku,
    amount,
    currency,
    TRUE AS is_major_unit,
    period_start,
    period_end,
    project,
    resource,
    region,
    tags
FROM renamed
