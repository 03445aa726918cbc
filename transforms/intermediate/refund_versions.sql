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
        CAST(invoice_amount(minor_units(amount_number, 1)) AS DECIMAL(19, 0)) AS refunded,
        CAST(invoice_amount(minor_units(billed_number, 1)) AS DECIMAL(19, 0)) AS billed_cents,
        CAST(coalesce(invoice_amount(minor_units(tax_number, 1)), 0) AS DECIMAL(19, 0)) AS tax_cents
    FROM numbers
),

rounded AS (
    SELECT
        *,
        invoice_amount(
            TRY_CAST(round(own_hundredths(refunded, billed_cents, tax_cents, price), 0) AS BIGINT)
        ) AS cents
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
