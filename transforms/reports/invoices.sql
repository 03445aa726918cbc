-- One row per invoice of $vendors and $accounts (null: all) whose period touches $month (null: any), if $unpaid only those
-- known to be unpaid; the oldest period first. `in_month_cents` is the month's part of it, as in spend; a void one has none.
WITH asked AS (
    SELECT CAST(strptime($month, '%Y-%m') AS TIMESTAMPTZ) AS starts_at
),

spent AS (
    SELECT spend.invoice_id, sum(spend.amount_cents) AS cents
    FROM fct_monthly_spend AS spend
    INNER JOIN asked ON spend.month = CAST(asked.starts_at AS DATE)
    WHERE spend.payment_status <> 'void'
    GROUP BY spend.invoice_id
)

SELECT
    invoice.vendor,
    invoice.account,
    invoice.invoice_number,
    invoice.invoice_id,
    invoice.billing_period_first_day,
    invoice.billing_period_last_day,
    invoice.payment_status,
    CAST(invoice.due_at AS DATE) AS due_on,
    invoice.currency,
    invoice.total_cents,
    invoice.balance_due_cents AS to_pay_cents,
    CASE WHEN $month IS NOT NULL THEN coalesce(spent.cents, 0) END AS in_month_cents
FROM fct_invoices AS invoice
CROSS JOIN asked
LEFT JOIN payables AS payable ON invoice.invoice_id = payable.invoice_id
LEFT JOIN spent ON invoice.invoice_id = spent.invoice_id
WHERE
    ($vendors IS NULL OR invoice.vendor IN (SELECT unnest($vendors)))
    AND ($accounts IS NULL OR invoice.account IN (SELECT unnest($accounts)))
    AND (NOT $unpaid OR payable.is_known)
    AND (
        $month IS NULL
        OR (
            invoice.billing_period_start < asked.starts_at + INTERVAL 1 MONTH
            AND invoice.billing_period_end > asked.starts_at
        )
    )
ORDER BY
    invoice.billing_period_start NULLS FIRST, invoice.vendor, invoice.account, invoice.invoice_number,
    invoice.invoice_id
