-- error: an invoice has a time of payment, but isn't paid and wasn't void afterwards
SELECT invoice_id, vendor, account, payment_status, paid_at
FROM marts.fct_invoices
WHERE paid_at IS NOT NULL AND payment_status NOT IN ('paid', 'void')
