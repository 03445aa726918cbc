-- warning: MongoDB bills something else than subtotal + tax - starting balance, and no credits explain it
SELECT invoice_number, account, total_cents, subtotal_cents, tax_cents, starting_balance_cents
FROM marts.fct_invoices
WHERE
    vendor = 'mongodb'
    AND coalesce(credit_cents, 0) = 0
    AND total_cents <> subtotal_cents + coalesce(tax_cents, 0) - coalesce(starting_balance_cents, 0)
