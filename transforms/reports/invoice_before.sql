-- One row, or none: the invoice that the same account was billed for before $invoice_id, in the same currency.
SELECT earlier.invoice_id
FROM fct_invoices AS invoice
INNER JOIN fct_invoices AS earlier
    ON invoice.vendor = earlier.vendor AND invoice.account = earlier.account AND invoice.currency = earlier.currency
    AND invoice.billing_period_start > earlier.billing_period_start
WHERE invoice.invoice_id = $invoice_id AND earlier.payment_status NOT IN ('void', 'upcoming')
ORDER BY earlier.billing_period_start DESC, earlier.total_cents DESC, earlier.invoice_id
LIMIT 1
