-- One row per item of a DigitalOcean invoice, and one of the credits and adjustments that its summary states, under
-- Billhouse's names. Those have the sign that they have on the invoice.
-- kept: view
WITH documents AS (
    SELECT
        vendor,
        account,
        'line_items' AS entity,
        listing,
        document_key,
        listing AS invoice_key,
        document_key AS natural_key,
        TRUE AS is_major_unit,
        document
    FROM staging.source_digitalocean__line_items
    WHERE valid_to IS NULL
),

items AS (
    SELECT
        * EXCLUDE (document),
        'usage' AS category,
        coalesce(stated(document ->> '$.description'), stated(document ->> '$.product')) AS description,
        stated(document ->> '$.product') AS sku,
        document -> '$.duration' AS quantity,
        stated(document ->> '$.duration_unit') AS unit,
        document -> '$.amount' AS amount,
        stated(document ->> '$.start_time') AS period_start,
        stated(document ->> '$.end_time') AS period_end,
        stated(document ->> '$.project_name') AS project,
        coalesce(
            stated(document ->> '$.group_description'),
            stated(document ->> '$.resource_uuid'),
            stated(document ->> '$.resource_id')
        ) AS resource
    FROM documents
    WHERE document_key <> 'summary'
),

credits AS (
    SELECT
        * EXCLUDE (document),
        CASE
            WHEN starts_with(document ->> '$.credits_and_adjustments.amount', '-') THEN 'credit'
            ELSE 'adjustment'
        END AS category,
        stated(document ->> '$.credits_and_adjustments.name') AS description,
        document -> '$.credits_and_adjustments.amount' AS amount
    FROM documents
    WHERE document_key = 'summary'
)

SELECT * FROM items
UNION ALL BY NAME
SELECT * FROM credits
WHERE NOT is_absent(amount) AND coalesce(minor_units(number_text(amount), 100) <> 0, TRUE)
