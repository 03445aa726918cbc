-- warning: an invoice's lines, tax, credits and balances leave more of its total unexplained than rounding does
SELECT invoice.vendor, invoice.account, invoice.invoice_number, line.currency, invoice.total_cents, line.amount_cents
FROM marts.fct_invoice_lines AS line
INNER JOIN marts.fct_invoices AS invoice ON line.invoice_id = invoice.invoice_id
LEFT JOIN intermediate.rounded_lines AS rounded ON line.invoice_id = rounded.invoice_id
WHERE
    line.category = 'unexplained'
    -- Each rounding is off by half a cent at most: those of the lines, and of the total, the tax and the discount.
    AND (rounded.invoice_id IS NULL OR abs(line.amount_cents) * 2 > rounded.lines + 3)
