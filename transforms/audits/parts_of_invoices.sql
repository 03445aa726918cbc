-- error: a line or a payment belongs to no invoice, or names another vendor or account than its invoice
WITH parts AS (
    SELECT 'fct_invoice_lines' AS mart, line_id AS part_id, invoice_id, vendor, account FROM marts.fct_invoice_lines
    UNION ALL
    SELECT 'fct_payments' AS mart, payment_id AS part_id, invoice_id, vendor, account FROM marts.fct_payments
)

SELECT part.mart, part.part_id, part.invoice_id, part.vendor, part.account
FROM parts AS part
LEFT JOIN marts.fct_invoices AS invoice ON part.invoice_id = invoice.invoice_id
WHERE part.vendor IS DISTINCT FROM invoice.vendor OR part.account IS DISTINCT FROM invoice.account
