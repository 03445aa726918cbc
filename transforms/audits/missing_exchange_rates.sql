-- warning: an invoice has no amount in the reporting currency: no rate for its currency and day is known, or it doesn't fit
SELECT vendor, account, invoice_number, invoice_id, currency, reporting_currency, billing_period_last_day, total_cents
FROM marts.fct_invoices
WHERE
    reporting_currency IS NOT NULL AND reporting_total_cents IS NULL AND total_cents <> 0 AND payment_status <> 'void'
    AND currency NOT IN (SELECT dim.currency FROM marts.dim_currencies AS dim WHERE NOT dim.is_money)
