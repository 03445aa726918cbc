-- One row per version of an invoice that was summed up of FOCUS charges, under Billhouse's names. Files state no payment
-- status. Charges without an InvoiceId are not billed yet while their period lasts, and once others of their billing
-- account and period ever were: then they became part of those, or still will.
-- kept: view
WITH invoiced AS (
    SELECT DISTINCT
        account,
        document ->> '$.BillingAccountId' AS billing_account,
        document ->> '$.BillingPeriodStart' AS period_start
    FROM staging.whole_focus__invoices
    WHERE document ->> '$.InvoiceId' IS NOT NULL
),

renamed AS (
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
        renamed.*,
        invoice_number IS NULL AND (
            is_invoiced = 'true'
            OR valid_from < moment(period_end)
            OR invoiced.account IS NOT NULL
        ) AS is_listed_upcoming
    FROM renamed
    LEFT JOIN invoiced USING (account, billing_account, period_start)
)

SELECT
    * EXCLUDE (billing_account, is_invoiced),
    FALSE AS is_known_by_period,
    'stated' AS billing_period_basis,
    'stated' AS currency_basis,
    TRUE AS is_major_unit,
    CASE WHEN is_listed_upcoming THEN 'upcoming' ELSE 'unknown' END AS payment_status
FROM told
