-- One row per line that a vendor states: with an id that stays the same while the line does, whatever its amount.
WITH accepted AS (
    SELECT line.*
    FROM staging.line_amounts AS line
    LEFT JOIN staging.rejected_details AS rejected
        ON line.vendor = rejected.vendor AND line.account = rejected.account AND line.entity = rejected.entity
        AND line.listing = rejected.listing AND line.document_key = rejected.document_key
    WHERE rejected.document_key IS NULL
),

numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY invoice_id, natural_key ORDER BY amount_cents, quantity, unit_price, tags
        ) AS ordinal
    FROM accepted
)

SELECT
    md5(invoice_id || '/line/' || natural_key || '#' || CAST(ordinal AS VARCHAR)) AS line_id,
    invoice_id,
    vendor,
    account,
    'line' AS record_type,
    category,
    description,
    sku,
    quantity,
    unit,
    unit_price,
    amount_cents,
    currency,
    period_start,
    period_end,
    project,
    resource,
    region,
    tags
FROM numbered
