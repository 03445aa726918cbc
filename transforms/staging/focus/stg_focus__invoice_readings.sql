-- One row per version of an invoice that was summed up of FOCUS charges, under Billhouse's names. Files state no payment
-- status. Charges without an InvoiceId are not billed yet while their period lasts, and once others of their billing
-- account and period are: then they became part of those, or still will.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        document ->> '$.InvoiceId' AS invoice_number,
        document ->> '$.BillingPeriodStart' AS period_start,
        document ->> '$.BillingPeriodEnd' AS period_end,
        document ->> '$.BillingCurrency' AS currency,
        document -> '$.BilledCost' AS total,
        document ->> '$.BillingAccountId' AS billing_account,
        document ->> '$.x_IsInvoiced' AS is_invoiced
    FROM staging.source_focus__invoices
),

told AS (
    SELECT
        *,
        invoice_number IS NULL AND (
            is_invoiced = 'true'
            OR valid_from < moment(period_end)
            OR count(invoice_number) OVER (PARTITION BY account, billing_account, period_start) > 0
        ) AS is_listed_upcoming
    FROM renamed
)

SELECT
    * EXCLUDE (billing_account, is_invoiced),
    FALSE AS is_known_by_period,
    'stated' AS billing_period_basis,
    'stated' AS currency_basis,
    TRUE AS is_major_unit,
    CASE WHEN is_listed_upcoming THEN 'upcoming' ELSE 'unknown' END AS payment_status
FROM told
