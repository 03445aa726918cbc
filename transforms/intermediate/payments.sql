-- One row per payment or refund of an invoice, in minor units of the currency that it was paid in: the stated one, else the
-- invoice's. What can't be read as an amount is null; a currency that nobody knows is a reason to set the detail aside.
-- kept: scratch
WITH numbers AS (
    SELECT
        reading.* EXCLUDE (currency, tax, billed),
        invoice.invoice_id,
        coalesce(reading.currency, invoice.currency) AS currency,
        invoice.currency AS invoice_currency,
        reading.currency IS NULL OR currencies.currency IS NOT NULL AS is_known_currency,
        hundredth_factor(coalesce(currencies.minor_units_per_unit, invoice.minor_units_per_unit)) AS factor,
        number_text(reading.unit_price) AS price_number,
        number_text(reading.amount) AS amount_number,
        number_text(reading.billed) AS billed_number,
        number_text(reading.tax) AS tax_number,
        moment(reading.created) AS created_at
    FROM staging.stg_all__payment_readings AS reading
    INNER JOIN intermediate.invoices AS invoice
        ON reading.vendor = invoice.vendor AND reading.account = invoice.account
        AND reading.invoice_key = invoice.document_key AND invoice.rejection_reason IS NULL
    LEFT JOIN intermediate.currencies AS currencies
        ON reading.currency = currencies.currency AND coalesce(list_contains(currencies.vendors, reading.vendor), TRUE)
),

amounts AS (
    SELECT
        *,
        unit_price_of(unit_price, price_number) AS price,
        TRY_CAST(price_number AS DECIMAL(15, 9)) AS stated_price,
        hundredths(amount_number) AS paid,
        hundredths(billed_number) AS billed,
        hundredths(tax_number) AS tax
    FROM numbers
),

numbered AS (
    SELECT
        *,
        own_minor_units(paid, billed, tax, price, factor) AS amount_cents,
        row_number() OVER (
            PARTITION BY invoice_id, kind, natural_key ORDER BY CAST(amount AS VARCHAR), status
        ) AS ordinal
    FROM amounts
)

SELECT
    md5(invoice_id || '/' || kind || '/' || natural_key || '#' || CAST(ordinal AS VARCHAR)) AS payment_id,
    invoice_id,
    vendor,
    account,
    entity,
    listing,
    document_key,
    kind,
    status,
    amount_cents,
    currency,
    currency = invoice_currency AS is_in_invoice_currency,
    stated_price,
    created_at,
    unknown_currency(' of a payment', currency, is_known_currency) AS rejection_reason
FROM numbered
