-- error: a billing period ends before it starts
SELECT invoice_id, vendor, account, billing_period_start, billing_period_end
FROM marts.fct_invoices
WHERE billing_period_end <= billing_period_start
