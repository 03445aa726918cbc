-- One row per version of an invoice that Northflank listed, under Billhouse's names. Which of its contracts a document
-- follows decides whether amounts are decimals or cents; a factor of 100 is never guessed.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.id') AS invoice_number,
        stated(document ->> '$.period.start') AS period_start,
        stated(document ->> '$.period.end') AS period_end,
        stated(document ->> '$.currency') AS stated_currency,
        document -> '$.total' AS total,
        document -> '$.subTotal' AS subtotal,
        document ->> '$.paid' AS is_paid,
        stated(document ->> '$.status') AS vendor_status,
        northflank_has_decimals(document) AS has_decimals,
        northflank_has_cents(document) AS has_cents
    FROM staging.source_northflank__invoices
)

SELECT
    * EXCLUDE (stated_currency, is_paid, has_decimals, has_cents),
    invoice_number IS NULL AS is_known_by_period,
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    coalesce(stated_currency, 'USD') AS currency,
    CASE WHEN stated_currency IS NULL THEN 'assumed' ELSE 'stated' END AS currency_basis,
    has_decimals AS is_major_unit,
    CASE
        WHEN lower(vendor_status) = 'draft' THEN 'upcoming'
        WHEN lower(vendor_status) = 'open' THEN 'open'
        WHEN lower(vendor_status) = 'paid' THEN 'paid'
        WHEN lower(vendor_status) = 'uncollectible' THEN 'written_off'
        WHEN lower(vendor_status) = 'void' THEN 'void'
        WHEN lower(vendor_status) = 'payment_failed' THEN 'failed'
        WHEN vendor_status IS NULL AND is_paid = 'true' THEN 'paid'
        WHEN vendor_status IS NULL AND is_paid = 'false' THEN 'open'
        ELSE 'unknown'
    END AS payment_status,
    northflank_doubt(has_decimals, has_cents) AS doubt
FROM renamed
