-- One row per status of what is known to be unpaid in $currency, the most urgent first: how many invoices, and how much.
SELECT payable.payment_status AS status, count(*) AS invoices, sum(invoice.balance_due_cents) AS cents
FROM payables AS payable
INNER JOIN fct_invoices AS invoice ON payable.invoice_id = invoice.invoice_id
WHERE payable.is_known AND payable.currency = $currency
GROUP BY payable.payment_status
ORDER BY list_position(['failed', 'past_due', 'open'], payable.payment_status)
