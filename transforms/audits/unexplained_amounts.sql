-- warning: an invoice's lines, tax, credits and balances leave a part of its total unexplained
SELECT invoice.vendor, invoice.account, invoice.invoice_number, line.currency, invoice.total_cents, line.amount_cents
FROM marts.fct_invoice_lines AS line
INNER JOIN marts.fct_invoices AS invoice ON line.invoice_id = invoice.invoice_id
WHERE line.category = 'unexplained'
