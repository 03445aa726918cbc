-- error: a status, basis or currency of marts.fct_invoices is none of those that it may be
SELECT invoice_id, vendor, account, payment_status, billing_period_basis, currency_basis, currency
FROM marts.fct_invoices
WHERE
    payment_status IS NULL
    OR payment_status NOT IN (
        'upcoming', 'open', 'past_due', 'failed', 'paid', 'no_charge', 'written_off', 'void', 'unknown'
    )
    OR billing_period_basis IS NULL
    OR billing_period_basis NOT IN ('stated', 'derived', 'unknown')
    OR currency_basis IS NULL
    OR currency_basis NOT IN ('stated', 'documented', 'assumed')
    OR currency IS NULL
    OR currency NOT IN (SELECT currencies.currency FROM intermediate.currencies)
    OR total_cents IS NULL
