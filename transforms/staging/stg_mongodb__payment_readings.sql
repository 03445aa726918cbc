-- One row per payment and per refund that a MongoDB invoice's detail states. MongoDB gives a refund no id of its own.
WITH details AS (
    SELECT * FROM staging.source_mongodb__invoice_details WHERE valid_to IS NULL
),

payments AS (
    SELECT
        * EXCLUDE (document),
        unnest(from_json(document -> '$.payments', '[{
            "id": "VARCHAR", "statusName": "VARCHAR", "amountPaidCents": "JSON",
            "created": "VARCHAR"
        }]')) AS item
    FROM details
),

refunds AS (
    SELECT
        * EXCLUDE (document),
        unnest(from_json(document -> '$.refunds', '[{
            "paymentId": "VARCHAR", "amountCents": "JSON", "created": "VARCHAR"
        }]')) AS item
    FROM details
)

SELECT
    vendor,
    account,
    listing AS invoice_key,
    'payment' AS kind,
    coalesce(item.id, item.created, '') AS natural_key,
    stated(item.statusName) AS status,
    item.amountPaidCents AS amount,
    item.created AS created
FROM payments
UNION ALL
SELECT
    vendor,
    account,
    listing AS invoice_key,
    'refund' AS kind,
    concat_ws('/', item.paymentId, item.created) AS natural_key,
    CAST(NULL AS VARCHAR) AS status,
    item.amountCents AS amount,
    item.created AS created
FROM refunds
