-- One row per version of an invoice that Acme Cloud listed, under Billhouse's names.
-- kept: view
SELECT
    *,
    stated(document ->> '$.number') AS invoice_number,
    stated(document ->> '$.from') AS period_start,
    stated(document ->> '$.to') AS period_end,
    'stated' AS billing_period_basis,
    stated(document ->> '$.currency') AS currency,
    'stated' AS currency_basis,
    document -> '$.total' AS total,
    TRUE AS is_major_unit,
    stated(document ->> '$.state') AS vendor_status,
    FALSE AS is_listed_upcoming,
    CASE stated(document ->> '$.state')
        WHEN 'draft' THEN 'upcoming'
        WHEN 'open' THEN 'open'
        WHEN 'paid' THEN 'paid'
        ELSE 'unknown'
    END AS payment_status
FROM staging.source_acme__invoices
