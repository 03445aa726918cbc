-- One row per invoice in $currency of which the vendor doesn't say whether it is paid, the newest period first.
SELECT
    payable.vendor,
    payable.account,
    coalesce(payable.invoice_number, left(payable.invoice_id, 12)) AS invoice,
    CASE WHEN starts_with(payable.invoice_url, 'https://') THEN payable.invoice_url END AS link,
    coalesce(strftime(payable.billing_period_first_day, '%Y-%m-%d'), '–') AS period,
    coalesce(strftime(payable.billing_period_last_day, '%Y-%m-%d'), '–') AS last_day,
    invoice.total_cents
FROM payables AS payable
INNER JOIN fct_invoices AS invoice ON payable.invoice_id = invoice.invoice_id
WHERE NOT payable.is_known AND payable.currency = $currency
ORDER BY payable.billing_period_first_day DESC NULLS LAST, payable.vendor, payable.account, payable.invoice_id
