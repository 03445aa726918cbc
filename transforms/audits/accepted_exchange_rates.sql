-- error: an invoice's exchange rate is no positive number, has no known basis, or no amount goes with it
SELECT invoice_id, currency, reporting_currency, exchange_rate, exchange_rate_basis, reporting_total_cents
FROM marts.fct_invoices
WHERE
    exchange_rate <= 0
    OR (exchange_rate IS NULL) <> (exchange_rate_basis IS NULL)
    OR exchange_rate_basis NOT IN ('same_currency', 'vendor', 'override', 'fixed', 'period_end', 'latest_provisional')
    OR (exchange_rate_date IS NOT NULL) <> (coalesce(exchange_rate_basis, '') IN ('period_end', 'latest_provisional'))
    OR (coalesce(exchange_rate_basis, '') = 'same_currency') <> (coalesce(reporting_currency, '') = currency)
    OR (reporting_total_cents IS NOT NULL AND exchange_rate IS NULL)
    OR (balance_due_cents = total_cents AND reporting_balance_due_cents IS DISTINCT FROM reporting_total_cents)
    OR (exchange_rate_basis = 'same_currency' AND (exchange_rate <> 1 OR reporting_total_cents <> total_cents))
