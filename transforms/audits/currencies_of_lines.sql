-- error: a header row isn't in its invoice's currency, or the lines that are don't add up to the invoice's total
WITH sums AS (
    SELECT
        invoice.invoice_id,
        sum(CASE WHEN line.currency = invoice.currency THEN line.amount_cents END) AS amount_cents,
        bool_or(line.record_type = 'header' AND line.currency <> invoice.currency) AS has_foreign_header
    FROM marts.fct_invoices AS invoice
    INNER JOIN marts.fct_invoice_lines AS line ON invoice.invoice_id = line.invoice_id
    GROUP BY invoice.invoice_id
)

SELECT invoice.invoice_id, invoice.vendor, invoice.account, invoice.currency, invoice.total_cents, sums.amount_cents
FROM marts.fct_invoices AS invoice
INNER JOIN sums ON invoice.invoice_id = sums.invoice_id
WHERE sums.has_foreign_header OR coalesce(sums.amount_cents, 0) <> invoice.total_cents
