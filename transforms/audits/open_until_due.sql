-- error: an invoice is open though it came due before this run
SELECT invoice.invoice_id, invoice.vendor, invoice.account, invoice.payment_status, invoice.due_at, run.started_at
FROM marts.fct_invoices AS invoice
CROSS JOIN staging.run
WHERE invoice.payment_status = 'open' AND invoice.due_at < run.started_at
