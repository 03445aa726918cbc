-- error: a total is more than a rounding away from what the document states
SELECT invoice.invoice_id, invoice.vendor, invoice.account, invoice.currency, invoice.total_cents, stated.total
FROM marts.fct_invoices AS invoice
LEFT JOIN staging.stated_totals AS stated ON invoice.invoice_id = stated.invoice_id
-- Rounding takes half a minor unit at most; the comparison itself cuts a hundredth of one.
WHERE stated.invoice_id IS NULL OR abs(invoice.total_cents - stated.total) > 0.51
