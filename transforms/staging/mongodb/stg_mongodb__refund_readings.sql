-- One row per refund in US dollars, the currency of every MongoDB invoice, in each version of its detail. Details are long
-- and come in many versions, so that only those are read which hold a refund.
-- kept: view
WITH details AS (
    SELECT vendor, account, listing AS invoice_key, valid_from, mongodb_lists(mongodb_document(verbatim)) AS lists
    FROM staging.source_mongodb__invoice_details
    WHERE regexp_matches(verbatim, '"refunds"[[:space:]]*:[[:space:]]*\[[[:space:]]*\{')
),

refunds AS (
    SELECT vendor, account, invoice_key, valid_from, unnest(lists.refunds) AS refund
    FROM details
),

payments AS (
    SELECT vendor, account, invoice_key, valid_from, unnest(lists.payments) AS payment
    FROM details
),

refunded AS (
    SELECT vendor, account, invoice_key, valid_from, payment.id AS payment_id, min(payment) AS payment
    FROM payments
    GROUP BY vendor, account, invoice_key, valid_from, payment.id
)

SELECT
    refunds.vendor,
    refunds.account,
    refunds.invoice_key,
    refunds.valid_from,
    refunds.refund.amountCents AS amount,
    refunded.payment.amountBilledCents AS billed,
    refunded.payment.salesTaxCents AS tax,
    refunded.payment.unitPrice AS unit_price
FROM refunds
LEFT JOIN refunded
    ON refunds.vendor = refunded.vendor AND refunds.account = refunded.account
    AND refunds.invoice_key = refunded.invoice_key AND refunds.valid_from = refunded.valid_from
    AND refunds.refund.paymentId = refunded.payment_id
WHERE coalesce(upper(stated(refunded.payment.currency)), 'USD') = 'USD'
