-- One row per version of an invoice's detail: what it says came back, in minor units. No refund is 0.
WITH stated AS (
    SELECT vendor, account, invoice_key, valid_from, unnest(refunds) AS refund
    FROM staging.stg_all__refund_readings
),

numbers AS (
    SELECT *, number_text(refund.amountCents) AS amount_number
    FROM stated
),

sums AS (
    SELECT vendor, account, invoice_key, valid_from, sum(line_amount(minor_units(amount_number, 1))) AS refunded_cents
    FROM numbers
    GROUP BY vendor, account, invoice_key, valid_from
)

SELECT
    detail.vendor,
    detail.account,
    detail.listing AS invoice_key,
    detail.valid_from,
    CAST(coalesce(sums.refunded_cents, 0) AS BIGINT) AS refunded_cents
FROM staging.source_all__invoice_details AS detail
LEFT JOIN sums
    ON detail.vendor = sums.vendor AND detail.account = sums.account
    AND detail.listing = sums.invoice_key AND detail.valid_from = sums.valid_from
