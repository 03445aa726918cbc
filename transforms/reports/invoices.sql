-- One row per invoice of $vendors and $accounts (null: all) whose period touches $month (null: any), if $unpaid only those
-- known to be unpaid; the oldest period first.
WITH asked AS (
    SELECT CAST(strptime($month, '%Y-%m') AS TIMESTAMPTZ) AS starts_at
)

SELECT
    invoice.vendor,
    invoice.account,
    coalesce(invoice.invoice_number, '–') AS invoice,
    left(invoice.invoice_id, $id_shown) AS id,
    coalesce(strftime(invoice.billing_period_first_day, '%Y-%m-%d'), '–') AS first_day,
    coalesce(strftime(invoice.billing_period_last_day, '%Y-%m-%d'), '–') AS last_day,
    invoice.payment_status,
    coalesce(strftime(invoice.due_at, '%Y-%m-%d'), '–') AS due,
    invoice.currency,
    invoice.total_cents,
    invoice.balance_due_cents
FROM fct_invoices AS invoice
CROSS JOIN asked
LEFT JOIN payables AS payable ON invoice.invoice_id = payable.invoice_id
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
