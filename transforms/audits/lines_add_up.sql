-- error: the lines of an invoice don't add up to its total
WITH sums AS (
    SELECT invoice_id, sum(amount_cents) AS amount_cents
    FROM marts.fct_invoice_lines
    GROUP BY invoice_id
)

SELECT invoice.invoice_id, invoice.vendor, invoice.account, invoice.total_cents, sums.amount_cents
FROM marts.fct_invoices AS invoice
FULL JOIN sums ON invoice.invoice_id = sums.invoice_id
WHERE invoice.total_cents IS DISTINCT FROM sums.amount_cents
