-- One row per version of an invoice that PlanetScale listed, under Billhouse's names. No currency is stated anywhere.
-- An unpaid invoice is open only once its period is over: until then it accrues.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.id') AS invoice_number,
        stated(document ->> '$.billing_period_start') AS period_start,
        stated(document ->> '$.billing_period_end') AS period_end,
        document -> '$.total' AS total,
        document ->> '$.paid' AS is_paid,
        document ->> '$.overdue' AS is_overdue
    FROM staging.source_planetscale__invoices
)

SELECT
    * EXCLUDE (is_paid, is_overdue),
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    'USD' AS currency,
    'assumed' AS currency_basis,
    TRUE AS is_major_unit,
    CASE
        WHEN is_paid = 'true' THEN 'paid'
        WHEN is_overdue = 'true' THEN 'past_due'
        WHEN is_paid IS NULL AND is_overdue IS NULL THEN 'unknown'
        ELSE 'open'
    END AS payment_status,
    TRUE AS accrues_until_period_end
FROM renamed
