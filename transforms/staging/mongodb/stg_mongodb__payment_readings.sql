-- One row per payment and per refund that a MongoDB invoice's detail states. MongoDB gives a refund no id of its own, and no
-- currency: it has those of its payment.
-- kept: view
WITH payments AS (
    SELECT vendor, account, listing, document_key, unnest(lists.payments) AS item
    FROM staging.stg_mongodb__detail_parts
),

refunds AS (
    SELECT vendor, account, listing, document_key, unnest(lists.refunds) AS item
    FROM staging.stg_mongodb__detail_parts
),

refunded AS (
    SELECT vendor, account, listing, item.id AS payment_id, min(item) AS payment
    FROM payments
    GROUP BY vendor, account, listing, item.id
)

SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    'payment' AS kind,
    coalesce(item.id, item.created, '') AS natural_key,
    stated(item.statusName) AS status,
    item.amountPaidCents AS amount,
    item.amountBilledCents AS billed,
    item.salesTaxCents AS tax,
    item.unitPrice AS unit_price,
    upper(stated(item.currency)) AS currency,
    item.created AS created
FROM payments
UNION ALL
SELECT
    refunds.vendor,
    refunds.account,
    'invoice_details' AS entity,
    refunds.listing,
    refunds.document_key,
    refunds.listing AS invoice_key,
    'refund' AS kind,
    concat_ws('/', refunds.item.paymentId, refunds.item.created) AS natural_key,
    CAST(NULL AS VARCHAR) AS status,
    refunds.item.amountCents AS amount,
    refunded.payment.amountBilledCents AS billed,
    refunded.payment.salesTaxCents AS tax,
    refunded.payment.unitPrice AS unit_price,
    upper(stated(refunded.payment.currency)) AS currency,
    refunds.item.created AS created
FROM refunds
LEFT JOIN refunded
    ON refunds.vendor = refunded.vendor AND refunds.account = refunded.account
    AND refunds.listing = refunded.listing AND refunds.item.paymentId = refunded.payment_id
