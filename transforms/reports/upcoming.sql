-- One row per account with something upcoming in $currency: what it has run up so far, against the last period before it that
-- the same account was billed for in full.
WITH upcoming AS (
    SELECT
        vendor,
        account,
        min(billing_period_start) AS starts_at,
        max(billing_period_last_day) AS last_day,
        sum(total_cents) AS cents
    FROM fct_invoices
    WHERE currency = $currency AND payment_status = 'upcoming'
    GROUP BY vendor, account
),

billed AS (
    SELECT
        invoice.vendor,
        invoice.account,
        invoice.billing_period_start AS starts_at,
        sum(invoice.total_cents) AS cents
    FROM fct_invoices AS invoice
    INNER JOIN upcoming ON invoice.vendor = upcoming.vendor AND invoice.account = upcoming.account
    WHERE
        invoice.currency = $currency
        AND invoice.payment_status NOT IN ('upcoming', 'void')
        AND (upcoming.starts_at IS NULL OR invoice.billing_period_start < upcoming.starts_at)
    GROUP BY invoice.vendor, invoice.account, invoice.billing_period_start
    QUALIFY row_number() OVER (
        PARTITION BY invoice.vendor, invoice.account ORDER BY invoice.billing_period_start DESC
    ) = 1
)

SELECT
    upcoming.vendor,
    upcoming.account,
    coalesce(strftime(upcoming.starts_at, '%Y-%m-%d'), '–') AS period,
    coalesce(strftime(upcoming.last_day, '%Y-%m-%d'), '–') AS last_day,
    coalesce(strftime(billed.starts_at, '%Y-%m-%d'), '–') AS billed_period,
    upcoming.cents,
    billed.cents AS billed_cents,
    upcoming.cents - billed.cents AS change_cents
FROM upcoming
LEFT JOIN billed ON upcoming.vendor = billed.vendor AND upcoming.account = billed.account
ORDER BY upcoming.vendor, upcoming.account
