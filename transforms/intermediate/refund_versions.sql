-- One row per version of an invoice's detail: what it says came back in the invoice's currency, in minor units. No refund
-- is 0; a sum beyond all bounds is null.
-- kept: scratch
WITH numbers AS (
    SELECT
        *,
        number_text(amount) AS amount_number,
        number_text(billed) AS billed_number,
        number_text(tax) AS tax_number,
        number_text(unit_price) AS price_number
    FROM staging.stg_all__refund_readings
),

amounts AS (
    SELECT
        *,
        unit_price_of(unit_price, price_number) AS price,
        hundredths(amount_number) AS refunded,
        hundredths(billed_number) AS billed_cents,
        hundredths(tax_number) AS tax_cents
    FROM numbers
),

rounded AS (
    SELECT *, own_minor_units(refunded, billed_cents, tax_cents, price, 1) AS cents
    FROM amounts
),

sums AS (
    SELECT vendor, account, invoice_key, valid_from, invoice_amount(coalesce(sum(cents), 0)) AS refunded_cents
    FROM rounded
    GROUP BY vendor, account, invoice_key, valid_from
)

SELECT
    detail.vendor,
    detail.account,
    detail.listing AS invoice_key,
    detail.valid_from,
    CAST(CASE WHEN sums.invoice_key IS NULL THEN 0 ELSE sums.refunded_cents END AS BIGINT) AS refunded_cents
FROM staging.source_all__invoice_details AS detail
LEFT JOIN sums
    ON detail.vendor = sums.vendor AND detail.account = sums.account
    AND detail.listing = sums.invoice_key AND detail.valid_from = sums.valid_from
