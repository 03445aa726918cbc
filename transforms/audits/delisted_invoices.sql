-- warning: the vendor no longer lists an invoice that it issued
SELECT vendor, account, invoice_number, billing_period_start, currency, total_cents, payment_status, delisted_at
FROM marts.fct_invoices
WHERE delisted_at IS NOT NULL
