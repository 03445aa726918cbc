-- One row per payment and per refund that a MongoDB invoice's detail states. MongoDB gives a refund no id of its own.
WITH payments AS (
    SELECT vendor, account, listing, unnest(lists.payments) AS item
    FROM staging.stg_mongodb__detail_parts
),

refunds AS (
    SELECT vendor, account, listing, unnest(lists.refunds) AS item
    FROM staging.stg_mongodb__detail_parts
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
